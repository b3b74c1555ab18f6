"""The whole way from a picture to its digits; each step has a file of its own."""

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from reading import network
from reading.decode import open_picture
from reading.divide import choose_digits
from reading.marks import Box, Mark, find_marks
from reading.paper import (
    between_bars,
    find_sheets,
    ink_of,
    is_on,
    shrunk_by_whole,
    shrunk_to,
    to_grey,
)
from reading.prepare import to_input, to_mnist

WORKING_SIDES = 700, 1400  # pixels, at most, of the longer side while digits are looked for
LARGE = 80  # pixels; where most marks are as high, the smaller of these sides is enough
LIKELY = 0.55  # digits that are all more probable, and of one size, are looked for no further
MOST_AT_ONCE = 500  # marks that the network is asked about in one call


class Model(Protocol):
    """A Keras model, a `network.Network`, or what else answers as they do."""

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """Take float32 of shape (n, 28, 28, 1), 0 to 1; give probabilities."""


@dataclass(frozen=True)
class Digit:
    """One digit that was read.

    Attributes:
        digit: 0 to 9.
        probability: the model's probability for `digit`, 0 to 1.
        box: left, top, width, height in pixels of the upright picture.
        image: what the model saw, uint8, shape (28, 28).
        probabilities: float32, shape (10,).
    """

    digit: int
    probability: float
    box: Box
    image: np.ndarray = field(repr=False, compare=False)
    probabilities: np.ndarray = field(repr=False, compare=False)


def read_digits(picture, model: Model | None = None) -> list[Digit]:
    """Read the digits in a picture.

    Args:
        picture: a path, a file's bytes, a PIL image, or an array of shape (H, W), (H, W, 3) or
            (H, W, 4), uint8 or float in [0, 1].
        model: takes float32 of shape (n, 28, 28, 1), gives probabilities of shape (n, 12) for the
            ten digits, "no digit" and "several", or of shape (n, 10) for the digits alone;
            without it, the network that ships.

    Returns:
        The digits in reading order; an empty list where there is none.

    Raises:
        ImageError: the input is no readable picture.
        ModelError: there is no model, or it is damaged.
    """
    grey = to_grey(open_picture(picture))
    model = network.reader() if model is None else model
    rows, columns = between_bars(grey)
    between = np.ascontiguousarray(grey[rows, columns])
    digits = _read_grey(between, model)
    if not digits and between.shape[1] < grey.shape[1] / 2:  # a thick 1 has margins like bars
        return _read_grey(grey, model)
    corner = np.array([columns.start, rows.start, 0, 0])
    return [replace(digit, box=tuple((digit.box + corner).tolist())) for digit in digits]


def _read_grey(grey: np.ndarray, model: Model) -> list[Digit]:
    """The digits of a picture without bars beside it: uint8, shape (H, W)."""
    readings = []
    shrunk = shrunk_by_whole(grey, WORKING_SIDES[0])
    for sheet in find_sheets(shrunk):
        digits, sure = _read_sheet(grey, shrunk, sheet, model)
        if sure:
            return digits
        readings.append(digits)
    return max(readings, key=_mean_probability)


def _mean_probability(digits: list[Digit]) -> float:
    return float(np.mean([d.probability for d in digits])) if digits else 0.0


def _read_sheet(
    grey: np.ndarray, shrunk: np.ndarray, sheet: np.ndarray | None, model: Model
) -> tuple[list[Digit], bool]:
    """The digits on a sheet (None: the picture), and whether they are surely all that is there."""
    height, width = grey.shape
    working, rows = shrunk, find_marks(ink_of(shrunk, sheet))
    heights = [mark.box[3] for row in rows for mark in row]
    if shrunk is not grey and not (heights and np.median(heights) >= LARGE):
        working = shrunk_to(grey, WORKING_SIDES[1])
        rows = find_marks(ink_of(working, sheet))
        heights = [mark.box[3] for row in rows for mark in row]

    prepared: dict[int, np.ndarray] = {}  # what the network sees of each mark, by its id()

    def predict(marks: list[Mark]) -> np.ndarray:
        prepared.update({id(mark): to_mnist(mark.ink) for mark in marks})
        images = np.stack([prepared[id(mark)] for mark in marks])
        starts = range(0, len(images), MOST_AT_ONCE)  # a page of many takes little memory then
        batches = [to_input(images[start : start + MOST_AT_ONCE]) for start in starts]
        rows = np.concatenate([model.predict_on_batch(batch) for batch in batches])
        return np.pad(rows, ((0, 0), (0, 12 - rows.shape[1])))

    scale = np.array([width / working.shape[1], height / working.shape[0]] * 2)
    digits, sides = [], []
    for mark, row in choose_digits(rows, predict) if rows else []:
        if sheet is not None and not is_on(sheet, mark.box, working.shape):
            continue  # the edge of the sheet, or cut off by it
        box = tuple(int(v) for v in mark.box * scale)
        image = prepared[id(mark)]
        digits.append(Digit(int(row[:10].argmax()), float(row[:10].max()), box, image, row[:10]))
        sides.append(mark.box[3])
    sure = (
        bool(digits)
        and min(d.probability for d in digits) > LIKELY
        and max(heights) == max(sides) < 2.5 * min(sides)  # all are digits, and of one hand
    )
    return digits, sure
