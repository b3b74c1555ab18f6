"""What the reader and the networks of the notebooks take: 28 x 28 pixels, as in MNIST."""

import cv2
import numpy as np

MIN_INK = 0.15  # 0 (paper) to 1 (ink); what is fainter counts as paper


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
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = [max(1, round(length * 20 / max(digit.shape))) for length in digit.shape[::-1]]
    digit = cv2.resize(digit, size, interpolation=cv2.INTER_AREA)
    digit = np.clip(digit / digit.max(), 0, 1)
    # Not cv2.moments: it takes an array of two columns, a thin 1, for a list of points.
    centre = [np.average(places, weights=digit) for places in np.indices(digit.shape)]
    top, left = (
        int(np.clip(round(14 - middle), 0, 28 - length))
        for middle, length in zip(centre, digit.shape, strict=True)
    )
    image = np.zeros((28, 28), np.float32)
    image[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return np.round(image * 255).astype(np.uint8)


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
