"""Ask a network about prepared digits, without TensorFlow: LiteRT runs it, as on a phone."""

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from reading.errors import ModelError

READER = Path(__file__).resolve().parent.parent / "models" / "shipped" / "reader.tflite"
MAX_THREADS = 4  # more do not make so small a network faster


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
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


class Network:
    """A network in a LiteRT file (`.tflite`), called as a Keras model is.

    Raises:
        ModelError: the file is missing or damaged.
    """

    def __init__(self, path: Path | str) -> None:
        try:
            content = Path(path).read_bytes()
            with quiet_stderr():  # LiteRT says which of its parts does the arithmetic
                self._interpreter = Interpreter(
                    model_content=content, num_threads=min(os.cpu_count() or 1, MAX_THREADS)
                )
                self._interpreter.allocate_tensors()
        except OSError as error:
            raise ModelError(
                f"Cannot read {path}: {error.strerror}. Get it back with: "
                "git checkout -- models/shipped"
            ) from error
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"{path} is damaged. Get it back with: git checkout -- models/shipped"
            ) from error
        (given,), (answer,) = (
            self._interpreter.get_input_details(),
            self._interpreter.get_output_details(),
        )
        self._given, self._answer = given["index"], answer["index"]
        self._count = 1  # digits for which there is room
        self._lock = threading.Lock()  # an interpreter serves one caller at a time

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """What the network answers, as Keras' method of that name gives it.

        Args:
            x: float32, shape (n, 28, 28, 1), 0 (paper) to 1 (ink).

        Returns:
            Probabilities, float32, shape (n, number of answers).
        """
        with self._lock:
            if len(x) != self._count:
                self._interpreter.resize_tensor_input(self._given, x.shape)
                self._interpreter.allocate_tensors()
                self._count = len(x)
            self._interpreter.set_tensor(self._given, x)
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._answer)


@functools.cache
def reader() -> Network:
    """The network that ships for reading pictures; its file is read once."""
    return Network(READER)
