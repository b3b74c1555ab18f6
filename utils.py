"""What the notebooks share, in the order in which the course meets it.

1. Set-up: folders, and TensorFlow without its start-up lines.
2. Errors that a learner reads as one sentence.
3. Data: `load_mnist`, `load_mnist_csv`, `to_input`.
4. Showing and checking: `show_digits`, `check`.
5. Models: `save_model`, `load_model`.
6. Pictures: `open_picture`, `ink_of`, `find_digits`, `to_mnist`, `read_digits`.
7. Reading in the browser: `drawing_pad`, `upload_button`.
8. The command line: `python utils.py PICTURE...`
"""

import argparse
import base64
import contextlib
import functools
import hashlib
import html
import io
import json
import logging
import os
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import anywidget
import cv2
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import traitlets
from PIL import Image, ImageOps

# --- 1. Set-up ------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parent
DATA = ROOT / "data"
BUILD = ROOT / "build"
# Tests and benchmarks train into a folder of their own; everybody else trains into models/.
MODELS = Path(os.environ.get("DIGITS_MODELS", ROOT / "models"))
SHIPPED = ROOT / "models" / "shipped"


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Drop what is written to file descriptor 2, where C++ libraries write."""
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


# TensorFlow writes lines about GPUs and oneDNN before its logger can be told not to.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
with _quiet_stderr():
    import keras
logging.getLogger("absl").setLevel(logging.ERROR)


# --- 2. Errors ------------------------------------------------------------------------------------


class CourseError(Exception):
    """An error whose message says what is wrong and what to do."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone in a notebook (IPython calls this instead of a traceback)."""
        return [f"{type(self).__name__}: {self}"]


class DataError(CourseError):
    """A data file is missing, damaged, or not in the expected form."""


class ModelError(CourseError):
    """A model file is missing or damaged."""


class ImageError(CourseError, ValueError):
    """The input is no readable picture."""


# --- 3. Data --------------------------------------------------------------------------------------

MNIST_SHAPES = {
    "x_train": (60000, 28, 28),
    "y_train": (60000,),
    "x_test": (10000, 28, 28),
    "y_test": (10000,),
}


def load_mnist(path: Path | str = DATA / "mnist.npz") -> tuple:
    """Load MNIST as `keras.datasets.mnist.load_data` does, without network.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of shapes (60000, 28, 28), (60000,),
        (10000, 28, 28) and (10000,). Pixels are 0 (paper) to 255 (ink), labels 0 to 9.

    Raises:
        DataError: the file is missing, or its SHA-256 is not the one in `data/SHA256SUMS`.
    """
    path = Path(path)
    remedy = "Get the file back with: git checkout -- data/mnist.npz data/SHA256SUMS"
    try:
        expected = (DATA / "SHA256SUMS").read_text().split()[0]
        content = path.read_bytes()
    except (OSError, IndexError) as error:
        raise DataError(f"Cannot read {path}: {error}. {remedy}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise DataError(
            f"{path} is damaged: {len(content):,} bytes with SHA-256 {found[:12]}..., "
            f"expected SHA-256 {expected[:12]}.... {remedy}"
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            parts = {name: file[name] for name in MNIST_SHAPES}
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} does not hold the MNIST arrays: {error}. {remedy}") from error
    return (parts["x_train"], parts["y_train"]), (parts["x_test"], parts["y_test"])


def load_mnist_csv(path: Path | str) -> tuple[np.ndarray, np.ndarray | None]:
    """Load digits from a CSV file in Kaggle's form: `label, pixel0, ..., pixel783`.

    Returns:
        images: uint8, shape (n, 28, 28).
        labels: uint8, shape (n,), or None where the file has no column `label`.

    Raises:
        DataError: the file is missing, or a column or a value is not as expected.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(f"Cannot read {path} as CSV: {error}") from error
    pixels = [f"pixel{i}" for i in range(28 * 28)]
    missing = [name for name in pixels if name not in table]
    if missing:
        raise DataError(
            f"{path} lacks {len(missing)} of the 784 pixel columns, the first is "
            f"{missing[0]!r}. Expected the columns label, pixel0, ..., pixel783."
        )
    labels = table["label"].to_numpy() if "label" in table else None
    for name, values, highest in (("pixel", table[pixels].to_numpy(), 255), ("label", labels, 9)):
        if values is not None and not (
            np.issubdtype(values.dtype, np.integer) and np.all((values >= 0) & (values <= highest))
        ):
            raise DataError(f"{path} holds a {name} that is no whole number from 0 to {highest}.")
    images = table[pixels].to_numpy(np.uint8).reshape(-1, 28, 28)
    return images, None if labels is None else labels.astype(np.uint8)


def to_input(images: np.ndarray) -> np.ndarray:
    """Turn digits as MNIST stores them into what every model of the course takes.

    Args:
        images: uint8, shape (n, 28, 28), 0 (paper) to 255 (ink).

    Returns:
        float32, shape (n, 28, 28, 1), 0 to 1.
    """
    if images.ndim != 3 or images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        raise ValueError(
            f"to_input takes uint8 of shape (n, 28, 28), not {images.dtype} of {images.shape}."
        )
    return images[..., np.newaxis] / np.float32(255)


# --- 4. Showing and checking ----------------------------------------------------------------------


def show_digits(
    images: np.ndarray, titles: list | None = None, columns: int = 10, size: float = 0.9
) -> None:
    """Draw digits of shape (n, 28, 28) in a grid, ink dark on white; `size` is inches a digit."""
    rows = -(-len(images) // columns)
    height = size * (1.25 if titles is not None else 1)
    _, axes = plt.subplots(
        rows, columns, figsize=(columns * size, rows * height), layout="constrained", squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for i, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(np.squeeze(image), cmap="Greys", vmin=0, vmax=255 if image.max() > 1 else 1)
        if titles is not None:
            axis.set_title(titles[i], fontsize=8)
    plt.show()


def check(name: str, answer: Callable, tests: dict[str, Callable]) -> None:
    """Say which demands of an exercise the learner's answer meets, in words.

    Args:
        name: number of the exercise, such as "1.2".
        answer: called without arguments, gives the answer; None means "not done yet".
        tests: sentence -> function that takes the answer and returns True if it holds.
    """
    try:
        given = answer()
    except Exception as error:  # whatever the learner's code raises is shown to the learner
        print(f"Exercise {name}: your code raised {type(error).__name__}: {error}")
        return
    if given is None:
        print(f"Exercise {name}: not done yet.")
        return
    passed = 0
    for sentence, test in tests.items():
        try:
            holds = bool(test(given))
        except Exception as error:  # an answer of the wrong form fails the test
            holds, sentence = False, f"{sentence} ({type(error).__name__}: {error})"
        passed += holds
        print(f"[{' OK ' if holds else ' -- '}] {sentence}")
    print(f"Exercise {name}: {'done.' if passed == len(tests) else 'not right yet.'}")


# --- 5. Models ------------------------------------------------------------------------------------

MADE_BY = {"dense": "03_dense_baseline.ipynb"} | dict.fromkeys(
    ("cnn_a", "cnn_b", "cnn"), "04_cnn_training.ipynb"
)


def write_whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` make a file beside `path`, then put it in `path`'s place in one step.

    A full disk or a kill on the way leaves the file at `path` as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        draft = Path(folder) / path.name
        write(draft)
        os.replace(draft, path)
    return path


def save_model(model: keras.Model, name: str) -> Path:
    """Save a model as `models/NAME.keras`, or under NAME's own ending (`.h5`); returns the path.

    Architecture and weights are saved. The optimizer's state is not: it is twice as large, and
    serves only to go on with an interrupted training.
    """
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    return write_whole(MODELS / (name if "." in name else f"{name}.keras"), bare.save)


def load_model(name: str) -> keras.Model:
    """Load the model that you trained, `models/NAME.keras`, or else the one that ships.

    Raises:
        ModelError: there is no such model, or its file is damaged.
    """
    candidates = [folder / f"{name}.keras" for folder in (MODELS, SHIPPED)]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        known = (
            f"Run notebooks/{MADE_BY[name]} first."
            if name in MADE_BY
            else (
                f"The course makes {', '.join(MADE_BY)}; a model of your own has to be saved first."
            )
        )
        raise ModelError(f"There is no model {name!r} in {MODELS}. {known}")
    return _read_model(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _read_model(path: Path, modified: int) -> keras.Model:
    """Read a model file once; `modified` makes a newer file count as another."""
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for a damaged file
        remedy = "Get it back with: git checkout -- models/shipped"
        if path.parent != SHIPPED:
            maker = MADE_BY.get(path.stem, "the notebook that trains it")
            remedy = f"Delete it to use the one that ships, or make it anew with {maker}."
        raise ModelError(f"{path} is damaged ({type(error).__name__}). {remedy}") from error


# --- 6. Pictures ----------------------------------------------------------------------------------

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF")
MAX_PIXELS = 50_000_000  # about 150 MB decoded; phones make 12 to 50 megapixels
MEGAPIXELS = f"{MAX_PIXELS // 10**6} megapixels"
WORKING_SIDE = 1400  # pixels of the longer side while digits are looked for
LEAST_CONTRAST = 0.08  # of the paper's brightness; fainter marks count as paper

Box = tuple[int, int, int, int]


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


def open_picture(picture: "Path | str | bytes | Image.Image | np.ndarray") -> np.ndarray:
    """Decode a picture: upright, without transparency, in colour.

    Args:
        picture: a path, a file's bytes, a PIL image, or an array of shape (H, W), (H, W, 3) or
            (H, W, 4), uint8 or float in [0, 1].

    Returns:
        uint8, shape (H, W, 3), RGB. Of an animation, the first frame.

    Raises:
        ImageError: it is no readable picture, or has more than 50 megapixels.
    """
    if isinstance(picture, np.ndarray):
        image = _image_from_array(picture)
    elif isinstance(picture, Image.Image):
        image = picture
    elif isinstance(picture, (bytes, bytearray, memoryview, str, os.PathLike)):
        image = _image_from_file(picture)
    else:
        raise ImageError(f"Expected a path, bytes, image or array, not {type(picture).__name__}.")
    name = str(picture) if isinstance(picture, (str, os.PathLike)) else "The picture"
    _check_size(*image.size, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _flatten(_upright(image))
    except Exception as error:  # Pillow's decoders raise many kinds for a damaged file
        raise ImageError(f"{name} cannot be decoded, it is damaged: {error}") from error


def _image_from_file(source: "bytes | str | os.PathLike") -> Image.Image:
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            raise ImageError(f"{path} is a folder. Give the path of a picture in it.")
        try:
            source = path.read_bytes()
        except (OSError, ValueError) as error:
            raise ImageError(f"Cannot read {path}: {error}") from error
        name = str(path)
    else:
        source, name = bytes(source), "The input"
    if not source:
        raise ImageError(f"{name} is empty (0 bytes).")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(source), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has more than {MEGAPIXELS}. Make it smaller first.") from error
    except Exception as error:  # as above
        raise ImageError(
            f"{name} is no picture that can be read. Use PNG, JPEG, GIF, BMP, WebP or TIFF."
        ) from error


def _image_from_array(array: np.ndarray) -> Image.Image:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ImageError(f"Expected shape (H, W), (H, W, 3) or (H, W, 4), not {array.shape}.")
    if array.size:
        _check_size(array.shape[1], array.shape[0])
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    elif np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all():
            raise ImageError("The array holds NaN or infinite values.")
        if array.size and (array.min() < 0 or array.max() > 1):
            raise ImageError(
                f"A float array must lie in [0, 1], this one goes from {array.min():.3g} to "
                f"{array.max():.3g}. Divide it by its maximum, or pass uint8."
            )
        array = np.round(array * 255).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise ImageError(f"Expected an array of uint8 or float, not {array.dtype}.")
    if not array.size:
        raise ImageError(f"The picture has no pixels: shape {array.shape}.")
    return Image.fromarray(np.ascontiguousarray(array))


def _check_size(width: int, height: int, name: str = "The picture") -> None:
    if width * height == 0:
        raise ImageError(f"{name} has no pixels: {width} x {height}.")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name} has {width} x {height} pixels, more than {MEGAPIXELS}. Make it smaller first."
        )


def _upright(image: Image.Image) -> Image.Image:
    """Load the first frame, turned as its EXIF orientation says."""
    image.seek(0)
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # unreadable EXIF data: the pixels are still good
        return image


def _flatten(image: Image.Image) -> np.ndarray:
    """Convert any Pillow mode to RGB, uint8, and put transparent pixels on a background."""
    if image.mode.startswith(("I", "F")):  # 16-bit, 32-bit or float grey
        values = np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0)
        top = next(top for top in (1, 255, 65535, np.inf) if values.max() <= top)
        top = values.max() if np.isinf(top) else top
        image = Image.fromarray(np.round(np.clip(values / top, 0, 1) * 255).astype(np.uint8))
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    pixels = np.asarray(image.convert("RGBA"))
    colour, alpha = pixels[..., :3], pixels[..., 3:] / np.float32(255)
    opaque = colour[alpha[..., 0] > 0.5]
    if len(opaque) > colour[..., 0].size / 2:  # a picture with some transparent places: as around
        background = np.median(opaque, axis=0)
    else:  # a drawing on a transparent canvas: the paper is what the ink is not
        background = 255 if not len(opaque) or opaque.mean() < 128 else 0
    return np.round(colour * alpha + background * (1 - alpha)).astype(np.uint8)


def ink_of(picture: np.ndarray) -> np.ndarray:
    """Tell ink from paper under uneven light, dark on light or light on dark.

    Ink is how much darker a pixel is than the paper around it (see `paper_of`), as a share of the
    paper's brightness.

    Args:
        picture: uint8, shape (H, W, 3), RGB.

    Returns:
        float32, shape (H, W): 0 where there is paper, 1 for the darkest ink; all 0 if no mark
        stands out from the paper.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, _fit(grey.shape, 96), interpolation=cv2.INTER_AREA)
    around = median_around(small)
    if is_light_on_dark(small, around):
        grey, small, around = 255 - grey, 255 - small, 255 - around
    paper = cv2.resize(paper_of(small, around), grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    # In deep shadow a few grey levels would be a large share: no paper counts as darker than 64.
    ink = np.clip((paper - grey) / np.maximum(paper, 64), 0, 1)
    grain = 3 * np.median(ink[::3, ::3])  # paper is not even: this much is no ink yet
    marks = ink[ink > grain + LEAST_CONTRAST]
    if not len(marks):
        return np.zeros_like(ink)
    return np.clip((ink - grain) / (np.percentile(marks, 80) - grain), 0, 1)


def median_around(grey: np.ndarray) -> np.ndarray:
    """The median of each pixel's wide surroundings, most of which is paper; uint8, shape (H, W)."""
    return cv2.medianBlur(grey, min(round(min(grey.shape) * 0.6), 127) | 1)


def is_light_on_dark(grey: np.ndarray, around: np.ndarray) -> bool:
    """Tell whether the ink is brighter than the paper, from a picture and its `median_around`.

    Ink lies far from the brightness of the paper around it, on one side: the third power keeps
    the side and makes the large distances count.
    """
    return float(((grey.astype(np.float32) - around) ** 3).sum()) > 0


def paper_of(grey: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Estimate the brightness of the paper under dark ink.

    A morphological closing fills in what is dark and narrower than its kernel. The kernel has to
    be wider than the strokes, but narrow enough to leave shadows alone, so it grows only as long
    as it finds much more ink. The slope of the light is taken out before, since a closing raises
    the dark end of a slope.

    Args:
        grey: uint8, shape (H, W).
        around: its `median_around`.

    Returns:
        float32, same shape, 0 to 255.
    """
    y, x = np.indices(grey.shape, np.float32)
    places = np.stack([np.ones(grey.size), x.ravel(), y.ravel()], axis=1)
    slope = places @ np.linalg.lstsq(places, around.ravel().astype(np.float32), rcond=None)[0]
    slope = np.maximum(slope.reshape(grey.shape), 1).astype(np.float32)
    level = grey / slope
    papers, amounts = [], []
    for share in (0.1, 0.2, 0.4):
        width = round(min(grey.shape) * share) | 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
        papers.append(cv2.morphologyEx(level, cv2.MORPH_CLOSE, kernel))
        amounts.append((papers[-1] - level).sum())
    chosen = 0
    while chosen < 2 and amounts[chosen] < 0.7 * amounts[chosen + 1]:
        chosen += 1
    return cv2.GaussianBlur(papers[chosen], (0, 0), 2) * slope


def _fit(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """Width and height of a picture of this shape when its longer side is `longest` pixels."""
    scale = longest / max(shape[:2])
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def find_digits(ink: np.ndarray) -> list[tuple[Box, np.ndarray]]:
    """Find the marks that may be digits.

    Args:
        ink: float32, shape (H, W), 0 (paper) to 1 (ink).

    Returns:
        For each mark, in reading order, its box (left, top, width, height) and its ink, float32
        of shape (height, width), without the neighbours' ink.
    """
    # A little blur closes the gaps of a dry pen.
    even = cv2.GaussianBlur((ink * 255).astype(np.uint8), (0, 0), max(0.5, max(ink.shape) / 400))
    mask = cv2.threshold(even, 0.3 * 255, 1, cv2.THRESH_BINARY)[1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes = [tuple(int(v) for v in row[:4]) for row in stats[1:]]
    pieces = [
        ([label], box)
        for label, box in enumerate(boxes, 1)
        if not _is_sliver(box, ink.shape)
        and not (max(box[2:]) > 0.4 * max(ink.shape) and _is_line_or_frame(box, labels == label))
    ]
    if not pieces:
        return []
    tallest = max(max(box[2:]) for _, box in pieces)
    pieces = [p for p in pieces if max(p[1][2:]) >= max(0.12 * tallest, 2)]
    groups = _join_pieces(pieces)
    tall = np.median([box[3] for _, box in groups if box[3] > 0.5 * tallest] or [tallest])
    groups = [group for group in groups if max(group[1][2:]) >= 0.35 * tall]
    result = []
    for members, (left, top, width, height) in _reading_order(groups):
        window = np.s_[top : top + height, left : left + width]
        own = np.isin(labels[window], members).astype(np.uint8)
        # Keep the soft edge of the strokes, which lies just outside the mask.
        soft = cv2.dilate(own, np.ones((3, 3), np.uint8))
        result.append(((left, top, width, height), ink[window] * soft))
    return result


def _is_line_or_frame(box: Box, inked: np.ndarray) -> bool:
    """Tell ruled lines and the frame of a form from digits.

    `inked` (bool, the picture's shape) is where this mark is.
    """
    width, height = box[2:]
    flat = width > 12 * height and width > 0.4 * inked.shape[1]
    edges = (inked[0], inked[-1], inked[:, 0], inked[:, -1])
    return flat or sum(edge.mean() > 0.8 for edge in edges) >= 2


def _is_sliver(box: Box, shape: tuple[int, int]) -> bool:
    """Tell a neighbour's or a frame's last pixels at the border from digits."""
    left, top, width, height = box
    at_side = left == 0 or left + width == shape[1]
    at_end = top == 0 or top + height == shape[0]
    return (at_side and width < 0.05 * shape[1]) or (at_end and height < 0.05 * shape[0])


def _join_pieces(pieces: list[tuple[list[int], Box]]) -> list[tuple[list[int], Box]]:
    """Join a stroke that floats, such as the bar of a 5, to the digit below or above it."""
    groups = sorted(pieces, key=lambda piece: -piece[1][2] * piece[1][3])
    joined: list[tuple[list[int], Box]] = []
    for members, box in groups:
        for i, (others, other) in enumerate(joined):
            overlap = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
            gap = max(box[1], other[1]) - min(box[1] + box[3], other[1] + other[3])
            if (
                overlap > 0.25 * min(box[2], other[2])
                and gap < 0.25 * other[3]
                and box[3] < 0.6 * other[3]
            ):
                joined[i] = (others + members, _hull(box, other))
                break
        else:
            joined.append((members, box))
    return joined


def _hull(a: Box, b: Box) -> Box:
    left, top = min(a[0], b[0]), min(a[1], b[1])
    right, bottom = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return left, top, right - left, bottom - top


def _reading_order(groups: list[tuple[list[int], Box]]) -> list[tuple[list[int], Box]]:
    """Rows from the top, left to right in a row; a row may slope."""
    rows: list[list[tuple[list[int], Box]]] = []
    for group in sorted(groups, key=lambda group: group[1][0]):
        _, (_, top, _, height) = group
        for row in rows:  # the row's last digit tells how high the row is by now
            _, (_, row_top, _, row_height) = row[-1]
            shared = min(top + height, row_top + row_height) - max(top, row_top)
            if shared > 0.4 * min(height, row_height):
                row.append(group)
                break
        else:
            rows.append([group])
    rows.sort(key=lambda row: np.mean([box[1] + box[3] / 2 for _, box in row]))
    return [group for row in rows for group in row]


def to_mnist(ink: np.ndarray) -> np.ndarray:
    """Prepare one digit as MNIST was prepared.

    The digit is scaled into 20 x 20 pixels with its shape kept, then placed in 28 x 28 so that its
    centre of mass lies at row 14, column 14, as the training digits' do (LeCun, Bottou, Bengio,
    Haffner 1998, section III.A).

    Args:
        ink: float32, any shape, 0 (paper) to 1 (ink); what is fainter than 0.15 counts
            as paper when the box is taken.

    Returns:
        uint8, shape (28, 28), 0 (paper) to 255 (ink).
    """
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > 0.15) for axis in (1, 0))
    if not len(rows):
        raise ValueError("to_mnist takes a digit, this array holds no ink.")
    digit = _thicken(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    digit = cv2.resize(digit, _fit(digit.shape, 20), interpolation=cv2.INTER_AREA)
    digit = np.clip(digit / max(np.percentile(digit[digit > 0], 90), 0.1), 0, 1)
    moments = cv2.moments(digit)
    middle = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    height, width = digit.shape
    left, top = (
        int(np.clip(round(14 - centre), 0, 28 - length))
        for centre, length in zip(middle, (width, height), strict=True)
    )
    image = np.zeros((28, 28), np.float32)
    image[top : top + height, left : left + width] = digit
    return np.round(image * 255).astype(np.uint8)


def _thicken(digit: np.ndarray, least: float = 2.0) -> np.ndarray:
    """Widen strokes that would be thinner than `least` pixels in the 20 x 20 box."""
    mask = (digit > 0.5).astype(np.uint8)
    inside = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, 0), cv2.DIST_L2, 3)
    ridge = inside[inside > 0]
    width = 4 * ridge.mean() if len(ridge) else 1  # distances across a stroke average a quarter
    missing = least * max(digit.shape) / 20 - width
    if missing < 1:
        return digit
    size = round(missing) + 1
    digit = cv2.copyMakeBorder(digit, size, size, size, size, cv2.BORDER_CONSTANT, value=0)
    return cv2.dilate(digit, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def read_digits(picture, model: keras.Model | None = None) -> list[Digit]:
    """Read the digits in a picture.

    Args:
        picture: a path, a file's bytes, a PIL image, or an array of shape (H, W), (H, W, 3) or
            (H, W, 4), uint8 or float in [0, 1].
        model: takes float32 of shape (n, 28, 28, 1), gives probabilities of shape (n, 10);
            without it, `load_model("cnn")`.

    Returns:
        The digits in reading order; an empty list where there is none.

    Raises:
        ImageError: the input is no readable picture.
        ModelError: there is no model, or it is damaged.
    """
    upright = open_picture(picture)
    height, width = upright.shape[:2]
    working = upright
    if max(height, width) > WORKING_SIDE:
        working = cv2.resize(upright, _fit(upright.shape, WORKING_SIDE), None, 0, 0, cv2.INTER_AREA)
    found = find_digits(ink_of(working))
    if not found:
        return []
    images = np.stack([to_mnist(ink) for _, ink in found])
    model = load_model("cnn") if model is None else model
    probabilities = model.predict_on_batch(to_input(images))
    scale = np.array([width / working.shape[1], height / working.shape[0]] * 2)
    return [
        Digit(int(row.argmax()), float(row.max()), tuple(int(v) for v in box * scale), image, row)
        for (box, _), image, row in zip(found, images, probabilities, strict=True)
    ]


# --- 7. Reading in the browser --------------------------------------------------------------------

PAD_SIZE = (480, 320)  # width and height in pixels; a smaller screen shows it smaller
PEN_WIDTH = 16  # pixels; with digits half as high as the pad about as thick as MNIST's strokes
SHOWN_SIDE = 900  # pixels of the longer side of an uploaded picture when it is shown


class DrawingPad(anywidget.AnyWidget):
    """The pad in the browser (pad.js): sends strokes, shows an answer and its details."""

    _esm = ROOT / "pad.js"
    _css = ROOT / "pad.css"
    width, height = (traitlets.Int(length).tag(sync=True) for length in PAD_SIZE)
    pen_width = traitlets.Int(PEN_WIDTH).tag(sync=True)
    strokes = traitlets.List().tag(sync=True)  # of lists of points (x, y)
    answer = traitlets.Unicode().tag(sync=True)
    details = traitlets.Unicode().tag(sync=True)  # HTML


def drawing_pad(model: keras.Model | None = None) -> DrawingPad:
    """A pad that reads what is drawn on it, each time the pen is lifted.

    Args:
        model: as `read_digits` takes it; without it, `load_model("cnn")`.

    Raises:
        ModelError: there is no model, or it is damaged.
    """
    model = load_model("cnn") if model is None else model
    pad = DrawingPad()

    def read(_=None) -> None:
        digits = read_digits(_draw_strokes(pad.strokes), model) if pad.strokes else []
        with pad.hold_sync():  # both reach the browser in one message
            pad.details = _details_html(digits)
            if digits:
                pad.answer = f"Read: {_digits_text(digits)}"
            elif pad.strokes:
                pad.answer = "No digit found. Draw it larger, with a gap to the next one."
            else:
                pad.answer = "Draw a digit here, or several side by side."

    # A model's first answers take long; they are given here, before the learner's first stroke.
    for count in (1, 2):
        bars = [[[100 * i, 80], [100 * i, 240]] for i in range(1, count + 1)]
        read_digits(_draw_strokes(bars), model)
    read()
    pad.observe(read, names="strokes")
    return pad


def upload_button(model: keras.Model | None = None) -> ipywidgets.VBox:
    """A button for one or several pictures; each is shown below with what is read in it.

    Args:
        model: as `read_digits` takes it; without it, `load_model("cnn")`.
    """
    button = ipywidgets.FileUpload(
        accept="image/*", multiple=True, description="Choose pictures", icon=""
    )
    button.layout = ipywidgets.Layout(width="auto", height="44px", align_self="flex-start")
    button.style.font_size = "16px"
    shown = ipywidgets.HTML()

    def read(change) -> None:
        files = [(file["name"], bytes(file["content"])) for file in change["new"]]
        shown.value = "".join(_reading_html(name, content, model) for name, content in files)

    button.observe(read, names="value")
    return ipywidgets.VBox([button, shown])


def _draw_strokes(strokes: list) -> np.ndarray:
    """Black strokes on white paper as pad.js draws them: uint8, the pad's shape."""
    paper = np.full(PAD_SIZE[::-1], 255, np.uint8)
    for points in strokes:
        line = np.array([*points, points[-1]], np.int32)  # twice the last: a dot is a line, too
        cv2.polylines(paper, [line], False, 0, PEN_WIDTH, cv2.LINE_AA)
    return paper


def _digits_text(digits: list[Digit]) -> str:
    return "".join(str(d.digit) for d in digits)


def _details_html(digits: list[Digit]) -> str:
    """What the network sees of each digit, and the ten probabilities of the least sure one."""
    if not digits:
        return ""
    pictures = "".join(_digit_html(d, 140 if len(digits) == 1 else 64) for d in digits)
    unsure = min(digits, key=lambda d: d.probability)
    which = f", for the least sure digit, the {unsure.digit}" if len(digits) > 1 else ""
    bars = "".join(_bar_html(i, p, i == unsure.digit) for i, p in enumerate(unsure.probabilities))
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:16px">'
        '<div><p style="margin:0 0 4px">What the network sees</p>'
        f'<div style="display:flex;flex-wrap:wrap;gap:8px">{pictures}</div></div>'
        f'<div style="flex:1 1 240px"><p style="margin:0 0 4px">Its probabilities{which}</p>'
        f"{bars}</div></div>"
    )


def _digit_html(digit: Digit, side: int) -> str:
    text = f"{digit.digit}, {digit.probability:.0%}"
    source = _data_url(255 - digit.image, ".png")  # ink dark on white, as `show_digits` does
    return (
        f'<figure style="margin:0"><img src="{source}" width="{side}" height="{side}" '
        f'alt="The 28 by 28 pixels that the network sees, read as {text}" '
        'style="image-rendering:pixelated;border:1px solid #767676">'
        f'<figcaption style="text-align:center">{text}</figcaption></figure>'
    )


def _bar_html(digit: int, probability: float, best: bool) -> str:
    colour = "#1f6fb2" if best else "#767676"
    return (
        '<div style="display:flex;align-items:center;gap:8px;line-height:20px">'
        f'<span style="width:1ch">{digit}</span><span style="flex:1;background:#e6e6e6">'
        f'<span class="bar" style="display:block;height:14px;background:{colour};'
        f'width:{probability:.1%}"></span></span>'
        f'<span style="width:5ch;text-align:right">{probability:.0%}</span></div>'
    )


def _reading_html(name: str, content: bytes, model: keras.Model | None) -> str:
    """A picture with a box around each digit and what was read above it, or why there is none."""
    name = html.escape(name)
    try:
        picture = open_picture(content)
        digits = read_digits(picture, model)
    except CourseError as error:
        return (
            f'<p role="alert" style="font-size:16px"><b>{name}</b>: {html.escape(str(error))}</p>'
        )
    height, width = picture.shape[:2]
    if max(height, width) > SHOWN_SIDE:
        size = _fit(picture.shape, SHOWN_SIDE)
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    read = f"read {_digits_text(digits)}" if digits else "no digit found"
    boxes = "".join(_box_html(d, width, height) for d in digits)
    source = _data_url(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), ".jpg")
    return (
        f'<figure role="status" style="margin:16px 0;font-size:16px"><figcaption><b>{name}</b>: '
        f'{read}</figcaption><div style="position:relative;display:inline-block;margin-top:20px">'
        f'<img src="{source}" alt="{name}: {read}" style="display:block;max-width:100%">{boxes}'
        "</div></figure>"
    )


def _box_html(digit: Digit, width: int, height: int) -> str:
    """A box in per cent of the picture, so that it fits at any size at which that is shown."""
    left, top, box_width, box_height = (
        f"{100 * length / whole:.2f}%"
        for length, whole in zip(digit.box, (width, height) * 2, strict=True)
    )
    return (
        f'<span title="{digit.probability:.0%}" aria-hidden="true" style="position:absolute;'
        f"left:{left};top:{top};width:{box_width};height:{box_height};box-sizing:border-box;"
        'border:2px solid #1f6fb2"><b style="position:absolute;left:-2px;bottom:100%;padding:0 4px;'
        f'background:#1f6fb2;color:white;font-size:14px;line-height:18px">{digit.digit}</b></span>'
    )


def _data_url(image: np.ndarray, ending: str) -> str:
    """A picture as a page holds it within its text; `ending` names the format."""
    kind = {".png": "png", ".jpg": "jpeg"}[ending]
    content = cv2.imencode(ending, image)[1].tobytes()
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


# --- 8. The command line --------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Print, a line a picture, the digits read and the probability of each."""
    parser = argparse.ArgumentParser(
        prog="utils.py", description="Read handwritten digits from pictures."
    )
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="path of a picture file")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    options = parser.parse_args(arguments)
    failed = False
    for path in options.pictures:
        try:
            digits, error = read_digits(path), None
        except CourseError as problem:
            digits, error, failed = [], str(problem), True
        if options.json:
            rows = [
                {"digit": d.digit, "probability": round(d.probability, 6), "box": d.box}
                for d in digits
            ]
            print(json.dumps({"picture": path, "digits": rows, "error": error}))
        elif error:
            print(error, file=sys.stderr)
        else:
            read = " ".join(f"{d.digit} ({d.probability:.1%})" for d in digits)
            print(f"{path}: {read or 'no digit found'}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
