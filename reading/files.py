"""Files are written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` make a file beside `path`, then put it in `path`'s place in one step.

    A full disk or a kill on the way leaves the file at `path` as it was. Returns `path`.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        draft = Path(folder) / path.name
        write(draft)
        os.replace(draft, path)
    return path
