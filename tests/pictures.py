"""What the tests of `reading/` share: training digits, photos of them, and what is read there."""

import difflib
import functools
import io
from collections.abc import Callable

import make_samples
import numpy as np
from conftest import ROOT
from PIL import Image

from reading import read_digits
from reading.read import Model

DATA = ROOT / "data"
SAMPLES = DATA / "samples"


@functools.cache
def training_digits() -> tuple[np.ndarray, np.ndarray]:
    """MNIST's training digits, uint8 of shape (60000, 28, 28), and their labels, (60000,)."""
    with np.load(DATA / "mnist.npz", allow_pickle=False) as file:
        return file["x_train"], file["y_train"]


def some_digits(count: int, seed: int) -> tuple[np.ndarray, str]:
    """Training digits, uint8 of shape (count, 28, 28), and what they say."""
    images, labels = training_digits()
    chosen = np.random.default_rng(seed).choice(len(images), count, replace=False)
    return images[chosen], "".join(map(str, labels[chosen]))


@functools.cache
def a_seven() -> np.ndarray:
    """A photo-like 7, dark on light: uint8, shape (H, W, 3)."""
    images, labels = training_digits()
    digit = images[labels == 7][:1]
    return make_samples.photograph([digit], make_samples.Scene(), np.random.default_rng(0))


def photos_of(
    count: int, digits: int = 1, draw: Callable | None = None, **fixed
) -> tuple[list[np.ndarray], list[str]]:
    """Photos as `make_samples` takes them; `draw` may draw into each before it is used."""
    pictures, expected = [], []
    for seed in range(count):
        rng = np.random.default_rng([5, seed])
        images, text = some_digits(digits, seed)
        scene = make_samples.random_scene(rng, **fixed)
        picture = make_samples.photograph([images], scene, rng)
        pictures.append(draw(picture, scene) if draw else picture)
        expected.append(text)
    return pictures, expected


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def read(picture, model: Model | None = None) -> str:
    """What is read in a picture, as text."""
    return "".join(str(d.digit) for d in read_digits(picture, model))


def share_read(pictures: list, expected: list[str]) -> float:
    """How many of the pictures are read without any mistake."""
    return np.mean([read(p) == e for p, e in zip(pictures, expected, strict=True)])


def share_found(found: str, expected: str) -> float:
    """How many of the digits of a page were found, in order."""
    matcher = difflib.SequenceMatcher(None, found, expected, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(expected)
