"""Digits that you have said were right, and how to get rid of them: for the pad and notebook 16.

They lie in data/my_digits/corrected, a picture each, as the network sees it: nothing sends them
anywhere, and git ignores them. Notebook 16 teaches them to a reader of your own.
"""

import hashlib
import os
import shutil
from pathlib import Path

import cv2
import numpy as np

from reading import CourseError, Digit
from reading.files import ROOT, write_whole
from reading.network import MY_READER_FILE

# Tests have a folder of theirs.
FOLDER = Path(os.environ.get("DIGITS_MINE", ROOT / "data" / "my_digits" / "corrected"))


def keep(digits: list[Digit], written: str) -> int:
    """Keep digits that were read, with what was really written.

    Args:
        digits: as `read_digits` gives them.
        written: the same number of digits, such as "407"; spaces do not count.

    Returns:
        How many are kept now, all together.

    Raises:
        CourseError: `written` holds something else, or another number of digits.
    """
    labels = "".join(written.split())
    if not digits:
        raise CourseError("There is no digit to keep.")
    if not (labels.isascii() and labels.isdigit()):
        raise CourseError("Type the digits that you wrote, such as 407.")
    if len(labels) != len(digits):
        raise CourseError(
            f"{len(digits)} digit{'s were' if len(digits) > 1 else ' was'} found, and you typed "
            f"{len(labels)}. Which is which is clear only where both agree."
        )
    for digit, label in zip(digits, labels, strict=True):
        content = cv2.imencode(".png", 255 - digit.image)[1].tobytes()  # ink dark on white
        name = hashlib.sha256(content).hexdigest()[:16]
        path = write_whole(FOLDER / f"{label}_{name}.png", lambda p, c=content: p.write_bytes(c))
        for other in FOLDER.glob(f"?_{name}.png"):
            if other != path:  # you have changed your mind
                other.unlink(missing_ok=True)  # another page may have done it
    return len(_paths())


def kept() -> tuple[np.ndarray, np.ndarray]:
    """The digits that are kept: uint8, shape (n, 28, 28), 0 (paper) to 255 (ink), and labels, (n,).

    Raises:
        CourseError: a file is no picture of a digit, or cannot be read.
    """
    paths = _paths()
    images = [_read(path) for path in paths]
    labels = [int(path.name[0]) for path in paths]
    return 255 - np.array(images, np.uint8).reshape(-1, 28, 28), np.array(labels, np.uint8)


def _read(path: Path) -> np.ndarray:
    """A kept picture, ink dark on white: uint8, shape (28, 28)."""
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise CourseError(f"Cannot read {path}: {error.strerror}.") from error
    image = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if len(content) else None
    if image is None or image.shape != (28, 28):
        raise CourseError(f"{path} is damaged. Delete it; the others stay.")
    return image


def forget() -> int:
    """Delete the digits that are kept, and the reader that learned from them.

    Returns:
        How many digits there were.
    """
    paths = _paths()
    for path in (*paths, MY_READER_FILE):
        path.unlink(missing_ok=True)
    for draft in FOLDER.glob(".writing-*"):  # of a program that was killed
        shutil.rmtree(draft, ignore_errors=True)
    return len(paths)


def _paths() -> list[Path]:
    return sorted(FOLDER.glob("[0-9]_*.png"))
