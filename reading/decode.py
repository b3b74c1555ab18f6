"""From any picture file or array to pixels, or to a sentence that says what is wrong with it.

`open_picture` and `to_grey` are called from outside. The rest deals with the many forms that files
have: transparent, 16-bit, turned, animated, damaged, without end, or built to make a decoder very
slow.
"""

import functools
import io
import math
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps

from reading.errors import ImageError

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF")
MAX_PIXELS = 50_000_000  # about 150 MB as RGB; phones make 12 to 50 megapixels
LIMIT = f"{MAX_PIXELS // 10**6} megapixels"
MAX_BYTES = 6 * MAX_PIXELS  # of a file; 16-bit colour, not compressed, has 6 bytes a pixel
MAX_SCANS = 50  # of a JPEG; cameras and programs make up to 15, and each takes time to decode
# Bytes 4 to 11 of the files that iPhones write; Pillow needs the package pillow-heif for them.
HEIC_BRANDS = ("heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1")


def open_picture(picture: "Path | str | bytes | Image.Image | np.ndarray") -> np.ndarray:
    """Decode a picture: upright, without transparency, in colour.

    Args:
        picture: a path, a file's bytes, a PIL image, or an array of shape (H, W), (H, W, 3) or
            (H, W, 4), uint8 or float in [0, 1].

    Returns:
        uint8, shape (H, W, 3), RGB. Of an animation, the first frame.

    Raises:
        ImageError: it is no readable picture, or larger than `MAX_PIXELS` or `MAX_BYTES`.
    """
    if isinstance(picture, np.ndarray):
        image = _image_from_array(picture)
    elif isinstance(picture, Image.Image):
        image = picture
    elif isinstance(picture, (bytes, bytearray, memoryview, str, os.PathLike)):
        image = _image_from_file(picture)
    else:
        raise ImageError(f"Expected a path, bytes, image or array, not {type(picture).__name__}.")
    name = str(picture) if isinstance(picture, (str, os.PathLike)) else "The picture"
    _check_size(*image.size, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _flatten(_upright(image))
    except Exception as error:  # Pillow's decoders raise many kinds for a damaged file
        raise ImageError(f"{name} cannot be decoded, it is damaged: {error}") from error


def to_grey(picture: np.ndarray) -> np.ndarray:
    """Brightness, uint8, shape (H, W), of an RGB picture; a grey one is returned as it is."""
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def _image_from_file(source: "bytes | str | os.PathLike") -> Image.Image:
    name = str(source) if isinstance(source, (str, os.PathLike)) else "The input"
    content = _content_of(source)
    if not content:
        raise ImageError(f"{name} is empty (0 bytes).")
    if len(content) > MAX_BYTES:
        raise ImageError(
            f"{name} has more than {MAX_BYTES // 10**6} MB. Make it smaller first, or check that "
            "it is a picture."
        )
    if content[:2] == b"\xff\xd8" and _scans_of_jpeg(content) > MAX_SCANS:
        raise ImageError(f"{name} is made to take very long: it has more than {MAX_SCANS} scans.")
    formats = FORMATS + _heif_formats()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(content), formats=formats)
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has more than {LIMIT}. Make it smaller first.") from error
    except Exception as error:  # Pillow raises many kinds here, too
        if _is_heic(content) and formats == FORMATS:
            raise ImageError(
                f"{name} is a HEIC picture, as iPhones take them. To read it: pip install "
                "pillow-heif. Or save it as JPEG first."
            ) from error
        raise ImageError(
            f"{name} is no picture that can be read. Use PNG, JPEG, GIF, BMP, WebP, AVIF or TIFF."
        ) from error


def _content_of(source: "bytes | str | os.PathLike") -> bytes:
    """A file's bytes; of one that is too large (or endless), only one byte more than is allowed."""
    if not isinstance(source, (str, os.PathLike)):
        return bytes(source)
    path = Path(source)
    if path.is_dir():
        raise ImageError(f"{path} is a folder. Give the path of a picture in it.")
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ImageError(f"Cannot read {path}: {error}") from error


def _scans_of_jpeg(content: bytes) -> int:
    """How often a JPEG file goes over its pixels; what follows the picture's end does not count."""
    scans, place = 0, 2
    while marker := re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]").search(content, place):
        if marker[0] == b"\xff\xd9":  # the end
            break
        scans += marker[0] == b"\xff\xda"
        if scans > MAX_SCANS:
            break
        segment = marker.end()
        place = segment + int.from_bytes(content[segment : segment + 2], "big")
    return scans


def _heif_formats() -> tuple[str, ...]:
    """The format of iPhone photos, where the package that reads it is installed."""
    try:
        import pillow_heif
    except ImportError:
        return ()
    pillow_heif.register_heif_opener()
    return ("HEIF",)


def _is_heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12].decode("latin-1") in HEIC_BRANDS


def _image_from_array(array: np.ndarray) -> Image.Image:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ImageError(f"Expected shape (H, W), (H, W, 3) or (H, W, 4), not {array.shape}.")
    _check_size(array.shape[1], array.shape[0])
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    elif np.issubdtype(array.dtype, np.floating):
        array = _float_to_uint8(array)
    elif array.dtype != np.uint8:
        raise ImageError(f"Expected an array of uint8 or float, not {array.dtype}.")
    return Image.fromarray(np.ascontiguousarray(array))


def _float_to_uint8(array: np.ndarray) -> np.ndarray:
    """0 to 1 becomes 0 to 255, row by row, so that a large array needs no second one of floats."""
    lowest, highest = float(array.min()), float(array.max())
    if not math.isfinite(lowest) or not math.isfinite(highest):  # NaN is passed on by both
        raise ImageError("The array holds NaN or infinite values.")
    if lowest < 0 or highest > 1:
        raise ImageError(
            f"A float array must lie in [0, 1], this one goes from {lowest:.3g} to "
            f"{highest:.3g}. Divide it by its maximum, or pass uint8."
        )
    result = np.empty(array.shape, np.uint8)
    for row, values in zip(result, array, strict=True):
        row[:] = np.round(values * 255)
    return result


def _check_size(width: int, height: int, name: str = "The picture") -> None:
    if width * height == 0:
        raise ImageError(f"{name} has no pixels: {width} x {height}.")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name} has {width} x {height} pixels, more than {LIMIT}. Make it smaller first."
        )


def _upright(image: Image.Image) -> Image.Image:
    """Load the first frame, turned as its EXIF orientation says."""
    image.seek(0)
    image.load()
    try:
        if image.getexif().get(ExifTags.Base.Orientation, 1) == 1:
            return image  # a copy of a large picture takes time and memory
        return ImageOps.exif_transpose(image)
    except Exception:  # unreadable EXIF data: the pixels are still good
        return image


def _flatten(image: Image.Image) -> np.ndarray:
    """Convert any Pillow mode to RGB, uint8, and put transparent pixels on a background."""
    if image.mode.startswith(("I", "F")):
        to_rgb = functools.partial(_grey_to_rgb, top=_brightest(image))
    elif image.has_transparency_data:
        to_rgb = functools.partial(_put_on, background=_background_of(image))
    else:
        to_rgb = _to_rgb
    result = np.empty((image.height, image.width, 3), np.uint8)
    for rows, band in _bands(image):
        result[rows] = to_rgb(band)
    return result


def _bands(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Split a picture into bands of about one megapixel, so that what is computed stays small."""
    height = max(1, 2**20 // image.width)
    for top in range(0, image.height, height):
        bottom = min(top + height, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _to_rgb(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def _brightest(image: Image.Image) -> float:
    """What counts as white in 16-bit, 32-bit or float grey."""
    highest = max(_finite(band).max() for _, band in _bands(image))
    return next((top for top in (1, 255, 65535) if highest <= top), highest)


def _finite(image: Image.Image) -> np.ndarray:
    return np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0)


def _grey_to_rgb(image: Image.Image, top: float) -> np.ndarray:
    """16-bit, 32-bit or float grey, of which `top` is white; shape (H, W, 1)."""
    return np.round(np.clip(_finite(image) / top, 0, 1) * 255).astype(np.uint8)[..., None]


def _background_of(image: Image.Image) -> tuple[int, int, int]:
    """Choose the colour that shines through a transparent picture."""
    step = max(1, math.isqrt(image.width * image.height // 10**6))
    pixels = np.concatenate(
        [
            np.asarray(band.convert("RGBA"))[::step, ::step].reshape(-1, 4)
            for _, band in _bands(image)
        ]
    )
    opaque = pixels[pixels[:, 3] > 127, :3]
    if len(opaque) > len(pixels) / 2:  # some transparent places: as the rest of the picture
        return tuple(int(level) for level in np.median(opaque, axis=0))
    # A drawing on a transparent canvas: white paper under dark ink, black under light ink.
    return (255,) * 3 if not len(opaque) or opaque.mean() < 128 else (0,) * 3


def _put_on(image: Image.Image, background: tuple[int, int, int]) -> np.ndarray:
    """Put a picture with transparent places on a background."""
    pixels = image.convert("RGBA")
    paper = Image.new("RGB", image.size, background)
    paper.paste(pixels, mask=pixels.getchannel("A"))
    return np.asarray(paper)
