"""What the finder cuts out of pages and photos, and what each is: for the reader and the judge.

Among them is what is no digit: wherever the finder takes something else for one, and boxes that
hold a digit badly where another holds it well. So the reader learns to tell from digits just what
the finder cannot. Beside them, single digits on plain paper: a page takes long to make, and hands
differ more than papers do.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from reading.crop import cut_out
from reading.find import find_candidates, find_places, widened
from reading.network import FINDER_FILE, Network
from tools.pages.hands import OPEN, Hands, draw, random_pen
from tools.pages.page import Page
from tools.pages.patches import any_page, hands_of

NO_DIGIT = 10  # the label of what is none
MIN_OVERLAP, MAX_OVERLAP = 0.45, 0.2  # with a digit's box: more is that digit, less is none
MIN_GOOD = 0.6  # a digit is found well by a box that shares so much; worse ones are then none
LONGEST = 900  # pixels of a page: digits on larger ones look the same
SHARE_NONE = 0.3  # of the pages
SHARE_PHONE = 0.1  # of what is looked at: digits cut out of real photos
# Groups of data/open/phone_digits that are kept for measuring: boards, sheets, webcam pictures.
MEASURED_GROUPS = "sud1002", "sud2005", "hyp2", "hyp6", "fil124510", "fil125513"
CHUNK = 50  # pages that one process makes at a time
MAX_EACH = 24  # of digits of a page, and of what is none
PLAIN = 20  # digits on plain paper for each page
SHARE_PLAIN_NONE = 0.25  # of those: letters and signs
SHARE_BARS = 0.3  # of the 1s among those: straight strokes, rare in the packs of handwriting


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with others; left, top, width, height."""
    starts = np.maximum(boxes[:, :2], box[:2])
    ends = np.minimum(boxes[:, :2] + boxes[:, 2:], box[:2] + box[2:])
    shared = np.prod(np.maximum(ends - starts, 0), axis=1)
    return shared / (np.prod(boxes[:, 2:], axis=1) + box[2] * box[3] - shared)


def labels_of(boxes: list[np.ndarray], page: Page) -> list[int | None]:
    """For each candidate: the digit that it shows; `NO_DIGIT`; or None, something in between.

    A candidate that covers a digit badly is none if there is one that covers it well.
    """
    if not len(page.boxes):
        return [NO_DIGIT] * len(boxes)
    truth = np.array([widened(box) for box in page.boxes.astype(float)])
    shared = np.array([overlaps(widened(box), truth) for box in boxes]).reshape(-1, len(truth))
    found = shared.max(axis=0, initial=0) >= MIN_GOOD
    labels: list[int | None] = []
    for row in shared:
        best = int(row.argmax())
        if row[best] >= MIN_OVERLAP:
            labels.append(int(page.digits[best]))
        else:
            labels.append(NO_DIGIT if row[best] <= MAX_OVERLAP or found[best] else None)
    return labels


def shaken(box: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The box, a little elsewhere, smaller or larger."""
    side, middle = max(box[2:]), box[:2] + box[2:] / 2
    size = box[2:] * np.exp(rng.normal(0, 0.07, 2))
    return np.concatenate([middle + rng.normal(0, 0.04, 2) * side - size / 2, size])


def crops_of(
    page: Page, finder: Network, rng: np.random.Generator, cut: Callable = cut_out
) -> tuple[list, list]:
    """What `cut` cuts out of a page where something was found, and the labels."""
    crops, labels = [], []
    boxes = page.boxes.astype(float)
    numbers = rng.permutation(len(boxes))[:MAX_EACH]
    for number in numbers:  # also where the finder would miss it
        crops.append(cut(page.picture, shaken(boxes[number], rng)))
        labels.append(page.digits[number])
    others = 0
    candidates = find_candidates(page.picture, finder.predict_on_batch)
    labelled = labels_of([place.box for place in candidates], page)
    for place, label in zip(candidates, labelled, strict=True):
        others += label == NO_DIGIT
        if label is None or (label == NO_DIGIT and others > MAX_EACH):
            continue
        crops.append(cut(page.picture, place.box))
        labels.append(label)
    return crops, labels


def bar(height: int, rng: np.random.Generator) -> np.ndarray:
    """A straight stroke, its ends round or square: float32, 0 (paper) to 1 (ink)."""
    if rng.random() < 0.5:
        stroke = np.array([[rng.uniform(-0.4, 0.4), 0], [0, 1]], np.float32)
        return draw([stroke], height, random_pen(rng, 0.3), rng)
    lean, wide = rng.uniform(-0.3, 0.3) * height, max(1.0, rng.uniform(0.05, 0.32) * height)
    corners = np.array([[lean, 0], [lean + wide, 0], [wide, height - 1], [0, height - 1]])
    corners[:, 0] -= min(lean, 0)
    canvas = np.zeros((height, round(abs(lean) + wide) + 1), np.uint8)
    cv2.fillConvexPoly(canvas, np.round(corners * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    return canvas / np.float32(255)


def plain_crop(
    hands: Hands, rng: np.random.Generator, cut: Callable = cut_out
) -> tuple[np.ndarray, int]:
    """A digit, or a sign that is none, on even paper, cut out, and its label."""
    height = round(np.exp(rng.uniform(np.log(12), np.log(56))))
    writer, label = hands.writer(rng), int(rng.integers(10))
    if rng.random() < SHARE_PLAIN_NONE:
        ink, label = writer.mark(height, rng), NO_DIGIT
    elif label == 1 and rng.random() < SHARE_BARS:
        ink = bar(height, rng)
    else:
        ink = writer.digit(label, height, rng)
    edge = round(height * rng.uniform(0.1, 1))
    ink = cv2.copyMakeBorder(ink, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
    box = np.array([edge, edge, ink.shape[1] - 2 * edge, ink.shape[0] - 2 * edge], float)
    ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.2, 0.3 + 0.05 * height))
    strength = rng.uniform(30, 200)
    picture = 225 - strength * ink + rng.normal(0, 0.08 * strength * rng.random(), ink.shape)
    return cut(np.clip(picture, 0, 255).astype(np.uint8), shaken(box, rng)), label


def phone_page(finder: Network, rng: np.random.Generator) -> Page:
    """A digit cut out of a phone's photo, and the place where the finder finds it."""
    paths = [path for path in phone_paths() if path.stem.split("_")[1] not in MEASURED_GROUPS]
    while True:
        path = paths[rng.integers(len(paths))]
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        places = find_places(picture, finder.predict_on_batch)
        if places:
            return Page(picture, [int(path.name[0])], places[0].box[None], "phone")


def phone_paths() -> list[Path]:
    """The digits cut out of phones' photos; a name is digit_group_number.jpg."""
    return sorted((OPEN / "phone_digits").glob("?_*.jpg"))


def some_crops(
    seed: int,
    pages: int,
    measured: bool,
    finder_file: Path,
    cut: Callable,
    share_none: float,
    plain: int = PLAIN,
) -> tuple[np.ndarray, np.ndarray]:
    """Crops of a number of pages, and their labels; see `many_crops`."""
    cv2.setNumThreads(1)
    rng, finder = np.random.default_rng(seed), Network(finder_file)
    crops, labels = [], []
    for _ in range(pages):
        is_phone = not measured and rng.random() < SHARE_PHONE
        page = phone_page(finder, rng) if is_phone else any_page(rng, share_none, measured, LONGEST)
        more, theirs = crops_of(page, finder, rng, cut)
        crops += more
        labels += theirs
    if not measured:
        for crop, label in (plain_crop(hands_of(False), rng, cut) for _ in range(plain * pages)):
            crops.append(crop)
            labels.append(label)
    return np.stack(crops), np.array(labels, np.uint8)


def many_crops(
    seed: int,
    pages: int,
    measured: bool = False,
    finder_file: Path = FINDER_FILE,
    cut: Callable = cut_out,
    share_none: float = SHARE_NONE,
    plain: int = PLAIN,
) -> tuple[np.ndarray, np.ndarray]:
    """Crops of pages and, unless `measured`, of plain paper, made by two processes.

    Args:
        seed: of the first `CHUNK` pages; the next ones have the next seed, and so on.
        pages: how many, rounded up to whole chunks of `CHUNK`.
        measured: whether the writers and photos are those that are kept for measuring.
        finder_file: the finder that looks at the pages.
        cut: `cut_out` or `with_surroundings`.
        share_none: how many pages have no digit.
        plain: digits and signs on plain paper for each page.

    Returns:
        Crops, uint8 of shape (n, 28, 28), 0 (paper) to 255 (ink), or with their surroundings (n,
        64, 64), and labels, uint8 of shape (n,), 0 to 9 or `NO_DIGIT`.
    """
    jobs = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        for number in range(-(-pages // CHUNK)):
            order = seed + number, CHUNK, measured, finder_file, cut, share_none, plain
            jobs.append(processes.submit(some_crops, *order))
        parts = [job.result() for job in jobs]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))
