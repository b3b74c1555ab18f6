"""A network as a LiteRT file, which runs without TensorFlow: on a phone, in a small program."""

import contextlib
import io
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def export(network, path: Path) -> None:
    """Write a Keras network as a LiteRT file."""
    with contextlib.redirect_stdout(io.StringIO()):  # Keras says where it was saved, with the path
        network.export(str(path), format="litert", verbose=False)


class Network:
    """A LiteRT file, ready for `count` digits at once."""

    def __init__(self, path: Path, count: int):
        self.interpreter = Interpreter(str(path), num_threads=2)
        (given,), (answer,) = (
            self.interpreter.get_input_details(),
            self.interpreter.get_output_details(),
        )
        self.given, self.answer = given["index"], answer["index"]
        self.interpreter.resize_tensor_input(self.given, [count, 28, 28, 1])
        self.interpreter.allocate_tensors()

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """Probabilities, float32 of shape (count, 10), as Keras' method of that name gives them."""
        self.interpreter.set_tensor(self.given, x)
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.answer)
