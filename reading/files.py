"""Files are written whole or not at all; and how to get one back that came with the course."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def get_back(*names: str) -> str:
    """How to get files back that came with the course, in a sentence; names as seen from its root.

    Git knows them only in a clone, not in a copy that was downloaded as a ZIP file.
    """
    if (ROOT / ".git").exists():
        return f"Get it back with: git checkout -- {' '.join(names)}"
    return f"Get it back from a fresh download of the course: copy {' and '.join(names)}."


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
