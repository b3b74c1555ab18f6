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

WORKING_SIDES = 700, 1400  # pixels of the longer side, at most, while digits are looked for
MIN_LARGE_MARK = 80  # pixels high; where most marks are, the smaller working side is enough
MIN_PROBABILITY_TO_STOP = 0.55  # of every digit; then no other sheet is looked at
MAX_HEIGHT_RATIO = 2.5  # of the highest to the lowest digit of one hand
MAX_BATCH = 500  # marks that the model is asked about in one call; more take more memory


class Model(Protocol):
    """What `read_digits` asks: a Keras model, a `network.Network`, or what answers as they do."""

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """Take float32, shape (n, 28, 28, 1), 0 to 1; give probabilities, shape (n, 10 or 12)."""


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
            None: the reader that ships.

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
    """The digits of a picture, uint8, shape (H, W), without bars beside it."""
    readings = []
    shrunk = shrunk_by_whole(grey, WORKING_SIDES[0])
    for sheet in find_sheets(shrunk):
        digits, done = _read_sheet(grey, shrunk, sheet, model)
        if done:
            return digits
        readings.append(digits)
    return max(readings, key=_mean_probability)


def _mean_probability(digits: list[Digit]) -> float:
    return float(np.mean([d.probability for d in digits])) if digits else 0.0


def _read_sheet(
    grey: np.ndarray, shrunk: np.ndarray, sheet: np.ndarray | None, model: Model
) -> tuple[list[Digit], bool]:
    """The digits on a sheet (None: the picture), and whether nothing else is likely to be there."""
    rows, shape = _rows_on(grey, shrunk, sheet)
    images: dict[Mark, np.ndarray] = {}  # what the model sees of each mark

    def predict(marks: list[Mark]) -> np.ndarray:
        images.update({mark: to_mnist(mark.ink) for mark in marks})
        return _probabilities(model, np.stack([images[mark] for mark in marks]))

    chosen = choose_digits(rows, predict) if rows else []
    if sheet is not None:  # without the sheet's edge, and what it cuts off
        chosen = [item for item in chosen if is_on(sheet, item[0].box, shape)]
    scale = np.array([grey.shape[1] / shape[1], grey.shape[0] / shape[0]] * 2)
    digits = []
    for mark, answer in chosen:
        box = tuple(int(length) for length in mark.box * scale)
        digit = int(answer[:10].argmax())
        digits.append(Digit(digit, float(answer[digit]), box, images[mark], answer[:10]))
    return digits, _are_all(digits, [mark.height for mark, _ in chosen], rows)


def _rows_on(
    grey: np.ndarray, shrunk: np.ndarray, sheet: np.ndarray | None
) -> tuple[list[list[Mark]], tuple[int, ...]]:
    """The marks on a sheet, and the shape of the picture in which they were found."""
    rows = find_marks(ink_of(shrunk, sheet))
    heights = [mark.height for row in rows for mark in row]
    if shrunk is grey or (heights and np.median(heights) >= MIN_LARGE_MARK):
        return rows, shrunk.shape
    larger = shrunk_to(grey, WORKING_SIDES[1])
    return find_marks(ink_of(larger, sheet)), larger.shape


def _probabilities(model: Model, images: np.ndarray) -> np.ndarray:
    """What the model says about uint8 of shape (n, 28, 28): float32, shape (n, 12)."""
    batches = [images[start : start + MAX_BATCH] for start in range(0, len(images), MAX_BATCH)]
    answers = np.concatenate([model.predict_on_batch(to_input(batch)) for batch in batches])
    # A model of the ten digits alone rules out "no digit" and "several".
    return np.pad(answers, ((0, 0), (0, 12 - answers.shape[1])))


def _are_all(digits: list[Digit], heights: list[int], rows: list[list[Mark]]) -> bool:
    """Tell whether digits are probable, as high as the highest mark, and of one hand."""
    return (
        bool(digits)
        and min(d.probability for d in digits) > MIN_PROBABILITY_TO_STOP
        and max(mark.height for row in rows for mark in row) == max(heights)
        and max(heights) < MAX_HEIGHT_RATIO * min(heights)
    )
