"""What the notebooks share, in the order in which the course meets it.

What reads pictures lies in `reading/`; `reading/__init__.py` says which file holds which step.
"""

import contextlib
import functools
import hashlib
import importlib
import inspect
import io
import json
import linecache
import logging
import os
import re
import sys
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from IPython.display import Code, display

# What is imported here and not used below is for the notebooks.
from reading.crop import cut_out  # noqa: F401
from reading.decode import open_picture, to_grey  # noqa: F401
from reading.errors import CourseError, ImageError, ModelError  # noqa: F401
from reading.files import get_back, write_whole
from reading.find import find_places  # noqa: F401
from reading.network import finder, quiet_stderr  # noqa: F401
from reading.prepare import to_input, to_mnist  # noqa: F401
from reading.read import Digit, read_digits  # noqa: F401

# --- 1. Set-up ------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parent
DATA = ROOT / "data"
BUILD = ROOT / "build"
# Tests and benchmarks train into a folder of their own; everybody else trains into models/.
MODELS = Path(os.environ.get("DIGITS_MODELS", ROOT / "models"))
SHIPPED = ROOT / "models" / "shipped"
RESULTS = ROOT / "results"
# Folder in which `make experiments` keeps its results; None while a learner runs a notebook.
EXPERIMENTS = os.environ.get("DIGITS_EXPERIMENTS")

# TensorFlow writes lines about GPUs and oneDNN before its logger can be told not to.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
# matplotlib, which Keras imports, tells of its caches where the home folder cannot be written.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
with quiet_stderr():
    import keras
import matplotlib.pyplot as plt  # noqa: E402

logging.getLogger("absl").setLevel(logging.ERROR)
# TensorFlow warns at length where a training cell is run several times; it does no harm.
logging.getLogger("tensorflow").addFilter(lambda said: "retracing" not in said.getMessage())


# --- 2. Data --------------------------------------------------------------------------------------


class DataError(CourseError):
    """A data file is missing, damaged, or not in the expected form."""


def load_mnist(path: Path | str = DATA / "mnist.npz") -> tuple:
    """Load MNIST as `keras.datasets.mnist.load_data` does, without network.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of shapes (60000, 28, 28), (60000,),
        (10000, 28, 28) and (10000,). Pixels are 0 (paper) to 255 (ink), labels 0 to 9.

    Raises:
        DataError: the file is missing, or its SHA-256 is not the one in `data/SHA256SUMS`.
    """
    path = Path(path)
    remedy = get_back("data/mnist.npz", "data/SHA256SUMS")
    try:
        expected = (DATA / "SHA256SUMS").read_text().split()[0]
        content = path.read_bytes()
    except (OSError, IndexError) as error:
        raise DataError(f"Cannot read {path}: {error}. {remedy}") from error
    if hashlib.sha256(content).hexdigest() != expected:
        what = f"{len(content):,} bytes, expected SHA-256 {expected[:12]}"
        raise DataError(f"{path} is damaged: {what}.... {remedy}")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = [file[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} does not hold the MNIST arrays: {error}. {remedy}") from error
    return tuple(arrays[:2]), tuple(arrays[2:])


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
    except Exception as error:  # of a damaged file each kind of compression raises its own
        raise DataError(f"Cannot read {path} as CSV: {error}") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes what is too much for row names
        line = 2 + int(table.iloc[:, -1].notna().argmax())
        raise DataError(f"{path}, line {line}, holds more values than the first line holds names.")
    table.columns = table.columns.str.strip().str.lower()
    pixels = [f"pixel{i}" for i in range(28 * 28)]
    missing = [name for name in pixels if name not in table]
    if missing:
        raise DataError(
            f"{path} lacks {len(missing)} of the 784 pixel columns, the first is "
            f"{missing[0]!r}. Expected the columns label, pixel0, ..., pixel783."
        )
    if table.empty:
        raise DataError(f"{path} holds no rows, only the names of the columns.")
    images = _whole_numbers(path, table[pixels], "pixel", 255).reshape(-1, 28, 28)
    labels = _whole_numbers(path, table[["label"]], "label", 9)[:, 0] if "label" in table else None
    return images, labels


def _whole_numbers(path: Path | str, table: pd.DataFrame, what: str, highest: int) -> np.ndarray:
    """The table as uint8, if it holds whole numbers from 0 to `highest` only (5.0 is one)."""
    values = table.to_numpy()
    if not np.issubdtype(values.dtype, np.number):  # some text; True and False are no numbers
        values = table.astype(object).apply(pd.to_numeric, errors="coerce").to_numpy(float)
    wrong = ~((values >= 0) & (values <= highest) & (values == np.round(values)))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DataError(
            f"{path}, line {row + 2}, holds a {what} that is no whole number from 0 to {highest}: "
            f"{table.columns[column]} is {table.iat[row, column]!r}."
        )
    return values.astype(np.uint8)


# --- 3. Showing and checking ----------------------------------------------------------------------


def show_digits(
    images: np.ndarray, titles: list | None = None, columns: int = 10, size: float = 0.9
) -> None:
    """Draw digits in a grid, ink dark on white.

    Args:
        images: shape (n, 28, 28) or (n, 28, 28, 1), 0 (paper) to 255 or to 1 (ink).
        titles: one for each digit, or None.
        columns: digits in a row.
        size: inches for each digit.
    """
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

    `answer()` gives it, None if it is not done yet. A demand is a sentence and a function of the
    answer that returns True if it holds, or what it measured and the least that is wanted.
    """
    try:
        given = answer()
    except Exception as error:  # whatever the learner's code raises is shown to the learner
        print(f"Exercise {name}: your code raised {type(error).__name__}: {error}")
        steps = traceback.walk_tb(error.__traceback__)
        code, line = [(f.f_code, n) for f, n in steps if f.f_globals is answer.__globals__][-1]
        if code.co_filename != answer.__code__.co_filename:  # else it is the check's own line
            text = linecache.getline(code.co_filename, line).strip()
            print(f"It happened in {code.co_name}, line {line} of its cell: {text}")
        return
    if given is None:
        called = map(answer.__globals__.get, answer.__code__.co_names)
        codes = [part.__code__.co_code for part in called if inspect.isfunction(part)]
        begun = codes and (lambda: None).__code__.co_code not in codes  # that is a stub's
        state = "your code gives None. Does it return something?" if begun else "not done yet."
        return print(f"Exercise {name}: {state}")
    passed = 0
    for sentence, test in tests.items():
        try:
            result = test(given)
            holds = result[0] >= result[1] if isinstance(result, tuple) else bool(result)
            if isinstance(result, tuple):
                sentence += ": {:.4g}, wanted {:.4g} or more".format(*result)
        except Exception as error:  # an answer of the wrong form fails the test
            holds, sentence = False, f"{sentence} ({type(error).__name__}: {error})"
        passed += holds
        print(f"[{' OK ' if holds else ' -- '}] {sentence}")
    if passed < len(tests):
        shape = getattr(given, "shape", ())
        form = f"shape {shape}, {getattr(given, 'dtype', 'mixed')}" if shape else repr(given)[:100]
        print(f"Your answer is of type {type(given).__name__}: {form}")
    print(f"Exercise {name}: {'done.' if passed == len(tests) else 'not right yet.'}")
    if passed == len(tests):
        _note_done(name)


def _note_done(name: str) -> None:
    """Keep the name of an exercise in `models/exercises.json`, for tools/progress.py alone."""
    path = MODELS / "exercises.json"
    try:
        done = {*json.loads(path.read_text("utf-8"))}
    except (OSError, ValueError, TypeError):  # missing or damaged
        done = set()
    with contextlib.suppress(OSError):  # a check does not fail for that
        write_whole(path, lambda draft: draft.write_text(json.dumps(sorted({*done, name}))))


def solution(name: str, show: bool) -> None:
    """Show the solution of an exercise such as "1.2", and run it in the notebook, if `show`."""
    notebook, exercise = name.split(".")
    path = ROOT / "notebooks" / "solutions" / f"{notebook:0>2}_{exercise}.py"
    if show:
        code = re.sub(r"\A# Hint 1:(.*\n)+?\n", "", path.read_text("utf-8"))  # without its hints
        display(Code(code, language="python"))
        exec(compile(code, path, "exec"), vars(sys.modules["__main__"]))


# --- 4. Models and results ------------------------------------------------------------------------

# A model's name -> the notebook that trains it. Others ship alone: their training takes too long.
MADE_BY = {"dense": "03_dense_baseline.ipynb", "my_reader": "10_reading_network.ipynb"}
MADE_BY |= dict.fromkeys(("cnn_a", "cnn_b", "cnn"), "04_cnn_training.ipynb")
SIZES = [f"{size}{n}" for size in ("small", "medium", "large") for n in ("", "_2", "_3")]
ONLY_SHIPPED = ("reader", "robust", "tiny", *SIZES)
ENDINGS = ".keras", ".h5"


def save_model(model: keras.Model, name: str) -> Path:
    """Save a model as `models/NAME.keras`, or under NAME's own ending (`.h5`); returns the path.

    Architecture and weights are saved, not the optimizer's state: it is twice as large as the
    weights, and only an interrupted training needs it. Raises OSError where it cannot be written.
    """
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())

    def write(draft: Path) -> None:
        bare.save(draft)
        if draft.suffix == ".keras":
            _leave_out_defaults(draft)

    return write_whole(MODELS / (name if name.endswith(ENDINGS) else f"{name}.keras"), write)


def _leave_out_defaults(path: Path) -> None:
    """Rewrite a `.keras` file without the settings of its layers that are the default anyway.

    A new Keras adds settings, and an older one refuses each that it does not know.
    """

    def shortened(part: dict) -> dict:
        if str(part.get("module")).startswith("keras"):
            made_by = getattr(importlib.import_module(part["module"]), part["class_name"])
            known, config = inspect.signature(made_by).parameters, part["config"]
            unusual = {k: v for k, v in config.items() if k not in known or known[k].default != v}
            part["config"] = unusual
        return part

    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    config = json.loads(parts["config.json"], object_hook=shortened)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in (parts | {"config.json": json.dumps(config)}).items():
            file.writestr(name, content)


def load_model(name: str) -> keras.Model:
    """Load the model that you trained, `models/NAME.keras`, or else the one that ships.

    Each file is read once; later calls with the same name return the same model.

    Raises:
        ModelError: there is no such model, or its file is damaged.
    """
    file = name if name.endswith(ENDINGS) else f"{name}.keras"
    candidates = [folder / file for folder in (MODELS, SHIPPED)]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        known = f"The course makes {', '.join(MADE_BY)}; a model of your own has to be saved first."
        if name in MADE_BY:
            known = f"Run notebooks/{MADE_BY[name]} first."
        elif name in ONLY_SHIPPED:
            known = get_back("models/shipped")
        raise ModelError(f"There is no model {name!r} in {MODELS}. {known}")
    return _read_model(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _read_model(path: Path, modified: int) -> keras.Model:
    """Read a model file once; `modified` makes a newer file count as another."""
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for a damaged file
        remedy = get_back("models/shipped")
        if path.parent != SHIPPED:
            maker = MADE_BY.get(path.stem, "the notebook that trains it")
            ships = (SHIPPED / path.name).is_file()
            either = "Delete it to use the one that ships, or make" if ships else "Make"
            remedy = f"{either} it anew with {maker}."
        raise ModelError(f"{path} {_what_is_wrong(path, error)} {remedy}") from error


def _what_is_wrong(path: Path, error: Exception) -> str:
    """Why Keras cannot load a model file, as far as the file itself tells."""
    try:
        if h5py.is_hdf5(path):
            with h5py.File(path) as file:
                version, config = file.attrs.get("keras_version"), file.attrs.get("model_config")
            if config is None:
                return "holds weights without an architecture: use load_weights of your network."
        else:
            with zipfile.ZipFile(path) as file:
                version = json.loads(file.read("metadata.json"))["keras_version"]
                config = file.read("config.json").decode()
    except Exception:  # whatever a damaged file raises
        return f"is damaged ({type(error).__name__})."
    if '"class_name": "Lambda"' in config:
        return "holds code (a Lambda layer). Code is not loaded: it could do anything."
    if version != keras.__version__:
        ours = keras.__version__
        return f"was saved by Keras {version}; Keras {ours}, which runs here, cannot load it."
    return f"is damaged ({type(error).__name__})."


def measured(name: str, settings: dict, measure: Callable[[], dict]) -> dict:
    """One row of an experiment's results: its settings, and what `measure()` returns for them.

    While `make experiments` runs, rows are kept in NAME.csv, so that an interrupted run goes on
    where it stopped.
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
    """The rows that `make experiments` has measured: those that ship, or while it runs, its own."""
    return pd.read_csv(Path(EXPERIMENTS or RESULTS) / f"{name}.csv")
