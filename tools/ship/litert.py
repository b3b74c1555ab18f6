"""Write a network as a LiteRT file, which runs without TensorFlow (see reading/network.py)."""

import contextlib
import io
from pathlib import Path


def export(network, path: Path) -> None:
    """Write a Keras network as a LiteRT file."""
    with contextlib.redirect_stdout(io.StringIO()):  # Keras says where it was saved, with the path
        network.export(str(path), format="litert", verbose=False)
