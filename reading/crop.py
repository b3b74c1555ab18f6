"""What is cut out around a place: ink for the reader, and the surroundings for the judge."""

import cv2
import numpy as np

from reading.find import with_margins

SIDE, INNER = 28, 20  # pixels of the result, and in it of the longer side of a digit's box
WIDE_SIDE, WIDE_INNER = 64, 24  # the same of a digit with its surroundings
WIDEST_STROKE = 11  # pixels of the result; what is wider is paper
MIN_CONTRAST = 6  # grey levels; fainter ink stays faint
_KERNEL = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (WIDEST_STROKE, WIDEST_STROKE))


def cut_out(grey: np.ndarray, box: np.ndarray) -> np.ndarray:
    """One digit as ink, with the middle of its box in the middle.

    Args:
        grey: uint8, shape (H, W).
        box: left, top, width, height in its pixels; may lie beyond the border.

    Returns:
        uint8, shape (28, 28), 0 (paper) to 255 (ink).
    """
    size = np.array(box[2:], float)
    return ink_of(_scaled(grey, box, SIDE, INNER), size * INNER / max(*size, 1e-3))


def with_surroundings(grey: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The same digit as it is, uint8, shape (64, 64), amid what lies around it."""
    return _scaled(grey, box, WIDE_SIDE, WIDE_INNER)


def _scaled(grey: np.ndarray, box: np.ndarray, side: int, inner: int) -> np.ndarray:
    """A square of `side` pixels around a box whose longer side is to have `inner` of them."""
    left, top, wide, high = (float(length) for length in box)
    scale = inner / max(wide, high, 1e-3)
    corner = np.array([left + wide / 2, top + high / 2]) - side / scale / 2
    start = np.floor(corner).astype(int) - 1
    end = np.ceil(corner + side / scale).astype(int) + 1
    window = _window(grey, start, end)
    times = max(1, int(1 / scale))  # first a whole number of times smaller: each pixel counts then
    if times > 1:
        size = [max(1, length // times) for length in window.shape[::-1]]
        window = window[: size[1] * times, : size[0] * times]
        window = cv2.resize(window, size, interpolation=cv2.INTER_AREA)
    shift = (start - corner) * scale + (scale * times - 1) / 2
    way = np.array([[scale * times, 0, shift[0]], [0, scale * times, shift[1]]])
    return cv2.warpAffine(
        window, way, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _window(grey: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A part of a picture, from `start` to `end` (x, y); beyond the border, the border repeated."""
    (left, top), (right, bottom) = start, end
    high, wide = grey.shape
    part = grey[
        np.clip(top, 0, high - 1) : np.clip(bottom, 1, high),
        np.clip(left, 0, wide - 1) : np.clip(right, 1, wide),
    ]
    edges = [max(0, -top), max(0, bottom - high), max(0, -left), max(0, right - wide)]
    return with_margins(part, *map(int, edges))


def ink_of(small: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Ink of a digit, uint8, shape (28, 28), whatever the light: 0 (paper) to 255 (ink).

    The paper's brightness is what is left when strokes are closed, those that are darker than their
    surroundings or those that are lighter; which of them is told by the third power of the distance
    to the median around, which counts the strong differences.

    Args:
        small: uint8, shape (28, 28), the digit's box in the middle.
        size: width and height of the box; what lies around may be walls, lines and neighbours.
    """
    edge = WIDEST_STROKE // 2 + 1
    wide = cv2.copyMakeBorder(small, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
    around = cv2.medianBlur(small, 19)
    half_x, half_y = (max(2, round(length / 2)) for length in size)
    box = np.s_[SIDE // 2 - half_y : SIDE // 2 + half_y, SIDE // 2 - half_x : SIDE // 2 + half_x]
    distance = (small.astype(np.float32) - around)[box]
    dark = (distance**3).sum() <= 0
    way = cv2.MORPH_BLACKHAT if dark else cv2.MORPH_TOPHAT
    ink = cv2.morphologyEx(wide, way, _KERNEL)[edge:-edge, edge:-edge].astype(np.float32)
    ink -= np.median(ink)
    top = np.percentile(ink[3:-3, 3:-3], 96)
    return np.clip(ink / max(top, MIN_CONTRAST) * 255, 0, 255).astype(np.uint8)
