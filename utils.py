"""What the notebooks share, in the order in which the course meets it.

1. Set-up: folders, and TensorFlow without its start-up lines.
2. Errors that a learner reads as one sentence.
3. Data: `load_mnist`, `load_mnist_csv`, `to_input`.
4. Showing and checking: `show_digits`, `check`.
5. Models: `save_model`, `load_model`.
6. Pictures: `open_picture`, `find_sheets`, `ink_of`, `find_marks`, `to_mnist`, `read_digits`.
7. The command line: `python utils.py PICTURE... [--json | --csv FILE]`
"""

import argparse
import contextlib
import errno
import functools
import hashlib
import io
import itertools
import json
import logging
import math
import os
import re
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import ExifTags, Image, ImageOps

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
        # Pixels lie in [0, 255] or in [0, 1]; interpolation goes a little beyond.
        axis.imshow(np.squeeze(image), cmap="Greys", vmin=0, vmax=255 if image.max() > 2 else 1)
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

MADE_BY = (
    {"dense": "03_dense_baseline.ipynb"}
    | dict.fromkeys(("cnn_a", "cnn_b", "cnn"), "04_cnn_training.ipynb")
    | {"my_reader": "10_reading_network.ipynb"}
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
        known = f"The course makes {', '.join(MADE_BY)}; a model of your own has to be saved first."
        if name in MADE_BY:
            known = f"Run notebooks/{MADE_BY[name]} first."
        elif name == READER:
            known = "Get it back with: git checkout -- models/shipped"
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
            ships = (SHIPPED / path.name).is_file()
            either = "Delete it to use the one that ships, or make" if ships else "Make"
            remedy = f"{either} it anew with {maker}."
        raise ModelError(f"{path} is damaged ({type(error).__name__}). {remedy}") from error


# --- 6. Pictures ----------------------------------------------------------------------------------

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF")
MAX_PIXELS = 50_000_000  # about 150 MB decoded; phones make 12 to 50 megapixels
MEGAPIXELS = f"{MAX_PIXELS // 10**6} megapixels"
MAX_BYTES = 6 * MAX_PIXELS  # of a file: 16-bit colour, not compressed, has 6 bytes a pixel
MAX_SCANS = 50  # of a JPEG; cameras and programs make up to 15, and each takes its time
# Bytes 4 to 11 of the files that iPhones write; Pillow needs the package pillow-heif for them.
HEIC_BRANDS = ("heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1")
WORKING_SIDES = 700, 1400  # pixels of the longer side while digits are looked for
LARGE = 80  # pixels; where most marks are as high, the smaller of these sides is enough
SHARP = 0.05  # of the brightness: a step between neighbouring pixels that is a sheet's edge
LEAST_SHEET = 0.1  # of the picture's area
LEAST_WITH_SHEET = 32  # pixels; a smaller picture shows a digit, and nothing beside its sheet
LEAST_DARKNESS = 0.5  # of the darkest mark's
LEAST_CONTRAST = 0.08  # of the paper's brightness; fainter marks count as paper

MOST_MARKS = 4000  # in one picture; the largest are kept
MOST_AT_ONCE = 500  # marks that the network is asked about in one call
READER = "reader"  # the model that reads pictures
FAINT = 0.25  # ink; a ruled line may be as faint, the paper's grain is not
LEAST_WITH_LINES = 12  # pixels; a narrower strip is not searched for lines
MOST_LINES = 200  # candidates in one direction, those with the most ink
LEAST_SIDE = 5  # pixels; what is smaller cannot be read
BROKEN = 0.03  # of the tallest mark's size: a gap up to twice as wide is one in a stroke
NO_DIGIT, SEVERAL = 10, 11  # columns of the reading network after those of the ten digits
SURE = 0.9  # a mark read with this probability is not joined to its neighbours
NONE = 0.3  # what the probability of "no digit" is multiplied with: who asks has written digits
NONE_CUT_OFF = 0.05  # the same for a piece that was cut off another one
LEAST = 0.2  # a digit that is less probable than this is not reported
LOW = 0.05  # the same for a digit not half as high as its row
OVERLAPPING = 0.2  # how probable it is that marks above one another are different digits
STROKE_COST = 0.15  # of a mark's height: what a cut costs for each stroke that it crosses
CUTS_APART = 0.08  # of the height: how far two cuts of a mark lie from one another, at least
MOST_COST = 0.75  # what a cut may cost; ink on all of its way costs 1
CUT_FROM = 0.05  # a mark is cut where "several" is more probable
MOST_CUTS = 14  # of a mark, the cheapest
MOST_PIECES = 9  # no more marks, or pieces between neighbouring cuts, are joined

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
    name = str(source) if isinstance(source, (str, os.PathLike)) else "The input"
    content = _content_of(source)
    if not content:
        raise ImageError(f"{name} is empty (0 bytes).")
    if len(content) > MAX_BYTES:
        raise ImageError(
            f"{name} has more than {MAX_BYTES // 10**6} MB. Make it smaller first, or check that "
            "it is a picture."
        )
    if content[:2] == b"\xff\xd8" and _scans_of_jpeg(content) > MAX_SCANS:
        raise ImageError(f"{name} is made to take very long: it has more than {MAX_SCANS} scans.")
    formats = FORMATS + _heif_formats()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(content), formats=formats)
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has more than {MEGAPIXELS}. Make it smaller first.") from error
    except Exception as error:  # as above
        if _is_heic(content) and formats == FORMATS:
            raise ImageError(
                f"{name} is a HEIC picture, as iPhones take them. To read it: pip install "
                "pillow-heif. Or save it as JPEG first."
            ) from error
        raise ImageError(
            f"{name} is no picture that can be read. Use PNG, JPEG, GIF, BMP, WebP or TIFF."
        ) from error


def _content_of(source: "bytes | str | os.PathLike") -> bytes:
    """A file's bytes; of one that is too large (or endless), only one byte more than is allowed."""
    if not isinstance(source, (str, os.PathLike)):
        return bytes(source)
    path = Path(source)
    if path.is_dir():
        raise ImageError(f"{path} is a folder. Give the path of a picture in it.")
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ImageError(f"Cannot read {path}: {error}") from error


def _scans_of_jpeg(content: bytes) -> int:
    """How often a JPEG file goes over its pixels; what follows the picture's end does not count."""
    scans, place = 0, 2
    while marker := re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]").search(content, place):
        if marker[0] == b"\xff\xd9":  # the end
            break
        scans += marker[0] == b"\xff\xda"
        segment = marker.end()
        place = segment + int.from_bytes(content[segment : segment + 2], "big")
    return scans


def _heif_formats() -> tuple[str, ...]:
    """The format of iPhone photos, where the package that reads it is installed."""
    try:
        import pillow_heif
    except ImportError:
        return ()
    pillow_heif.register_heif_opener()
    return ("HEIF",)


def _is_heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12].decode("latin-1") in HEIC_BRANDS


def _image_from_array(array: np.ndarray) -> Image.Image:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ImageError(f"Expected shape (H, W), (H, W, 3) or (H, W, 4), not {array.shape}.")
    if array.size:
        _check_size(array.shape[1], array.shape[0])
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    elif np.issubdtype(array.dtype, np.floating):
        array = _float_to_uint8(array)
    elif array.dtype != np.uint8:
        raise ImageError(f"Expected an array of uint8 or float, not {array.dtype}.")
    if not array.size:
        raise ImageError(f"The picture has no pixels: shape {array.shape}.")
    return Image.fromarray(np.ascontiguousarray(array))


def _float_to_uint8(array: np.ndarray) -> np.ndarray:
    """0 to 1 becomes 0 to 255, row by row, so that a large array needs no second one of floats."""
    if array.size:
        lowest, highest = float(array.min()), float(array.max())
        if not math.isfinite(lowest) or not math.isfinite(highest):  # NaN is passed on by both
            raise ImageError("The array holds NaN or infinite values.")
        if lowest < 0 or highest > 1:
            raise ImageError(
                f"A float array must lie in [0, 1], this one goes from {lowest:.3g} to "
                f"{highest:.3g}. Divide it by its maximum, or pass uint8."
            )
    result = np.empty(array.shape, np.uint8)
    for row, values in zip(result, array, strict=True):
        row[:] = np.round(values * 255)
    return result


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
        if image.getexif().get(ExifTags.Base.Orientation, 1) == 1:
            return image  # a copy of a large picture takes its time and memory
        return ImageOps.exif_transpose(image)
    except Exception:  # unreadable EXIF data: the pixels are still good
        return image


def _flatten(image: Image.Image) -> np.ndarray:
    """Convert any Pillow mode to RGB, uint8, and put transparent pixels on a background."""
    if image.mode.startswith(("I", "F")):
        to_rgb = functools.partial(_grey_to_rgb, top=_brightest(image))
    elif image.has_transparency_data:
        to_rgb = functools.partial(_put_on, background=_background_of(image))
    else:
        to_rgb = _to_rgb
    result = np.empty((image.height, image.width, 3), np.uint8)
    for rows, band in _bands(image):
        result[rows] = to_rgb(band)
    return result


def _bands(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Cut a picture into bands of about one megapixel, so that what is computed stays small."""
    height = max(1, 2**20 // image.width)
    for top in range(0, image.height, height):
        bottom = min(top + height, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _to_rgb(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def _brightest(image: Image.Image) -> float:
    """What counts as white in 16-bit, 32-bit or float grey."""
    highest = max(_finite(band).max() for _, band in _bands(image))
    return next((top for top in (1, 255, 65535) if highest <= top), highest)


def _finite(image: Image.Image) -> np.ndarray:
    return np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0)


def _grey_to_rgb(image: Image.Image, top: float) -> np.ndarray:
    """16-bit, 32-bit or float grey, of which `top` is white; shape (H, W, 1)."""
    return np.round(np.clip(_finite(image) / top, 0, 1) * 255).astype(np.uint8)[..., None]


def _background_of(image: Image.Image) -> tuple[int, int, int]:
    """Choose the colour that shines through a transparent picture."""
    step = max(1, math.isqrt(image.width * image.height // 10**6))
    pixels = np.concatenate(
        [
            np.asarray(band.convert("RGBA"))[::step, ::step].reshape(-1, 4)
            for _, band in _bands(image)
        ]
    )
    opaque = pixels[pixels[:, 3] > 127, :3]
    if len(opaque) > len(pixels) / 2:  # a picture with some transparent places: as around
        return tuple(int(level) for level in np.median(opaque, axis=0))
    # A drawing on a transparent canvas: the paper is what the ink is not.
    return (255,) * 3 if not len(opaque) or opaque.mean() < 128 else (0,) * 3


def _put_on(image: Image.Image, background: tuple[int, int, int]) -> np.ndarray:
    """Put a picture with transparent places on a background."""
    pixels = image.convert("RGBA")
    paper = Image.new("RGB", image.size, background)
    paper.paste(pixels, mask=pixels.getchannel("A"))
    return np.asarray(paper)


def ink_of(picture: np.ndarray, sheet: np.ndarray | None = None) -> np.ndarray:
    """Tell ink from paper under uneven light, dark on light or light on dark.

    Ink is how much darker a pixel is than the paper around it (see `paper_of`), as a share of the
    paper's brightness.

    Args:
        picture: uint8, shape (H, W, 3), RGB.
        sheet: where the paper is, one of `find_sheets`; None: everywhere.

    Returns:
        float32, shape (H, W): 0 where there is paper, 1 for the darkest ink; all 0 if no mark
        stands out from the paper.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = _small(grey)
    if sheet is not None:
        sheet = cv2.resize(sheet, small.shape[::-1], interpolation=cv2.INTER_NEAREST)
        small = _fill_beside(sheet, small)
    around = median_around(small)
    if is_light_on_dark(small, around):
        grey, small, around = 255 - grey, 255 - small, 255 - around
    paper = cv2.resize(paper_of(small, around), grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    # In deep shadow a few grey levels would be a large share: no paper counts as darker than 64.
    ink = np.clip((paper - grey) / np.maximum(paper, 64), 0, 1)
    on_sheet = ink[::3, ::3]
    if sheet is not None:
        mask = cv2.resize(sheet, grey.shape[::-1], interpolation=cv2.INTER_NEAREST)
        ink *= mask
        on_sheet = on_sheet[mask[::3, ::3] > 0]
    grain = 3 * np.median(on_sheet)  # paper is not even: this much is no ink yet
    marks = ink[ink > grain + LEAST_CONTRAST]
    if not len(marks):
        return np.zeros_like(ink)
    return np.clip((ink - grain) / (np.percentile(marks, 80) - grain), 0, 1)


def _small(grey: np.ndarray) -> np.ndarray:
    """A picture in the size in which its paper is looked at."""
    return cv2.resize(grey, size_within(grey.shape, 96), interpolation=cv2.INTER_AREA)


def find_sheets(picture: np.ndarray) -> list[np.ndarray | None]:
    """Where a sheet may lie, in a photo that shows a table, a wall or a border beside it.

    Sharp edges cut the picture into parts (the edge of a shadow is soft). A sheet is what lies
    between the corners of the parts that do not reach the picture's border; or it is the whole
    picture; or the largest part, cut off by the border.

    Args:
        picture: uint8, shape (H, W, 3), RGB.

    Returns:
        Masks, the most probable first: uint8, the shape of `_small(picture)`, 1 on the sheet; None
        is the whole picture.
    """
    small = cv2.medianBlur(_small(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)), 5)
    if min(small.shape) < LEAST_WITH_SHEET:
        return [None]
    step = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    even = step < SHARP * np.maximum(cv2.dilate(small, np.ones((3, 3), np.uint8)), 32)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(even.astype(np.uint8), connectivity=4)
    at_border = np.zeros(len(stats), bool)
    at_border[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    areas = stats[:, cv2.CC_STAT_AREA] / even.size
    within, largest = ~at_border & (areas > 0.01), np.zeros(len(stats), bool)
    within[0] = areas[0] = 0  # number 0 are the edges
    largest[areas.argmax()] = True
    first, last = (_between_corners(parts[labels]) for parts in (within, largest))
    sheets = [first] if _is_sheet(first, small, 0.8) else []
    return [*sheets, None, *([last] if _is_sheet(last, small, 0.2) else [])]


def _is_sheet(mask: np.ndarray, small: np.ndarray, least: float) -> bool:
    """Tell a sheet from paper between strokes.

    It is a rectangle, nearly. Along its edge there is no ink. Beside it, and along the picture's
    border, the brightness is another: at the share `least` of the pixels, or more.
    """
    if not LEAST_SHEET < mask.mean() < 0.97:
        return False
    _, (width, height), _ = cv2.minAreaRect(cv2.findNonZero(mask))
    if mask.sum() < 0.85 * (width + 1) * (height + 1):
        return False
    level = _fill_beside(mask, small).astype(np.float32)
    differs = np.abs(small - level) / np.maximum(level, 32)
    wider, wide = (cv2.dilate(mask, np.ones((n, n), np.uint8)) for n in (11, 7))
    beside = (wider > wide) & (mask == 0)
    edge = mask > cv2.erode(mask, np.ones((5, 5), np.uint8), borderValue=1)
    border = np.concatenate([differs[0], differs[-1], differs[:, 0], differs[:, -1]])
    differing = [np.mean(part > 2 * SHARP) for part in (differs[beside], border) if part.size]
    return bool(min(differing, default=0) > least and np.mean(differs[edge] > 0.15) < 0.05)


def _between_corners(part: np.ndarray) -> np.ndarray:
    """The convex hull of a part, without its edge: a sheet throws a shadow; uint8, same shape."""
    if not part.any():
        return part.astype(np.uint8)
    hull = cv2.convexHull(cv2.findNonZero(part.astype(np.uint8)))
    sheet = cv2.fillConvexPoly(np.zeros(part.shape, np.uint8), hull, 1)
    return cv2.erode(sheet, np.ones((3, 3), np.uint8), borderValue=1)


def _fill_beside(sheet: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Go on beyond the sheet with the brightness that it has near there."""
    blur = functools.partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=0.1 * max(small.shape))
    weight = blur(sheet.astype(np.float32))
    level = blur(sheet * small.astype(np.float32)) / np.maximum(weight, 1e-3)
    level = np.where(weight > 0.01, level, small[sheet > 0].mean())  # far away: the whole sheet's
    return np.where(sheet, small, level).astype(np.uint8)


def median_around(grey: np.ndarray) -> np.ndarray:
    """The median of each pixel's wide surroundings, most of which is paper; uint8, shape (H, W)."""
    return cv2.medianBlur(grey, min(round(min(grey.shape) * 0.6), 127) | 1)


def is_light_on_dark(grey: np.ndarray, around: np.ndarray) -> bool:
    """Tell whether the ink is brighter than the paper, from a picture and its `median_around`.

    Ink lies far from the brightness of the paper around it, on one side: the third power keeps
    the side and makes the large distances count. Strokes have sharp edges, reflected light has
    not: a pixel counts as much as its surroundings differ.
    """
    step = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return float((step * (grey.astype(np.float32) - around) ** 3).sum()) > 0


def paper_of(grey: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Estimate the brightness of the paper under dark ink.

    A morphological closing fills in what is dark and narrower than its kernel. A narrow kernel
    leaves shadows alone, but takes thick strokes for paper; a wide one fills shadows at their
    edge. The median is right in both cases, but not where there is more ink than paper. So the
    median is taken, between the two closings. The slope of the light is taken out before, since
    a closing raises the dark end of a slope.

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
    narrow, wide = (_closed(level, share) for share in (0.1, 0.4))
    paper = np.minimum(np.maximum(around / slope, narrow), wide)
    return cv2.GaussianBlur(_fill_under_thick_strokes(paper, level), (0, 0), 1) * slope


def _closed(level: np.ndarray, share: float) -> np.ndarray:
    """Morphological closing, the kernel's width a share of the shorter side."""
    width = round(min(level.shape) * share) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return cv2.morphologyEx(level, cv2.MORPH_CLOSE, kernel)


def _fill_under_thick_strokes(paper: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Mend the paper where a stroke is wider than the closing's kernel and was taken for paper.

    What is nearly as dark as the ink, compared with the wide surroundings without the ink, is ink.
    """
    share = 1 - level / np.maximum(paper, 1e-3)
    marks = share[share > LEAST_CONTRAST]
    if not len(marks) or (strength := np.percentile(marks, 80)) < 0.3:
        return paper
    for _ in range(3):
        blank = (share < 0.4 * strength).astype(np.float32)
        blur = functools.partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=0.2 * min(level.shape))
        wide = blur(level * blank) / np.maximum(blur(blank), 1e-3)
        dark = 1 - level / np.maximum(wide, 1e-3) > 0.75 * strength
        share = np.where(dark, strength, share)
    return np.where(dark, np.maximum(paper, wide), paper)


def size_within(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """Width and height of a picture of this shape when its longer side is `longest` pixels."""
    scale = longest / max(shape[:2])
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


@dataclass(frozen=True)
class Mark:
    """Ink that hangs together: a digit, a piece of one, or several that touch.

    Attributes:
        box: left, top, width, height in pixels.
        ink: float32, shape (height, width), 0 (paper) to 1 (ink), without the neighbours' ink.
    """

    box: Box
    ink: np.ndarray = field(repr=False, compare=False)


def find_marks(ink: np.ndarray) -> list[list[Mark]]:
    """Find ink that hangs together, without dust, ruled lines and frames.

    Args:
        ink: float32, shape (H, W), 0 (paper) to 1 (ink).

    Returns:
        Rows from the top, in each the marks from left to right.
    """
    mask, labels, boxes = _writing_in(ink)
    tallest = max((max(box[2:]) for box in boxes if not _is_sliver(box, ink.shape)), default=0)
    if tallest < LEAST_SIDE:
        return []
    # Join the parts of a stroke with a narrow gap: widen the ink, number it, narrow it again.
    reach = max(1, round(BROKEN * tallest))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    labels, boxes = _components(cv2.dilate(_without_specks(labels, boxes, 0.05 * tallest), kernel))
    labels *= mask
    boxes = [_narrowed(box, reach, ink.shape) for box in boxes]
    large = [
        (n, box)
        for n, box in enumerate(boxes, 1)
        if max(box[2:]) >= max(0.12 * tallest, 2) and not _is_sliver(box, ink.shape)
    ]
    large = sorted(large, key=lambda item: -max(item[1][2:]))[:MOST_MARKS]
    marks = _as_dark([_cut_out(ink, labels, n, box) for n, box in large])
    return _rows(marks) if marks else []


def _as_dark(marks: list[Mark]) -> list[Mark]:
    """The marks without those that are far fainter than others: creases, and what shines through.

    All digits of a picture are written with one pen, nearly.
    """
    if not marks:
        return []
    inked = [mark.ink[mark.ink > 0.1] for mark in marks]
    darkness = np.array([np.percentile(ink, 80) if ink.size else 0 for ink in inked])
    return [m for m, dark in zip(marks, darkness) if dark > LEAST_DARKNESS * darkness.max()]


def _writing_in(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Box]]:
    """Where there is writing: uint8, shape (H, W), 1 for inked pixels that are no line or frame.

    Returns:
        This mask, and its components: their numbers at each pixel, and their boxes.
    """
    # A little blur closes the gaps of a dry pen. It thins a fine pen's ink, so the threshold is a
    # share of what is left of it.
    even = cv2.GaussianBlur(ink, (0, 0), max(0.5, max(ink.shape) / 400))
    inked = even[ink > 0.5]
    if not len(inked):
        return np.zeros(ink.shape, np.uint8), np.zeros(ink.shape, np.int32), []
    mask = (even > 0.35 * min(np.percentile(inked, 80), 0.85)).astype(np.uint8)
    labels, boxes = _components(mask)
    if _is_texture(mask, boxes):
        return np.zeros_like(mask), labels, []
    # Lines and frames may be fainter than the writing: they are looked for in all that is no paper.
    whole, traces = mask, mask | (ink > FAINT).astype(np.uint8)
    faint_boxes = _components(traces)[1]
    if any(_is_long(box, mask.shape) for box in faint_boxes):
        lines = _lines(traces, thickest=0.03)
        mask, traces = (_without_lines(part, lines) for part in (mask, traces))
        faint_boxes = _components(traces)[1]
    biggest = max((max(box[2:]) for box in faint_boxes), default=0)
    large = [box for box in faint_boxes if max(box[2:]) > 0.3 * biggest]
    rest = _without_frames(mask, traces, large)
    return rest, *((labels, boxes) if rest is whole else _components(rest))


def _is_texture(mask: np.ndarray, boxes: list[Box]) -> bool:
    """Tell noise and weave, many grains or ink all over, from writing."""
    if len(boxes) <= 50:
        return False
    sides = np.array([max(box[2:]) for box in boxes])
    grainy = np.mean(sides <= 2) > 0.4 and sides.max() < 0.1 * max(mask.shape)
    return bool(grainy or mask.mean() > 0.35)


def _without_specks(labels: np.ndarray, boxes: list[Box], least: float) -> np.ndarray:
    """The mask of the components that are at least `least` pixels wide or high."""
    large = [False] + [max(box[2:]) >= least for box in boxes]  # number 0 is the paper
    return np.array(large, np.uint8)[labels]


def _narrowed(box: Box, reach: int, shape: tuple[int, int]) -> Box:
    """The box of a mark before it was widened by `reach` pixels; the border has cut some off."""
    left, top, width, height = box
    right, bottom = left + width, top + height
    left, top = left + reach if left else 0, top + reach if top else 0
    right = right - reach if right < shape[1] else right
    bottom = bottom - reach if bottom < shape[0] else bottom
    return left, top, right - left, bottom - top


def _is_long(box: Box, shape: tuple[int, int]) -> bool:
    """Tell what may be a part of a ruled line, or hang on one."""
    *_, width, height = box
    flat, upright = width > 6 * height, height > 6 * width
    return (
        width > (0.25 if flat else 0.6) * shape[1] or height > (0.25 if upright else 0.6) * shape[0]
    )


def _components(mask: np.ndarray) -> tuple[np.ndarray, list[Box]]:
    """Number the connected pixels of a mask; boxes of the numbers 1, 2, ..."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return labels, [tuple(row[:4]) for row in stats[1:].tolist()]


def _cut_out(ink: np.ndarray, labels: np.ndarray, number: int, box: Box) -> Mark:
    left, top, width, height = box
    window = np.s_[top : top + height, left : left + width]
    own = (labels[window] == number).astype(np.uint8)
    # Keep the soft edge of the strokes, which lies just outside the mask.
    return Mark(box, ink[window] * cv2.dilate(own, np.ones((3, 3), np.uint8)))


def _is_sliver(box: Box, shape: tuple[int, int]) -> bool:
    """Tell a neighbour's or a frame's last pixels at the border from digits."""
    left, top, width, height = box
    near_x, near_y = 0.02 * shape[1], 0.02 * shape[0]
    at_side = left <= near_x or left + width >= shape[1] - near_x
    at_end = top <= near_y or top + height >= shape[0] - near_y
    return (at_side and width < 0.05 * shape[1]) or (at_end and height < 0.05 * shape[0])


def _without_lines(mask: np.ndarray, lines: list[tuple[np.ndarray, float]]) -> np.ndarray:
    """Take out ruled lines or a frame.

    If what is left fills the picture, one or two lines as wide as the strokes may be part of a
    digit (the top of a 7), and stay.

    Args:
        mask: uint8, shape (H, W), 1 where there is ink.
        lines: as `_lines` returns them.
    """
    if not lines:
        return mask
    rest = _without_ink_of(lines, mask)
    if not rest.any():
        return mask
    spans = [np.ptp(np.flatnonzero(rest.any(axis=axis))) + 1 for axis in (1, 0)]
    if len(lines) > 2 or max(spans[0] / mask.shape[0], spans[1] / mask.shape[1]) < 0.85:
        return rest
    inner = cv2.erode(rest, np.ones((3, 3), np.uint8), borderValue=0)
    stroke = 2 * rest.sum() / max((rest - inner).sum(), 1)
    return _without_ink_of([line for line in lines if line[1] < 0.6 * stroke], mask)


def _without_ink_of(lines: list[tuple[np.ndarray, float]], mask: np.ndarray) -> np.ndarray:
    """The mask without these lines, and without the spots that are left where lines cross."""
    if not lines:
        return mask
    rest = mask & ~np.any([inked for inked, _ in lines], axis=0)
    return _without_specks(*_components(rest), 3 * max(thickness for _, thickness in lines))


def _lines(
    mask: np.ndarray, thickest: float, margin: float = 0.5
) -> list[tuple[np.ndarray, float]]:
    """Find straight, thin lines that run across the whole picture, lying or standing.

    Args:
        mask: uint8, shape (H, W), 1 where there is ink.
        thickest: a line's thickness as a share of the longer side; a digit's strokes are thicker.
        margin: how far from a side, as a share of the picture, a line may lie.

    Returns:
        Of each line where its ink is, bool, shape (H, W), without the strokes that cross it; and
        its thickness in pixels.
    """
    return [
        (inked.T if standing else inked, thickness)
        for standing, turned in enumerate((mask, mask.T))
        for inked, thickness in _lying_lines(turned, thickest, margin)
        if thickness <= thickest * max(mask.shape)
    ]


def _lying_lines(
    mask: np.ndarray, thickest: float, margin: float
) -> list[tuple[np.ndarray, float]]:
    """Those of `_lines` that run from the left to the right side."""
    if min(mask.shape) < LEAST_WITH_LINES:
        return []
    reach = max(3, round(0.05 * min(mask.shape)), round(thickest * max(mask.shape)))
    scale = min(1, 400 / mask.shape[1])
    size = max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale))
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    least = round(0.4 * small.shape[1])  # pixels on a line; it need not be quite straight
    level = np.pi / 2
    found = cv2.HoughLines(small, 1, np.pi / 360, least, None, 0, 0, level - 0.12, level + 0.12)
    columns = np.arange(mask.shape[1])
    lines: list[tuple[np.ndarray, float]] = []
    taken = np.zeros(mask.shape, bool)
    for distance, angle in [] if found is None else found[:MOST_LINES, 0, :2]:
        start, slope = distance / np.sin(angle) / scale, -1 / np.tan(angle)
        path = np.round(start + slope * columns).astype(int)
        from_side = min(path.mean(), mask.shape[0] - path.mean())
        known = taken[np.clip(path, 0, mask.shape[0] - 1), columns].mean() > 0.5
        if 0 <= from_side <= margin * mask.shape[0] and not known:
            line = _line_through(mask, start, slope, reach)
            if line is not None:
                lines.append(line)
                taken |= cv2.dilate(line[0].astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return lines


def _line_through(
    mask: np.ndarray, start: float, slope: float, reach: int
) -> tuple[np.ndarray, float] | None:
    """The ink of a line that begins at height `start` at the left side, if there is a thin one."""
    height, width = mask.shape
    columns = np.arange(width)
    path, near = start + slope * columns, 0.3 * reach
    offsets = np.arange(-reach, reach + 1)[:, None]
    for _ in range(2):  # the second time along a curve through what was found: paper bends
        rows = np.round(path).astype(int) + offsets
        there = (rows >= 0) & (rows < height)
        rows = np.clip(rows, 0, height - 1)
        band = there & (mask[rows, columns] > 0)
        # The ink nearest to the path, and what hangs together with it.
        gap = np.where(band, np.abs(offsets), 2 * reach)
        below = np.cumsum(~band, axis=0)
        run = band & (below == np.take_along_axis(below, gap.argmin(axis=0)[None], axis=0))
        thickness = run.sum(axis=0)
        on_line = gap.min(axis=0) <= near
        if on_line.mean() < 0.8:
            return None
        usual = float(np.median(thickness[on_line]))
        on_line &= thickness <= 1.5 * usual + 1  # elsewhere a stroke crosses it
        if usual > reach or on_line.mean() < 0.3:
            return None
        middle = (run * rows).sum(axis=0)[on_line] / thickness[on_line]
        path = np.polyval(np.polyfit(columns[on_line], middle, 2), columns)
        near = max(2, usual)
    run &= on_line
    inked = np.zeros(mask.shape, bool)
    inked[rows[run], np.broadcast_to(columns, run.shape)[run]] = True
    return inked, usual


def _without_frames(mask: np.ndarray, traces: np.ndarray, boxes: list[Box]) -> np.ndarray:
    """Take out the frames of form cells: marks with ink along at least three sides of their box.

    Args:
        mask: uint8, shape (H, W), 1 where there is ink.
        traces: same dtype and shape, 1 where there is ink, be it faint.
        boxes: those of the marks of `traces` that may be frames.
    """
    cleared = mask
    for left, top, width, height in boxes:
        band = max(2, round(0.08 * min(width, height)))
        if min(width, height) < 4 * band:
            continue
        place = np.s_[top : top + height, left : left + width]
        window = traces[place]
        sides = window[:band], window[-band:], window[:, :band].T, window[:, -band:].T
        if sum(side.any(axis=0).mean() > 0.8 for side in sides) >= 3:
            lines = _lines(window, thickest=0.1, margin=0.15)
            if len(lines) >= 3:
                cleared = mask.copy() if cleared is mask else cleared
                cleared[place] &= _without_lines(mask[place], lines)
    return cleared


def _rows(marks: list[Mark]) -> list[list[Mark]]:
    """Rows from the top, left to right in a row; a row may slope. Small marks join a near row."""
    tall = np.median([m.box[3] for m in marks if m.box[3] >= 0.5 * max(m.box[3] for m in marks)])
    rows: list[list[Mark]] = []
    for mark in sorted((m for m in marks if m.box[3] >= 0.5 * tall), key=lambda m: m.box[0]):
        _, top, _, height = mark.box
        for row in rows:  # the row's last mark tells how high the row is by now
            _, row_top, _, row_height = row[-1].box
            shared = min(top + height, row_top + row_height) - max(top, row_top)
            if shared > 0.4 * min(height, row_height):
                row.append(mark)
                break
        else:
            rows.append([mark])
    rows.sort(key=lambda row: np.mean([m.box[1] + m.box[3] / 2 for m in row]))
    members = [(r, m.box) for r, row in enumerate(rows) for m in row]
    starts = np.array([box[:2] for _, box in members])
    ends = starts + [box[2:] for _, box in members]
    for mark in marks:
        if mark.box[3] < 0.5 * tall:
            start, end = np.array(mark.box[:2]), np.add(mark.box[:2], mark.box[2:])
            apart = np.maximum(np.maximum(starts - end, start - ends), 0).max(axis=1)
            rows[members[apart.argmin()][0]].append(mark)
    return [sorted(row, key=lambda m: m.box[0] + m.box[2] / 2) for row in rows]


def _join(marks: list[Mark]) -> Mark:
    """Several marks as one."""
    if len(marks) == 1:
        return marks[0]
    left, top = (min(m.box[i] for m in marks) for i in (0, 1))
    right, bottom = (max(m.box[i] + m.box[i + 2] for m in marks) for i in (0, 1))
    ink = np.zeros((bottom - top, right - left), np.float32)
    for m in marks:
        x, y = m.box[0] - left, m.box[1] - top
        window = ink[y : y + m.box[3], x : x + m.box[2]]
        np.maximum(window, m.ink, out=window)
    return Mark((left, top, right - left, bottom - top), ink)


def find_cuts(mark: Mark) -> list[np.ndarray]:
    """Find paths from the top to the bottom of a mark that cross few strokes, to cut it there.

    For each place in the middle row, the cheapest path through it is found by dynamic programming,
    once from the top and once from the bottom. A path moves at most one pixel aside in each row.
    It costs what ink lies on it, and something for each stroke that it crosses: digits touch at
    one place, the way through a loop crosses two.

    Returns:
        The paths from left to right, at most `MOST_CUTS`: int, shape (height,), the column
        right of the cut in each row.
    """
    rows = 32
    columns = max(4, round(mark.box[2] * rows / mark.box[3]))
    small = cv2.resize(mark.ink, (columns, rows), interpolation=cv2.INTER_AREA)
    stroke = STROKE_COST * rows / 2  # once where a path enters a stroke, once where it leaves it

    def descend(lines: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Cost of the cheapest path to each column of the last line, and the steps on the way."""
        # Of each pixel the three above it: what it costs to go on from there, shape (.., .., 3).
        above = np.lib.stride_tricks.sliding_window_view(np.pad(lines, ((0, 0), (1, 1))), 3, axis=1)
        entering = stroke * np.abs(lines[1:, :, None] - above[:-1]) + [0.02, 0, 0.02]
        cost, steps = lines[0] * (1 + stroke), []
        for line, enter in zip(lines[1:], entering, strict=True):
            padded = np.pad(cost, 1, constant_values=np.inf)
            choices = np.lib.stride_tricks.sliding_window_view(padded, 3) + enter
            steps.append(choices.argmin(axis=1) - 1)
            cost = choices.min(axis=1) + line
        return cost, steps

    half = rows // 2
    (above, steps_up), (below, steps_down) = descend(small[:half]), descend(small[: half - 1 : -1])
    # Where the halves meet, a path may enter or leave a stroke as well.
    cost = above + below + stroke * np.abs(small[half - 1] - small[half])
    halves = []
    for steps in (steps_up, steps_down):
        path = [np.arange(columns)]
        for step in reversed(steps):
            path.append(path[-1] + step[path[-1]])
        halves.append(np.stack(path, axis=1))
    paths = np.concatenate([halves[0][:, ::-1], halves[1]], axis=1)  # of shape (columns, rows)
    chosen, near = [], np.zeros(columns, bool)  # near: too close to one that was chosen
    for x in np.argsort(cost, kind="stable"):
        if cost[x] > MOST_COST * rows or len(chosen) == MOST_CUTS:
            break
        if not near[x]:
            chosen.append(paths[x])
            near |= np.abs(paths - paths[x]).mean(axis=1) < CUTS_APART * rows
    places = np.linspace(0, rows - 1, mark.box[3])
    scale = mark.box[2] / columns
    cuts: list[np.ndarray | None] = [None]
    for path in sorted(chosen, key=np.mean):
        cut = np.round((np.interp(places, range(rows), path) + 0.5) * scale).astype(int)
        if part_between(mark, cuts[-1], cut) and part_between(mark, cut, None):
            cuts.append(cut)
    return cuts[1:]


def part_between(mark: Mark, left: np.ndarray | None, right: np.ndarray | None) -> Mark | None:
    """The part of a mark from one cut to another, as `find_cuts` returns them.

    Args:
        mark: the whole mark.
        left, right: the cuts, int, shape (height,), columns of `mark.ink`; None is the mark's end.

    Returns:
        The part; None where no ink lies between.
    """
    if left is None and right is None:
        return mark
    # What lies outside of both cuts is not even looked at: there may be many parts.
    first = 0 if left is None else max(int(left.min()), 0)
    last = mark.box[2] if right is None else min(int(right.max()), mark.box[2])
    columns, own = np.arange(first, last), mark.ink[:, first:last]
    if left is not None:
        own = own * (columns >= left[:, None])
    if right is not None:
        own = own * (columns < right[:, None])
    ys, xs = (np.flatnonzero((own > 0.3).any(axis=axis)) for axis in (1, 0))
    if not len(xs):
        return None
    left_edge = mark.box[0] + first + xs[0]
    box = (left_edge, mark.box[1] + ys[0], np.ptp(xs) + 1, np.ptp(ys) + 1)
    return Mark(tuple(map(int, box)), own[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1])


def _choose(rows: list[list[Mark]], predict: Callable) -> list[tuple[Mark, np.ndarray]]:
    """Decide which marks are digits, which are pieces of one, and which several that touch.

    A mark may be a digit by itself, its neighbours may belong to it, or it may have to be cut. The
    network says how probable each reading is; of all ways to divide a row the most probable one
    is taken (dynamic programming along the row).

    Args:
        rows: as `find_marks` returns them.
        predict: takes marks, gives float32 of shape (n, 12), the ten digits, "no digit", "several".

    Returns:
        The digits in reading order, each with its probabilities.
    """
    marks = [mark for row in rows for mark in row]
    known = {id(mark): row for mark, row in zip(marks, predict(marks), strict=True)}
    plans = [_ways_to_divide(row, known) for row in rows]
    new = [part.mark for plan in plans for part in plan if id(part.mark) not in known]
    if new:
        known |= {id(mark): row for mark, row in zip(new, predict(new), strict=True)}
    return [item for plan in plans for item in _most_probable(plan, known)]


@dataclass(frozen=True)
class _Part:
    """A stretch of a row that may be read as one digit, or as none.

    Attributes:
        start, end: which of the row's pieces it holds.
        mark: their ink.
        prior: how probable it is that these pieces make a digit, before the network is asked.
        prior_none: the same for "no digit".
    """

    start: int
    end: int
    mark: Mark
    prior: float
    prior_none: float


@dataclass(frozen=True)
class _Piece:
    """A whole mark, or what lies between two neighbouring cuts of one.

    Attributes:
        mark: the whole mark.
        left, right: its cuts, as `find_cuts` returns them; None is the mark's end.
        prior: how probable it is that a digit begins here, before the network is asked.
        cut: how probable it is that the mark has to be cut.
        unsure: whether the network may be wrong about the whole mark.
    """

    mark: Mark
    left: np.ndarray | None
    right: np.ndarray | None
    prior: float
    cut: float
    unsure: bool


def _stretch(pieces: list[_Piece]) -> list[Mark]:
    """The marks, or parts of them, that consecutive pieces make."""
    parts = []
    for _, group in itertools.groupby(pieces, key=lambda piece: id(piece.mark)):
        first, *rest = group
        parts.append(part_between(first.mark, first.left, (rest or [first])[-1].right))
    return [part for part in parts if part is not None]


def _ways_to_divide(row: list[Mark], known: dict[int, np.ndarray]) -> list[_Part]:
    """All parts of a row that are worth a look, sorted by where they start."""
    heights = np.array([mark.box[3] for mark in row])
    tall = np.median(heights[heights >= 0.5 * heights.max()])
    pieces, wholes = [], {}  # wholes: a mark's first piece -> the piece after its last, the mark
    for before, mark in zip([None, *row], row, strict=False):
        probabilities = known[id(mark)]
        wide = mark.box[2] > 0.5 * mark.box[3]
        cuts = find_cuts(mark) if wide and probabilities[SEVERAL] > CUT_FROM else []
        wholes[len(pieces)] = len(pieces) + len(cuts) + 1, mark
        apart = before is None or _overlap(_stretch(pieces[-1:])[0], mark) <= 0.3
        unsure = probabilities[:10].max() < SURE or mark.box[3] < 0.6 * tall
        # Both priors count once for each mark: at its first piece.
        prior, cut = 1.0 if apart else OVERLAPPING, probabilities[SEVERAL] if cuts else 1.0
        for left, right in itertools.pairwise([None, *cuts, None]):
            pieces.append(_Piece(mark, left, right, prior, cut, unsure))
            prior, cut = 1.0, 1.0
    starts = [p.mark.box[0] + (0 if p.left is None else p.left.mean()) for p in pieces]
    ends = [p.mark.box[0] + (p.mark.box[2] if p.right is None else p.right.mean()) for p in pieces]
    parts, widest = [], 1.6 * heights.max()  # narrower ones are looked at in `_may_be_one`
    for start in range(len(pieces)):
        last, mark = wholes.get(start, (start + 1, None))
        for end in sorted({*range(start + 1, min(start + MOST_PIECES, len(pieces)) + 1), last}):
            whole = mark if end == last else None
            too_wide = ends[end - 1] - starts[start] > widest
            members = [whole] if whole else [] if too_wide else _stretch(pieces[start:end])
            if not members:
                continue
            top = min(m.box[1] for m in members)
            height = max(m.box[1] + m.box[3] for m in members) - top
            first = pieces[start].prior
            prior = first * (LOW if height < 0.5 * tall else 1)
            cut = math.prod(piece.cut for piece in pieces[start:end])
            if whole:
                parts.append(_Part(start, end, whole, prior, NONE))
            elif end == start + 1:
                none = NONE_CUT_OFF * first * cut
                parts.append(_Part(start, end, members[0], prior * cut, none))
            elif _may_be_one(members, any(p.unsure for p in pieces[start:end]), tall):
                parts.append(_Part(start, end, _join(members), prior * cut, 0))
    return parts


def _overlap(a: Mark, b: Mark) -> float:
    """How much two marks lie above one another, as a share of the narrower one's width."""
    shared = min(a.box[0] + a.box[2], b.box[0] + b.box[2]) - max(a.box[0], b.box[0])
    return shared / min(a.box[2], b.box[2])


def _most_probable(
    parts: list[_Part], known: dict[int, np.ndarray]
) -> list[tuple[Mark, np.ndarray]]:
    """The digits of the most probable way to divide a row."""
    # For each place between two pieces: how probable the best way to it is, and its last part.
    best: dict[int, tuple[float, _Part | None, bool]] = {0: (0.0, None, False)}
    for part in parts:
        if part.start not in best:
            continue
        row = known[id(part.mark)]
        # A mark of several digits that cannot be cut is none, a part that is still several as well.
        none = row[NO_DIGIT] + (row[SEVERAL] if part.end == part.start + 1 else 0)
        readings = [(none * part.prior_none, False)]
        if row[:10].max() > LEAST:
            readings.append((row[:10].max() * part.prior, True))
        for probability, is_digit in readings:
            total = best[part.start][0] + float(np.log(probability + 1e-9))
            if part.end not in best or total > best[part.end][0]:
                best[part.end] = (total, part, is_digit)
    digits, place = [], max(best)
    while place:
        _, part, is_digit = best[place]
        if is_digit:
            digits.append((part.mark, known[id(part.mark)]))
        place = part.start
    return digits[::-1]


def _may_be_one(members: list[Mark], unsure: bool, tall: float) -> bool:
    """Tell whether neighbouring marks, or pieces of one mark, may be one digit."""
    lefts = [m.box[0] for m in members]
    rights = [m.box[0] + m.box[2] for m in members]
    tops, bottoms = zip(*sorted((m.box[1], m.box[1] + m.box[3]) for m in members), strict=True)
    height = max(bottoms) - tops[0]
    if max(rights) - min(lefts) >= 1.3 * max(tall, height):
        return False
    # Nor does a piece hang far above the others.
    reached = itertools.accumulate(bottoms, max)
    if any(top - bottom > 0.3 * tall for bottom, top in zip(reached, tops[1:], strict=False)):
        return False
    gaps = [left - right for left, right in zip(lefts[1:], rights[:-1], strict=True)]
    if not gaps:  # the pieces are of one mark
        return True
    return max(gaps) < 0.3 * tall and (unsure or min(gaps) < 0)


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
    digit = cv2.resize(digit, size_within(digit.shape, 20), interpolation=cv2.INTER_AREA)
    inked = np.sort(digit[digit > 0])
    digit = np.clip(digit / max(inked[int(0.9 * len(inked))], 0.1), 0, 1)
    height, width = digit.shape
    # Not cv2.moments: it takes an array of two columns, a thin 1, for a list of points.
    middle = [digit.sum(axis) @ np.arange(n) / digit.sum() for axis, n in ((0, width), (1, height))]
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
        model: takes float32 of shape (n, 28, 28, 1), gives probabilities of shape (n, 12) for the
            ten digits, "no digit" and "several", or of shape (n, 10) for the digits alone;
            without it, `load_model("reader")`.

    Returns:
        The digits in reading order; an empty list where there is none.

    Raises:
        ImageError: the input is no readable picture.
        ModelError: there is no model, or it is damaged.
    """
    upright = open_picture(picture)
    model = load_model(READER) if model is None else model
    readings = []
    shrunk = shrunk_to(upright, WORKING_SIDES[0])
    for sheet in find_sheets(shrunk):
        digits, sure = _read_sheet(upright, shrunk, sheet, model)
        if sure:
            return digits
        readings.append(digits)
    return max(readings, key=_mean_probability)


def _mean_probability(digits: list[Digit]) -> float:
    return float(np.mean([d.probability for d in digits])) if digits else 0.0


def shrunk_to(picture: np.ndarray, longest: int) -> np.ndarray:
    """The picture itself, or a smaller one whose longer side has `longest` pixels."""
    if max(picture.shape) <= longest:
        return picture
    return cv2.resize(picture, size_within(picture.shape, longest), interpolation=cv2.INTER_AREA)


def _read_sheet(
    upright: np.ndarray, shrunk: np.ndarray, sheet: np.ndarray | None, model: keras.Model
) -> tuple[list[Digit], bool]:
    """The digits on a sheet (None: the picture), and whether they are surely all that is there."""
    height, width = upright.shape[:2]
    working, rows = shrunk, find_marks(ink_of(shrunk, sheet))
    heights = [mark.box[3] for row in rows for mark in row]
    if shrunk is not upright and not (heights and np.median(heights) >= LARGE):
        working = shrunk_to(upright, WORKING_SIDES[1])
        rows = find_marks(ink_of(working, sheet))
        heights = [mark.box[3] for row in rows for mark in row]

    def predict(marks: list[Mark]) -> np.ndarray:
        images = np.stack([to_mnist(mark.ink) for mark in marks])
        starts = range(0, len(images), MOST_AT_ONCE)  # a page of many takes little memory then
        batches = [to_input(images[start : start + MOST_AT_ONCE]) for start in starts]
        rows = np.concatenate([model.predict_on_batch(batch) for batch in batches])
        return np.pad(rows, ((0, 0), (0, 12 - rows.shape[1])))

    scale = np.array([width / working.shape[1], height / working.shape[0]] * 2)
    digits, sides = [], []
    for mark, row in _choose(rows, predict) if rows else []:
        if sheet is not None and not _is_on(sheet, mark.box, working.shape):
            continue  # the edge of the sheet, or cut off by it
        box = tuple(int(v) for v in mark.box * scale)
        image = to_mnist(mark.ink)
        digits.append(Digit(int(row[:10].argmax()), float(row[:10].max()), box, image, row[:10]))
        sides.append(mark.box[3])
    sure = (
        bool(digits)
        and min(d.probability for d in digits) > SURE
        and max(heights) == max(sides) < 2.5 * min(sides)  # all are digits, and of one hand
    )
    return digits, sure


def _is_on(sheet: np.ndarray, box: Box, shape: tuple[int, ...]) -> bool:
    """Tell whether a box in a picture of this shape lies on the sheet, with all its corners."""
    scale = np.array(sheet.shape) / shape[:2]
    top, left = np.floor(np.array([box[1], box[0]]) * scale).astype(int)
    bottom, right = np.ceil(np.array([box[1] + box[3], box[0] + box[2]]) * scale).astype(int)
    return bool(sheet[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1].all())


# --- 7. The command line --------------------------------------------------------------------------

MANY = 20  # pictures; more get a progress bar


def main(arguments: list[str] | None = None) -> int:
    """Print, a line a picture, the digits read and the probability of each; or write them as CSV.

    Returns:
        0 if every picture was read and everything written, else 1.
    """
    options = _parse(arguments)
    readings = _read_all(options.pictures)
    if options.csv:
        return _write_csv(options.csv, _with_progress(readings, len(options.pictures)))
    failed = False
    for path, digits, problem in readings:
        failed = failed or bool(problem)
        if options.json:
            rows = [
                {"digit": d.digit, "probability": round(d.probability, 6), "box": d.box}
                for d in digits
            ]
            print(json.dumps({"picture": path, "digits": rows, "error": problem or None}))
        elif problem:
            print(problem, file=sys.stderr)
        else:
            read = " ".join(f"{d.digit} ({d.probability:.1%})" for d in digits)
            print(f"{path}: {read or 'no digit found'}")
    return 1 if failed else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="utils.py", description="Read handwritten digits from pictures."
    )
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="path of a picture file")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object a line")
    output.add_argument(
        "--csv", metavar="FILE", type=Path, help="write a CSV file, a row a picture"
    )
    return parser.parse_args(arguments)


def _read_all(paths: list[str]) -> Iterator[tuple[str, list[Digit], str]]:
    """Each path with its digits and its problem, "" where there is none."""
    for path in paths:
        try:
            yield path, read_digits(path), ""
        except CourseError as problem:
            yield path, [], str(problem)


def _with_progress(readings: Iterator[tuple], count: int) -> Iterator[tuple]:
    """The same readings; where they are many, a bar on the terminal says how far they are."""
    if count <= MANY or not sys.stderr.isatty():
        yield from readings
        return
    on_stderr = functools.partial(contextlib.redirect_stdout, sys.stderr)
    with on_stderr():  # here Progbar looks whether it writes to a terminal
        bar = keras.utils.Progbar(count, unit_name="picture")
    for done, reading in enumerate(readings, 1):
        yield reading
        with on_stderr():
            bar.update(done)


def _write_csv(path: Path, readings: Iterator[tuple[str, list[Digit], str]]) -> int:
    """Read the pictures and write the table of them; returns the exit status.

    Reading happens between opening and replacing the file: where it cannot be written, the message
    comes before the pictures are read, not after.
    """
    table = None

    def write(draft: Path) -> None:
        nonlocal table
        table = _table_of(readings)
        table.to_csv(draft, index=False, errors="backslashreplace")  # a name may be no valid text

    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        write_whole(path, write)
    except OSError as error:
        print(f"Cannot write {path}: {error.strerror}.", file=sys.stderr)
        return 1
    failed = int((table["problem"] != "").sum())
    if failed:
        print(f"{failed} of {len(table)} pictures could not be read, see {path}.", file=sys.stderr)
    return 1 if failed else 0


def _table_of(readings: Iterator[tuple[str, list[Digit], str]]) -> pd.DataFrame:
    """A row a picture; the lowest probability is empty where there is no digit."""
    rows = [
        (
            picture,
            "".join(str(d.digit) for d in digits),
            min((round(d.probability, 6) for d in digits), default=None),
            problem,
        )
        for picture, digits, problem in readings
    ]
    return pd.DataFrame(rows, columns=["picture", "digits", "lowest probability", "problem"])


if __name__ == "__main__":
    raise SystemExit(main())
