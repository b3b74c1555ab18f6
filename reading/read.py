"""The whole way from a picture to its digits; each step has a file of its own."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from reading import network
from reading.crop import cut_out, with_surroundings
from reading.decode import open_picture, to_grey
from reading.find import Place, find_candidates, suppressed
from reading.prepare import to_input

MAX_BATCH = 500  # digits that the model is asked about in one call; more take more memory
MIN_SHARED_HEIGHT = 0.4  # share of the less high one's height that two neighbours of a row share
# What the networks say, weighed: the logits of the finder's score and of "some digit" of the reader
# and of the judge. The logistic regression of tools/ship/weights.py on 900 pages by writers of the
# training gives -0.09 and (0.86, 0.20, 0.65), which trust the judge more. With these, chosen before
# the judge's last epochs, 84.4 % of those pages are read without a mistake; with the regression's,
# 84.0 %.
BIAS, WEIGHTS = -0.40, (1.28, 0.36, 0.50)
MIN_PROBABILITY = 1e-4  # an answer counts as no less probable than this

Box = tuple[int, int, int, int]


class Model(Protocol):
    """What `read_digits` asks: a Keras model, a `network.Network`, or what answers as they do."""

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """Take float32, shape (n, 28, 28, 1), 0 to 1; give probabilities, shape (n, 10 or more)."""


@dataclass(frozen=True)
class Digit:
    """One digit that was read.

    Attributes:
        digit: 0 to 9.
        probability: that there is a digit and that it is this one, 0 to 1.
        box: left, top, width, height in pixels of the upright picture.
        image: what the model saw, uint8, shape (28, 28).
        probabilities: float32, shape (10,); what is missing to 1 is that there is no digit.
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
        model: takes float32 of shape (n, 28, 28, 1), gives probabilities of shape (n, 11) for the
            ten digits and "no digit", or of shape (n, 10) for the digits alone. It takes the
            reader's place and says alone which digit it is; the finder and the judge that ship are
            asked all the same, whether there is one. None: the reader (your own, if notebook 16
            has made one) and the judge, the geometric mean of what they say.

    Returns:
        The digits in reading order; an empty list where there is none.

    Raises:
        ImageError: the input is no readable picture.
        ModelError: there is no model, or it is damaged.
    """
    grey = to_grey(open_picture(picture))
    candidates = find_candidates(grey, network.finder().predict_on_batch)
    if not candidates:
        return []
    images, read, judged = ask_about(candidates, grey, model)
    which = read[:, :10] if model is not None else np.sqrt(read[:, :10] * judged[:, :10])
    which = which / np.maximum(which.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    are_some = are_digits(evidence(candidates, read, judged))
    likely = np.flatnonzero(are_some > 0.5)
    boxes = np.array([candidates[i].box for i in likely])
    digits = [
        Digit(
            digit=int(which[i].argmax()),
            probability=float(which[i].max() * are_some[i]),
            box=_within(candidates[i].box, grey.shape),
            image=images[i],
            probabilities=which[i] * are_some[i],
        )
        for i in likely[suppressed(boxes, are_some[likely])]
    ]
    return in_reading_order(digits)


def ask_about(
    places: list[Place], grey: np.ndarray, model: Model | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is cut out at n places of a picture, and what the reader and the judge say of it.

    Args:
        places: from the finder, one or more.
        grey: uint8, shape (H, W).
        model: in the reader's place.

    Returns:
        uint8, shape (n, 28, 28); the reader's probabilities, float32, shape (n, 11), or as many as
        `model` gives; the judge's, shape (n, 11).
    """
    images = np.stack([cut_out(grey, place.box) for place in places])
    amid = np.stack([with_surroundings(grey, place.box) for place in places])
    read = _ask(network.reader() if model is None else model, to_input(images))
    return images, read, _ask(network.judge(), amid[..., None].astype(np.float32))


def _ask(model: Model, x: np.ndarray) -> np.ndarray:
    """What a model says, asked about a part at a time: float32, shape (n, 10 or more)."""
    parts = (x[start : start + MAX_BATCH] for start in range(0, len(x), MAX_BATCH))
    return np.concatenate([model.predict_on_batch(part) for part in parts])


def evidence(places: list[Place], read: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """What speaks for a digit at each of n places: logits, float32, shape (n, 3).

    Args:
        places: from the finder, whose score is the first.
        read: the reader's answers, shape (n, 10 or more); what follows the tenth is no digit.
        judged: the judge's, shape (n, 11).
    """
    scores = np.array([place.score for place in places], np.float32)
    some_digit = [answers[:, :10].sum(axis=1) for answers in (read, judged)]
    probability = np.stack([scores, *some_digit], axis=1)
    probability = np.clip(probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.log(probability / (1 - probability))


def are_digits(logits: np.ndarray) -> np.ndarray:
    """How likely there is a digit, shape (n,), by the `evidence` of n places."""
    return 1 / (1 + np.exp(-BIAS - logits @ np.array(WEIGHTS, np.float32)))


def _within(box: np.ndarray, shape: tuple[int, ...]) -> Box:
    """The part of a box that lies in the picture, in whole pixels."""
    limits = np.array(shape[::-1])
    start = np.clip(np.floor(box[:2]), 0, limits - 1)
    end = np.clip(np.ceil(box[:2] + box[2:]), start + 1, limits)
    return tuple(int(length) for length in (*start, *(end - start)))


def in_reading_order(digits: list[Digit]) -> list[Digit]:
    """Row by row from the top, each from left to right.

    A digit goes on with the row whose last digit stands beside it.
    """
    rows: list[list[Digit]] = []
    for digit in sorted(digits, key=lambda digit: digit.box[0]):
        beside = [row for row in rows if _shared_height(row[-1].box, digit.box) > MIN_SHARED_HEIGHT]
        if beside:
            max(beside, key=lambda row: _shared_height(row[-1].box, digit.box)).append(digit)
        else:
            rows.append([digit])
    rows.sort(key=lambda row: np.mean([d.box[1] + d.box[3] / 2 for d in row]))
    return [digit for row in rows for digit in row]


def _shared_height(a: Box, b: Box) -> float:
    """How much of the height of the lower of two boxes lies beside the other."""
    return (min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])) / min(a[3], b[3])
