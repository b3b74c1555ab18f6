"""From a digit's ink to what every network of the course takes: 28 x 28 pixels, as in MNIST."""

import cv2
import numpy as np

from reading.marks import MIN_INK
from reading.paper import size_within

MIN_STROKE = 2.0  # pixels of the 20 x 20 box


def to_mnist(ink: np.ndarray) -> np.ndarray:
    """Prepare one digit as MNIST was prepared.

    The digit is scaled into 20 x 20 pixels with its shape kept, then placed in 28 x 28 so that its
    centre of mass lies at row 14, column 14, as the training digits' do (LeCun, Bottou, Bengio,
    Haffner 1998, section III.A).

    Args:
        ink: float32, shape (H, W), 0 (paper) to 1 (ink); the digit is what is above `MIN_INK`.

    Returns:
        uint8, shape (28, 28), 0 (paper) to 255 (ink).

    Raises:
        ValueError: there is no ink.
    """
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > MIN_INK) for axis in (1, 0))
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


def _thicken(digit: np.ndarray) -> np.ndarray:
    """Widen strokes that would be thinner than `MIN_STROKE` in the 20 x 20 box."""
    mask = (digit > 0.5).astype(np.uint8)
    inside = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, 0), cv2.DIST_L2, 3)
    ridge = inside[inside > 0]
    width = 4 * ridge.mean() if len(ridge) else 1  # distances across a stroke average a quarter
    missing = MIN_STROKE * max(digit.shape) / 20 - width
    if missing < 1:
        return digit
    size = round(missing) + 1
    digit = cv2.copyMakeBorder(digit, size, size, size, size, cv2.BORDER_CONSTANT, value=0)
    return cv2.dilate(digit, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


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
