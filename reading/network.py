"""The three networks that read pictures, *finder*, *reader* and *judge*, and how to call them.

LiteRT (once called TensorFlow Lite) runs them, as on a phone, so that TensorFlow is not needed.
"""

import contextlib
import functools
import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from reading.errors import CourseError, ModelError
from reading.files import get_back

SHIPPED = Path(__file__).resolve().parent.parent / "models" / "shipped"
FINDER_FILE, READER_FILE, JUDGE_FILE = (
    SHIPPED / f"{name}.tflite" for name in ("finder", "reader", "judge")
)
# Of who taught it his own hand in notebook 16. Tests have a folder of theirs.
MY_READER_FILE = Path(os.environ.get("DIGITS_MODELS", SHIPPED.parent)) / "my_hand.tflite"
# False where the reader that ships has to answer: for whoever measures, and for a class's phones.
asks_my_reader = os.environ.get("DIGITS_MY_READER") != "no"
MY_READER_ANSWERS = "Your own reader answers, as long as there is models/my_hand.tflite."
MY_READER_IS_OLD = (
    "Your own reader, models/my_hand.tflite, cannot be used: it comes from another version of the "
    "course. So the one that ships answers. Make yours anew with notebook 16."
)
MAX_THREADS = 4  # more make networks as small as these no faster


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what is written to file descriptor 2, as C++ libraries do behind Python's back."""
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


class Network:
    """A network in a LiteRT file (`.tflite`), called as a Keras model is.

    Raises:
        CourseError: the package that runs it is not installed.
        ModelError: the file is missing or damaged.
    """

    def __init__(self, path: Path | str) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter  # Colab and Kaggle lack it
        except ImportError as error:
            raise CourseError(
                "To read pictures, the package ai-edge-litert is needed: pip install ai-edge-litert"
            ) from error
        if Path(path) == MY_READER_FILE:
            remedy = "Delete it, and make it anew with notebook 16."
        else:
            remedy = get_back("models/shipped")
        try:
            content = Path(path).read_bytes()
            with quiet_stderr():  # LiteRT says which of its parts does the arithmetic
                self._interpreter = Interpreter(
                    model_content=content, num_threads=min(os.cpu_count() or 1, MAX_THREADS)
                )
                self._interpreter.allocate_tensors()
                self._interpreter.invoke()  # some damage shows no sooner
            (given,) = self._interpreter.get_input_details()
            answers = self._interpreter.get_output_details()
        except OSError as error:
            raise ModelError(f"Cannot read {path}: {error.strerror}. {remedy}") from error
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path} is damaged. {remedy}") from error
        self._given = given["index"]
        # The finder answers in two parts, those with fewer planes first.
        self._answers = [a["index"] for a in sorted(answers, key=lambda a: a["shape"][-1])]
        self._shape = tuple(given["shape"])  # as the interpreter expects it now
        self._lock = threading.Lock()  # an interpreter serves one caller at a time

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """What the network answers, as Keras' method of that name gives it.

        Args:
            x: float32. The reader takes shape (n, 28, 28, 1), 0 (paper) to 1 (ink), the judge
                (n, 64, 64, 1), 0 (black) to 255; the finder what
                `find_candidates` says.

        Returns:
            float32; of the reader and the judge probabilities, shape (n, 11).
        """
        with self._lock:
            if x.shape != self._shape:
                self._interpreter.resize_tensor_input(self._given, x.shape)
                self._interpreter.allocate_tensors()
                self._shape = x.shape
            self._interpreter.set_tensor(self._given, x)
            self._interpreter.invoke()
            parts = [self._interpreter.get_tensor(index) for index in self._answers]
            return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)


def reader() -> Network:
    """The reader that was taught your own hand, where there is one, or the one that ships.

    A file is read once, and again when it has changed. One of your own that was made from another
    reader than the one that ships now is not asked; `about_my_reader` says so.

    Raises:
        ModelError: the file is missing or damaged.
    """
    changed = _my_reader_changed()
    if changed is None or not _is_of_this_course(MY_READER_FILE, changed):
        return _read_once(READER_FILE, 0)
    return _read_once(MY_READER_FILE, changed)


def about_my_reader() -> str:
    """A sentence on the reader that was taught your own hand; empty where there is none."""
    changed = _my_reader_changed()
    if changed is None:
        return ""
    return MY_READER_ANSWERS if _is_of_this_course(MY_READER_FILE, changed) else MY_READER_IS_OLD


def mark_of_reader() -> bytes:
    """What stands at the end of a reader's file that was made from the one that ships now.

    LiteRT reads a file by the addresses within it and does not look at what follows.
    """
    checksum = hashlib.sha256(READER_FILE.read_bytes()).hexdigest()
    return f"made from the reader {checksum}".encode()


def _my_reader_changed() -> int | None:
    """When the reader of your own was written, in nanoseconds; None: there is none to ask."""
    if not asks_my_reader:
        return None
    try:
        return MY_READER_FILE.stat().st_mtime_ns
    except FileNotFoundError:
        return None


@functools.lru_cache(maxsize=2)
def _is_of_this_course(path: Path, changed: int) -> bool:
    try:
        return path.read_bytes().endswith(mark_of_reader())
    except OSError:
        return False


@functools.lru_cache(maxsize=2)
def _read_once(path: Path, changed: int) -> Network:
    return Network(path)


@functools.cache
def finder() -> Network:
    """The finder; its file is read once.

    Raises:
        ModelError: the file is missing or damaged.
    """
    return Network(FINDER_FILE)


@functools.cache
def judge() -> Network:
    """The judge; its file is read once.

    Raises:
        ModelError: the file is missing or damaged.
    """
    return Network(JUDGE_FILE)
