"""Where in a picture digits are: a network, the *finder*, looks at it at several sizes.

It answers for each place how likely a digit's middle lies there, and how large the digit is
(CenterNet: Zhou, Wang, Krähenbühl 2019, arXiv:1904.07850). `tools/ship/finder.py` trains it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

STRIDE = 4  # pixels between two neighbouring answers
MARGIN = 32  # pixels around a picture that go on as its border does: digits also lie there
BORDER_MEDIAN = 97  # pixels along the border of which the median is taken
BLOCK = 32  # the network takes pictures whose sides are multiples of this
FIRST_SIDE = 384  # pixels of a picture's longer side when it is looked at first
FINEST_SIDE = 2560  # the same, at most
MIN_SIDE = 20  # the same, at least: less than a digit
MAX_ENLARGED = 2  # times; more shows no more
MIN_SCORE = 0.1  # of what is shown to the reader and the judge
MAX_SHARED = 0.35  # of two boxes, their intersection over union: more, and they are one digit
MAX_ALIKE = 0.7  # the same of two candidates: more, and only the likelier is asked about
MAX_COVERED = 0.75  # share of a box that may lie in another's
MIN_WIDTH = 0.35  # share of a box's longer side: thinner ones, of 1s, are also compared so wide

# The planes of an answer: logits of "a digit's middle" and "digits too small at this size"; from
# here to the middle, and the box's width and height, as `UNIT` pixels and logarithms of it.
MIDDLE, SMALL, BOX = 0, 1, slice(2, 6)
ANSWERS = 6
UNIT = 32


@dataclass(frozen=True)
class Place:
    """Where a digit may be.

    Attributes:
        box: float, shape (4,): left, top, width, height in pixels of the picture.
        score: how likely it is a digit, 0 to 1.
    """

    box: np.ndarray
    score: float


def find_places(grey: np.ndarray, finder: Callable[[np.ndarray], np.ndarray]) -> list[Place]:
    """Where digits may be, the most likely first; each once. Arguments as of `find_candidates`."""
    return _without_doubles(find_candidates(grey, finder))


def find_candidates(grey: np.ndarray, finder: Callable[[np.ndarray], np.ndarray]) -> list[Place]:
    """Boxes in which digits may be, the most likely first; several may be of one digit.

    Args:
        grey: uint8, shape (H, W).
        finder: takes float32 of shape (1, H, W, 1), 0 to 255, sides multiples of `BLOCK`; gives
            float32 of shape (1, H / 4, W / 4, `ANSWERS`).
    """
    longest = max(grey.shape)
    first = min(FIRST_SIDE / longest, MAX_ENLARGED)
    places, too_small = _look(grey, first, finder)
    scale = first / 2
    coarse = resized(grey, first)
    while scale * longest >= MIN_SIDE:
        found, _ = _look(coarse, scale / first, finder)
        places += [replace(place, box=place.box / first) for place in found]
        scale /= 2
    scale = 2 * first
    while too_small is not None and scale <= MAX_ENLARGED and scale * longest <= FINEST_SIDE:
        left, top, right, bottom = too_small
        found, too_small = _look(grey[top:bottom, left:right], scale, finder)
        corner = np.array([left, top])
        places += [replace(place, box=place.box + [left, top, 0, 0]) for place in found]
        if too_small is not None:
            too_small = too_small + np.tile(corner, 2)
        scale *= 2
    return _without_doubles(places, MAX_ALIKE, 1)


def resized(grey: np.ndarray, scale: float) -> np.ndarray:
    """The picture, uint8, at another size."""
    size = [max(1, round(length * scale)) for length in grey.shape[::-1]]
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def with_margins(grey: np.ndarray, top: int, bottom: int, left: int, right: int) -> np.ndarray:
    """The picture, uint8, with margins in pixels that go on as its border does.

    The border's median is repeated, as a stroke that ends there would grow if it were.
    """
    padded = cv2.copyMakeBorder(grey, top, bottom, left, right, cv2.BORDER_REPLICATE)
    columns = slice(left, left + grey.shape[1])
    _fill(padded[:, columns], top, bottom)
    _fill(padded.T, left, right)  # after the others, as they are part of its border
    return padded


def _fill(picture: np.ndarray, before: int, after: int) -> None:
    """Fill the first rows, and the last ones, with the median along the row beside them."""
    end = len(picture) - after
    for margin, edge in ((picture[:before], picture[before]), (picture[end:], picture[end - 1])):
        margin[:] = cv2.medianBlur(np.ascontiguousarray(edge[None]), BORDER_MEDIAN)


def _look(
    grey: np.ndarray, scale: float, finder: Callable
) -> tuple[list[Place], np.ndarray | None]:
    """What is found at one size, and where (left, top, right, bottom) digits are too small for it.

    All in pixels of `grey`.
    """
    picture = resized(grey, scale) if scale != 1 else grey
    high, wide = picture.shape
    below, right = (MARGIN + -(length + 2 * MARGIN) % BLOCK for length in (high, wide))
    padded = with_margins(picture, MARGIN, below, MARGIN, right)
    answer = finder(padded[None, ..., None].astype(np.float32))[0]
    start = MARGIN // STRIDE
    answer = answer[start : start - (-high // STRIDE), start : start - (-wide // STRIDE)]
    places = [replace(place, box=place.box / scale) for place in _peaks(answer)]
    rows, columns = np.nonzero(answer[..., SMALL] > 0)
    if not len(rows):
        return places, None
    around = MARGIN / 2  # surroundings tell what is a digit
    region = STRIDE * np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    region = (region + [-around, -around, around, around]) / scale
    limits = np.array([grey.shape[1], grey.shape[0]] * 2)
    return places, np.clip(region, 0, limits).astype(int)


def _peaks(answer: np.ndarray) -> Iterator[Place]:
    """Each place that is more likely than those beside it; boxes in pixels at this size."""
    middle = np.ascontiguousarray(answer[..., MIDDLE])
    likely = middle > np.log(MIN_SCORE / (1 - MIN_SCORE))
    highest = cv2.dilate(middle, np.ones((3, 3), np.uint8))
    for row, column in zip(*np.nonzero(likely & (middle >= highest)), strict=True):
        x, y, wide, high = answer[row, column, BOX].astype(float)
        wide, high = UNIT * np.exp(np.clip([wide, high], -4, 2))
        x, y = (column + 0.5) * STRIDE + UNIT * x, (row + 0.5) * STRIDE + UNIT * y
        score = float(1 / (1 + np.exp(-middle[row, column])))
        box = np.array([x - wide / 2, y - high / 2, wide, high])
        yield Place(box, score)


def _without_doubles(places: list[Place], *limits: float) -> list[Place]:
    """Of places that overlap, the likeliest; `limits` are those of `suppressed`."""
    boxes = np.array([place.box for place in places])
    scores = np.array([place.score for place in places])
    return [places[i] for i in suppressed(boxes, scores, *limits)]


def suppressed(
    boxes: np.ndarray,
    scores: np.ndarray,
    max_shared: float = MAX_SHARED,
    max_covered: float = MAX_COVERED,
) -> list[int]:
    """Of boxes that overlap, the likeliest (non-maximum suppression).

    Args:
        boxes: float, shape (n, 4): left, top, width, height.
        scores: shape (n,).
        max_shared, max_covered: two boxes that share more are of one digit.

    Returns:
        The numbers of those that are kept, the likeliest first.
    """
    kept: list[int] = []
    forms = boxes, np.array([widened(box) for box in boxes])
    for i in np.argsort(-np.asarray(scores), kind="stable"):
        if not any(_overlap(f[i], f[kept], max_shared, max_covered).any() for f in forms):
            kept.append(int(i))
    return kept


def _overlap(
    box: np.ndarray, others: np.ndarray, max_shared: float, max_covered: float
) -> np.ndarray:
    """Which of n other boxes share too much with this one: bool, shape (n,)."""
    ends = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.prod(np.maximum(ends - np.maximum(box[:2], others[:, :2]), 0), axis=1)
    areas = np.prod(box[2:]), np.prod(others[:, 2:], axis=1)
    is_alike = shared > max_shared * (sum(areas) - shared)
    return is_alike | (shared > max_covered * np.minimum(*areas))


def widened(box: np.ndarray) -> np.ndarray:
    """A box, at least `MIN_WIDTH` of its longer side wide and high, around the same middle."""
    size = np.maximum(box[2:], MIN_WIDTH * box[2:].max())
    return np.concatenate([box[:2] + (box[2:] - size) / 2, size])
