"""Write the checksums of the files that come with the course, for `make check`.

    python -m tools.ship.manifest

Notebooks and code are not among them: learners change them.
"""

import hashlib
from pathlib import Path

from reading.files import write_whole
from tools.check import MANIFEST, ROOT

FOLDERS = ("data/fonts", "data/people", "data/samples", "models/shipped", "results")
FILES = ("data/mnist.npz", "data/mnist_c.npz", "data/SHA256SUMS", "data/make_samples.py")


def manifest() -> str:
    """A line a file: its SHA-256 and its name, as `sha256sum` writes and checks them."""
    paths = [ROOT / name for name in FILES]
    for folder in FOLDERS:
        paths += [path for path in (ROOT / folder).rglob("*") if is_shipped(path)]
    names = sorted(path.relative_to(ROOT).as_posix() for path in paths)
    digests = [hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in names]
    return "".join(f"{digest}  {name}\n" for digest, name in zip(digests, names, strict=True))


def is_shipped(path: Path) -> bool:
    """Tell a file of the course from what systems and programs leave in folders."""
    return path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts


if __name__ == "__main__":
    write_whole(ROOT / MANIFEST, lambda draft: draft.write_text(manifest(), encoding="utf-8"))
