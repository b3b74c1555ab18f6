"""What the notebooks share, in the order in which the course meets it.

1. Set-up: folders, and TensorFlow without its start-up lines.
2. Data: `load_mnist`, `load_mnist_csv`, `to_input`.
3. Showing and checking: `show_digits`, `check`.
4. Models and results: `save_model`, `load_model`, `measured`, `full_budget`.
5. Pictures: `to_mnist`, `read_digits`. The steps on the way have a file each: `tools/decode.py`
   (`open_picture`), `tools/paper.py` (`between_bars`, `find_sheets`, `ink_of`), `tools/marks.py`
   (`find_marks`), `tools/divide.py` (`find_cuts`, `choose_digits`).
6. The command line: `python utils.py PICTURE... [--json | --csv FILE]`
"""

import argparse
import contextlib
import errno
import functools
import glob
import hashlib
import io
import json
import logging
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# Some of these are here for the notebooks, which take each step of reading from utils.
from tools.decode import open_picture
from tools.divide import NO_DIGIT, SEVERAL, SURE, choose_digits, find_cuts, part_between  # noqa: F401
from tools.errors import CourseError, DataError, ImageError, ModelError  # noqa: F401
from tools.marks import LEAST_INK, Box, Mark, find_marks
from tools.paper import (  # noqa: F401
    between_bars,
    find_sheets,
    ink_of,
    is_light_on_dark,
    is_on,
    median_around,
    shrunk_by_whole,
    shrunk_to,
    size_within,
    to_grey,
)

# --- 1. Set-up ------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parent
DATA = ROOT / "data"
BUILD = ROOT / "build"
# Tests and benchmarks train into a folder of their own; everybody else trains into models/.
MODELS = Path(os.environ.get("DIGITS_MODELS", ROOT / "models"))
SHIPPED = ROOT / "models" / "shipped"
# `make experiments` keeps its results there; a notebook that a learner runs keeps none.
EXPERIMENTS = os.environ.get("DIGITS_EXPERIMENTS")


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
# Whoever runs a training cell five times would read a page on a network that is traced anew.
logging.getLogger("tensorflow").addFilter(lambda said: "retracing" not in said.getMessage())


# --- 2. Data --------------------------------------------------------------------------------------

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

    Raises:
        ValueError: the array has another shape or dtype.
    """
    if images.ndim != 3 or images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        raise ValueError(
            f"to_input takes uint8 of shape (n, 28, 28), not {images.dtype} of {images.shape}."
        )
    return images[..., np.newaxis] / np.float32(255)


# --- 3. Showing and checking ----------------------------------------------------------------------


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


# --- 4. Models and results ------------------------------------------------------------------------

MADE_BY = (
    {"dense": "03_dense_baseline.ipynb"}
    | dict.fromkeys(("cnn_a", "cnn_b", "cnn"), "04_cnn_training.ipynb")
    | {"my_reader": "10_reading_network.ipynb"}
)
# Their training is too long for a notebook as a learner runs it.
ONLY_SHIPPED = (
    *("reader", "tiny", "small", "small_2", "small_3"),
    *("medium", "medium_2", "medium_3", "large", "large_2", "large_3"),
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
    return write_whole(MODELS / _file_of(name), bare.save)


def _file_of(name: str) -> str:
    return name if name.endswith((".keras", ".h5")) else f"{name}.keras"


def load_model(name: str) -> keras.Model:
    """Load the model that you trained, `models/NAME.keras`, or else the one that ships.

    Each file is read once: whoever asks for the same name gets the same model.

    Raises:
        ModelError: there is no such model, or its file is damaged.
    """
    candidates = [folder / _file_of(name) for folder in (MODELS, SHIPPED)]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        known = f"The course makes {', '.join(MADE_BY)}; a model of your own has to be saved first."
        if name in MADE_BY:
            known = f"Run notebooks/{MADE_BY[name]} first."
        elif name in ONLY_SHIPPED:
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


def measured(name: str, settings: dict, measure: Callable[[], dict]) -> dict:
    """One row of an experiment's results: its settings, and what `measure()` returns for them.

    While `make experiments` runs, each row is kept in NAME.csv and not measured again, so that an
    interrupted run goes on where it stopped.
    """
    if not EXPERIMENTS:
        return settings | measure()
    path = Path(EXPERIMENTS) / f"{name}.csv"
    rows = pd.read_csv(path).to_dict("records") if path.is_file() else []
    for row in rows:
        if all(str(row.get(key)) == str(value) for key, value in settings.items()):
            return row
    rows.append(settings | measure())
    write_whole(path, lambda draft: pd.DataFrame(rows).to_csv(draft, index=False))
    return rows[-1]


def full_budget(name: str) -> pd.DataFrame:
    """The rows that `make experiments` has measured: those that ship, or those of its own run."""
    return pd.read_csv(Path(EXPERIMENTS or SHIPPED) / f"{name}.csv")


# --- 5. Pictures ----------------------------------------------------------------------------------

WORKING_SIDES = 700, 1400  # pixels, at most, of the longer side while digits are looked for
LARGE = 80  # pixels; where most marks are as high, the smaller of these sides is enough
LIKELY = 0.55  # digits that are all more probable, and of one size, are looked for no further
MOST_AT_ONCE = 500  # marks that the network is asked about in one call
READER = "reader"  # the model that reads pictures


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

    Raises:
        ValueError: there is no ink.
    """
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > LEAST_INK) for axis in (1, 0))
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
    grey = to_grey(open_picture(picture))
    model = load_model(READER) if model is None else model
    rows, columns = between_bars(grey)
    between = np.ascontiguousarray(grey[rows, columns])
    digits = _read_grey(between, model)
    if not digits and between.shape[1] < grey.shape[1] / 2:  # a thick 1 has margins like bars
        return _read_grey(grey, model)
    corner = np.array([columns.start, rows.start, 0, 0])
    return [replace(digit, box=tuple((digit.box + corner).tolist())) for digit in digits]


def _read_grey(grey: np.ndarray, model: keras.Model) -> list[Digit]:
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
    grey: np.ndarray, shrunk: np.ndarray, sheet: np.ndarray | None, model: keras.Model
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


# --- 6. The command line --------------------------------------------------------------------------

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
    parser.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help="path of a picture file, or a pattern such as *.jpg",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object a line")
    output.add_argument(
        "--csv", metavar="FILE", type=Path, help="write a CSV file, a row a picture"
    )
    options = parser.parse_args(arguments)
    options.pictures = [name for given in options.pictures for name in _names_of(given)]
    return options


def _names_of(given: str) -> list[str]:
    """The files that a pattern matches (Windows' shell leaves it as it is), or the name itself."""
    if os.path.exists(given):
        return [given]
    # Brackets stay what they are: a browser calls a second photo.jpg photo[1].jpg.
    return sorted(glob.glob(given.replace("[", "[[]"))) or [given]


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
    sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no valid text
    raise SystemExit(main())
