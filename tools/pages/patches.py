"""Patches of pages at the scale at which the finder sees them, and what it should answer.

The finder looks at a picture at several sizes, each half as large as the one before. A digit is
found at the size where the longer side of its box has between `MIN_SIDE` and `MAX_SIDE` pixels.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context

import cv2
import numpy as np

from reading.find import MARGIN, STRIDE, resized, with_margins
from tools.pages import ground
from tools.pages.hands import Hands
from tools.pages.page import KINDS, MORE_KINDS, NO_DIGITS, Page, log_uniform, make_page

PATCH = 160  # pixels
GRID = PATCH // STRIDE
MIN_SIDE, MAX_SIDE = 16, 44  # pixels of a digit that is to be found at this size
TOO_SMALL, TOO_LARGE = 13, 56  # pixels; between these and the others either answer will do
MIN_SEEN = 6  # pixels; what is smaller nobody can see
SHARE_NONE = 0.25  # of the pages
CHUNK = 100  # pages that one process makes at a time
ALL_KINDS = *(kind for kind in KINDS if kind not in NO_DIGITS), "small"
# Planes of a target: how much a digit's middle is here (0 to 1); whether that counts; the same two
# for "something smaller than a digit that is found here is one"; box; digit (10: none here).
HEAT, COUNTS, SMALL, SMALL_COUNTS, BOX, DIGIT = 0, 1, 2, 3, slice(4, 8), 8
PLANES = 9


def patches_of(page: Page, rng: np.random.Generator, count: int) -> Iterator[tuple]:
    """Patches of a page with their targets: uint8 (160, 160), float16 (40, 40, 9)."""
    for _ in range(count):
        sides = page.boxes[:, 2:].max(axis=1) if len(page.boxes) else np.empty(0)
        high, wide = page.picture.shape
        if len(sides):
            chosen = rng.integers(len(sides))
            scale = np.exp(rng.uniform(np.log(10), np.log(64))) / sides[chosen]
            scale = min(scale, 4.0)
            middle = (page.boxes[chosen, :2] + page.boxes[chosen, 2:] / 2) * scale
            middle = middle + rng.uniform(-0.5, 0.5, 2) * (PATCH - 40)
            if rng.random() < 0.3:  # what else is on the page
                middle = rng.uniform(0, 1, 2) * [wide * scale, high * scale]
        else:
            scale = np.exp(rng.uniform(np.log(48), np.log(900))) / max(high, wide)
            middle = rng.uniform(0, 1, 2) * [wide * scale, high * scale]
        yield _patch(page, scale, middle)


def _patch(page: Page, scale: float, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The patch around a place (x, y) of the scaled page."""
    picture = resized(page.picture, scale)
    high, wide = picture.shape
    # A page smaller than the patch lies somewhere in it; a larger one fills it, or has its border
    # in it: a picture is shown to the finder with a margin.
    room = np.array([wide - PATCH, high - PATCH])
    corner = middle - PATCH / 2
    least, most = np.minimum(room, -MARGIN), np.maximum(room, room + MARGIN)
    corner = np.clip(corner, least, np.maximum(most, 0)).round().astype(int)
    (left, top), (right, bottom) = np.maximum(corner, 0), corner + PATCH
    part = picture[top:bottom, left:right]
    before = np.maximum(-corner, 0)
    after = PATCH - before - part.shape[::-1]
    part = with_margins(part, before[1], after[1], before[0], after[0])
    boxes = page.boxes * scale
    boxes[:, :2] -= corner
    return part, target(boxes, page.digits)


def target(boxes: np.ndarray, digits: list[int]) -> np.ndarray:
    """What the finder should answer about a patch; boxes float, shape (n, 4), in its pixels."""
    answer = np.zeros((GRID, GRID, PLANES), np.float32)
    answer[..., COUNTS] = answer[..., SMALL_COUNTS] = 1
    answer[..., DIGIT] = 10
    places = (np.arange(GRID) + 0.5) * STRIDE
    for (left, top, wide, high), digit in zip(boxes, digits, strict=True):
        side = max(wide, high)
        x, y = left + wide / 2, top + high / 2
        seen_x = min(left + wide, PATCH) - max(left, 0)
        seen_y = min(top + high, PATCH) - max(top, 0)
        if seen_x <= 0 or seen_y <= 0:
            continue
        window = _window(left, top, wide, high)
        cut_off = seen_x * seen_y < 0.85 * wide * high
        if side < MIN_SIDE:
            plane = answer[window][..., SMALL]
            if side >= TOO_SMALL or side < MIN_SEEN:
                answer[window][..., SMALL_COUNTS] = 0
            else:
                plane[...] = 1
        if side < TOO_SMALL or side > TOO_LARGE:
            continue
        if cut_off or not MIN_SIDE <= side <= MAX_SIDE:
            answer[window][..., COUNTS] = 0
            continue
        spread = np.maximum(np.array([wide, high]) / 7, 0.5 * STRIDE)
        bump = np.exp(
            -(((places[:, None] - y) / spread[1]) ** 2) / 2
            - ((places[None, :] - x) / spread[0]) ** 2 / 2
        )
        row, column = (int(np.clip(at / STRIDE, 0, GRID - 1)) for at in (y, x))
        bump[row, column] = 1
        nearer = bump > answer[..., HEAT]
        answer[..., HEAT] = np.maximum(answer[..., HEAT], bump)
        own = nearer & (bump > 0.5)
        answer[own, DIGIT] = digit
        rows, columns = np.nonzero(own)
        answer[own, BOX] = np.stack(
            [
                (x - places[columns]) / 32,
                (y - places[rows]) / 32,
                np.full(len(rows), np.log(wide / 32)),
                np.full(len(rows), np.log(high / 32)),
            ],
            axis=1,
        )
    return answer.astype(np.float16)


def _window(left: float, top: float, wide: float, high: float) -> tuple[slice, slice]:
    start_x, start_y = (max(0, int(at / STRIDE)) for at in (left, top))
    end_x, end_y = (int(np.ceil(at / STRIDE)) for at in (left + wide, top + high))
    return slice(start_y, max(end_y, start_y + 1)), slice(start_x, max(end_x, start_x + 1))


@cache
def hands_of(measured: bool) -> Hands:
    """The writers; read once in each process."""
    return Hands(measured)


def any_page(
    rng: np.random.Generator,
    share_none: float,
    measured: bool = False,
    longest: int = 2000,
    kinds: Sequence[str] = ALL_KINDS,
) -> Page:
    """A page of any kind.

    Args:
        share_none: how many have no digit; half of those are real photos as they are.
        measured: whether writers and photos are those that are kept for measuring.
        longest: of the picture's sides in pixels; larger ones are made smaller.
        kinds: of the pages with digits.
    """
    if rng.random() >= share_none:
        kind = kinds[rng.integers(len(kinds))]
    elif rng.random() < 0.5:
        kind = "none" if rng.random() < 0.6 else "alone"
    else:
        return Page(photo_part(measured, rng), [], np.empty((0, 4), int), "none")
    if kind not in MORE_KINDS:
        return make_page(rng, kind, hands_of(measured), measured, longest)
    if kind == "small" or rng.random() < 0.3:
        longest = round(log_uniform(rng, 22, 80))
    page = make_page(rng, kind, hands_of(measured), measured, longest)
    if rng.random() < 0.25:  # black and white
        page.picture = cv2.threshold(page.picture, 0, 255, cv2.THRESH_OTSU)[1]
    return page


def photo_part(measured: bool, rng: np.random.Generator) -> np.ndarray:
    """A real photo without digits, or a part of it, turned by quarters; uint8, shape (H, W)."""
    photos = ground.photos(measured)
    picture = photos[rng.integers(len(photos))]
    if rng.random() < 0.5:
        size = (np.array(picture.shape) * rng.uniform(0.3, 1, 2)).astype(int) + 1
        top, left = rng.integers(0, np.array(picture.shape) - size + 1)
        picture = picture[top : top + size[0], left : left + size[1]]
    picture = np.rot90(picture, rng.choice([0, 0, 1, 2, 3]))
    return np.ascontiguousarray(picture[:, ::-1] if rng.random() < 0.5 else picture)


def some_patches(
    seed: int,
    pages: int,
    each: int,
    share_none: float,
    measured: bool,
    kinds: Sequence[str] = ALL_KINDS,
) -> tuple[np.ndarray, np.ndarray]:
    """Patches of a number of pages: uint8 (n, 160, 160), float16 (n, 40, 40, 9)."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    pairs = [
        pair
        for _ in range(pages)
        for pair in patches_of(any_page(rng, share_none, measured, kinds=kinds), rng, each)
    ]
    pictures, targets = zip(*pairs, strict=True)
    return np.stack(pictures), np.stack(targets)


def many_patches(
    seed: int,
    pages: int,
    each: int = 3,
    share_none: float = SHARE_NONE,
    measured: bool = False,
    kinds: Sequence[str] = ALL_KINDS,
) -> tuple[np.ndarray, np.ndarray]:
    """Patches of pages and what the finder should answer, made by two processes.

    Args:
        seed: of the first `CHUNK` pages; the next ones have the next seed, and so on.
        pages: how many, rounded up to whole chunks of `CHUNK`.
        each: patches of a page.
        share_none: how many pages have no digit; half of those are real photos.
        measured: whether writers and photos are those that are kept for measuring.
        kinds: of the pages with digits.

    Returns:
        uint8, shape (n, 160, 160), and float16, shape (n, 40, 40, 9); see `HEAT` and the others.
    """
    count = -(-pages // CHUNK)
    pictures = np.empty((count * CHUNK * each, PATCH, PATCH), np.uint8)
    targets = np.empty((len(pictures), GRID, GRID, PLANES), np.float16)
    some = partial(
        some_patches,
        pages=CHUNK,
        each=each,
        share_none=share_none,
        measured=measured,
        kinds=kinds,
    )
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        parts = processes.map(some, range(seed, seed + count))
        for number, part in enumerate(parts):
            place = slice(number * CHUNK * each, (number + 1) * CHUNK * each)
            pictures[place], targets[place] = part
    return pictures, targets
