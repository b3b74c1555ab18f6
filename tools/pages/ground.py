"""Paper, tables and light: what lies under the ink, and what a camera makes of it.

A ground is brightness, float32, shape (H, W), 0 to 255.
"""

import functools

import cv2
import numpy as np

from tools.pages.hands import OPEN

# Photos that are kept for measuring, by the beginning of their names.
MEASURED_PHOTOS = (
    "trashnet_metal", "trashnet_paper", "breta_page", "dewarp_boston_cooking_b",
    "noteshrink_graph-paper-ink", "empty_1002",
)  # fmt: skip


def photo_paths(measured: bool) -> list:
    """The photos without digits that are kept for measuring, or all the others."""
    paths = sorted((OPEN / "notdigit").glob("*.jpg")) + sorted((OPEN / "notdigit").glob("*.png"))
    return [path for path in paths if is_measured(path.name) == measured]


def is_measured(name: str) -> bool:
    """Tell whether a photo is kept for measuring."""
    if name.startswith("hypa4"):  # the straightened picture of a sheet has the same number
        return int(name.split("_")[2].split(".")[0]) % 2 == 1
    return name.startswith(MEASURED_PHOTOS)


@functools.cache
def photos(measured: bool) -> list[np.ndarray]:
    """Those photos, grey, uint8."""
    return [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in photo_paths(measured)]


def smooth_noise(shape: tuple[int, int], cells: float, rng: np.random.Generator) -> np.ndarray:
    """Noise of about `cells` bumps along the longer side; mean 0, standard deviation about 1."""
    size = [max(2, round(cells * length / max(shape)) + 2) for length in shape]
    noise = rng.standard_normal(size).astype(np.float32)
    return cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC)


def paper(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Blank paper: grain, cloudiness, and at times fibres, folds and creases."""
    level = rng.uniform(150, 252)
    ground = np.full(shape, level, np.float32)
    ground += smooth_noise(shape, rng.uniform(2, 30), rng) * rng.choice([0, 1, 3, 6])
    if rng.random() < 0.5:
        fine = rng.standard_normal(shape).astype(np.float32)
        fine = cv2.GaussianBlur(fine, (0, 0), rng.uniform(0.4, 1.5))
        ground += fine / fine.std() * rng.uniform(0.5, 6)
    if rng.random() < 0.15:  # fibres
        for _ in range(rng.integers(10, 80)):
            _short_line(ground, rng, 0.05, rng.normal(0, 12))
    if rng.random() < 0.25:
        _fold(ground, rng, rng.integers(1, 4))
    if rng.random() < 0.1:
        ground += creases(shape, rng) * rng.uniform(4, 25)
    return ground


def _short_line(ground: np.ndarray, rng: np.random.Generator, length: float, by: float) -> None:
    high, wide = ground.shape
    start = rng.uniform([0, 0], [wide, high])
    end = start + rng.normal(0, length * max(high, wide), 2)
    layer = np.zeros(ground.shape, np.uint8)
    cv2.line(layer, tuple(map(int, start)), tuple(map(int, end)), 255, 1, cv2.LINE_AA)
    ground += by * (layer / 255)


def _fold(ground: np.ndarray, rng: np.random.Generator, count: int) -> None:
    """Straight folds: a thin line, and other light on each of its sides."""
    rows, columns = np.indices(ground.shape, np.float32)
    for _ in range(count):
        angle = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.05)
        across = np.cos(angle) * columns + np.sin(angle) * rows
        across = across - rng.uniform(across.min(), across.max())
        width = rng.uniform(1, 4)
        ground += rng.normal(0, 9) * np.exp(-np.abs(across) / width)
        ground += rng.normal(0, 4) * np.tanh(across / (0.02 * max(ground.shape)))


def creases(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Crumpled paper: flat pieces that meet in sharp ridges, each lit in its own way."""
    count = int(rng.integers(8, 60))
    points = rng.uniform(0, 1, (count, 2)) * shape
    tilts = rng.normal(0, 1, (count, 3)).astype(np.float32)
    rows, columns = np.indices(shape, np.float32)
    small = cv2.resize(rows, None, fx=0.25, fy=0.25), cv2.resize(columns, None, fx=0.25, fy=0.25)
    apart = [(small[0] - y) ** 2 + (small[1] - x) ** 2 for y, x in points]
    nearest = np.argmin(apart, axis=0)
    tilt = tilts[nearest]
    lit = tilt[..., 0] + (tilt[..., 1] * small[0] + tilt[..., 2] * small[1]) / max(shape)
    return cv2.resize(lit, shape[::-1], interpolation=cv2.INTER_LINEAR)


def texture(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A surface that is no paper: gravel, weave, wood, cloth, noise of any scale."""
    kind = rng.integers(5)
    if kind == 0:  # noise of one scale or many
        ground = sum(
            smooth_noise(shape, cells, rng) * weight
            for cells, weight in zip((4, 16, 64, 200), rng.uniform(0, 1, 4), strict=True)
        )
    elif kind == 1:  # gravel
        ground = creases(shape, rng) + 0.3 * rng.standard_normal(shape).astype(np.float32)
        spots = smooth_noise(shape, rng.uniform(20, 90), rng)
        ground += np.clip(3 * spots, -1, 1) * rng.uniform(0, 2)
    elif kind == 2:  # weave, tiles
        rows, columns = np.indices(shape, np.float32)
        step = rng.uniform(0.01, 0.12) * max(shape)
        angle = rng.uniform(0, np.pi)
        x = np.cos(angle) * columns + np.sin(angle) * rows
        y = -np.sin(angle) * columns + np.cos(angle) * rows
        ground = np.sin(2 * np.pi * x / step) * rng.uniform(0, 1)
        ground = ground + np.sin(2 * np.pi * y / step) * rng.uniform(0, 1)
        ground = np.tanh(rng.uniform(0.5, 4) * ground) + 0.3 * smooth_noise(shape, 100, rng)
    elif kind == 3:  # wood: noise drawn out along one way
        small = (max(2, shape[0] // 3), max(2, shape[1] // rng.integers(20, 60)))
        ground = rng.standard_normal(small).astype(np.float32)
        ground = cv2.resize(ground, shape[::-1], interpolation=cv2.INTER_CUBIC)
        ground = np.ascontiguousarray(ground[:, ::-1])
        ground += smooth_noise(shape, 5, rng)
    else:  # grain of a sensor in the dark
        ground = cv2.GaussianBlur(
            rng.standard_normal(shape).astype(np.float32), (0, 0), rng.uniform(0.3, 2.5)
        )
        ground = ground / ground.std()
    ground = ground.astype(np.float32)
    return rng.uniform(40, 220) + ground * rng.uniform(4, 40)


def photo(shape: tuple[int, int], measured: bool, rng: np.random.Generator) -> np.ndarray:
    """A part of a real photo without digits, of this shape."""
    picture = photos(measured)[rng.integers(len(photos(measured)))]
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    if rng.random() < 0.3:
        picture = picture.T
    ratio = max(shape[0] / picture.shape[0], shape[1] / picture.shape[1])
    share = rng.uniform(0.5, 1)  # of what would fit
    size = [max(8, int(length / ratio * share)) for length in shape]
    top, left = (
        int(rng.integers(max(1, whole - part + 1)))
        for whole, part in zip(picture.shape, size, strict=True)
    )
    part = np.ascontiguousarray(picture[top : top + size[0], left : left + size[1]])
    return cv2.resize(part, shape[::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32)


def light(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """How much light arrives, about 1: a slope, dark corners, soft and hard shadows."""
    rows, columns = np.indices(shape, np.float32)
    rows, columns = rows / shape[0] - 0.5, columns / shape[1] - 0.5
    arrives = np.ones(shape, np.float32)
    if rng.random() < 0.6:
        arrives += rng.uniform(-0.5, 0.5) * rows + rng.uniform(-0.5, 0.5) * columns
    if rng.random() < 0.25:
        arrives -= rng.uniform(0, 1.2) * (rows**2 + columns**2)
    if rng.random() < 0.3:
        angle = rng.uniform(0, 2 * np.pi)
        across = np.cos(angle) * rows + np.sin(angle) * columns
        across += rng.uniform(-0.35, 0.35) + 0.05 * smooth_noise(shape, 3, rng)
        soft = np.exp(rng.uniform(np.log(0.002), np.log(0.3)))
        arrives *= 1 - rng.uniform(0.1, 0.6) / (1 + np.exp(np.clip(across / soft, -50, 50)))
    return np.clip(arrives, 0.15, 1.6)


def glare(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Light that is reflected: bright spots, to be added."""
    rows, columns = np.indices(shape, np.float32)
    y, x = rng.uniform(0, 1, 2) * shape
    wide, high = rng.uniform(0.05, 0.3, 2) * max(shape)
    spot = np.exp(-(((rows - y) / high) ** 2) - ((columns - x) / wide) ** 2)
    return rng.uniform(20, 120) * spot.astype(np.float32)


def camera(picture: np.ndarray, rng: np.random.Generator, height: float) -> np.ndarray:
    """Blur, low resolution, noise and JPEG.

    Args:
        picture: brightness, float32.
        height: of a digit in pixels; what is done to the picture leaves it legible.

    Returns:
        uint8, the same shape.
    """
    shape = picture.shape
    if rng.random() < 0.5:
        most = max(0.4, 0.05 * height)
        picture = cv2.GaussianBlur(picture, (0, 0), np.exp(rng.uniform(np.log(0.3), np.log(most))))
    if rng.random() < 0.1:  # moved
        length = max(2, round(rng.uniform(0.02, 0.08) * height))
        kernel = np.zeros((length, length), np.float32)
        cv2.line(kernel, (0, int(rng.integers(length))), (length - 1, length // 2), 1)
        picture = cv2.filter2D(picture, -1, kernel / max(kernel.sum(), 1))
    if rng.random() < 0.2:  # few pixels, made larger
        times = np.exp(rng.uniform(0, np.log(max(1.2, height / 15))))
        small = [max(4, round(length / times)) for length in shape[::-1]]
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        way = rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])
        picture = cv2.resize(picture, shape[::-1], interpolation=int(way))
    if rng.random() < 0.6:
        noise = rng.standard_normal(shape).astype(np.float32)
        picture = picture + noise * np.exp(rng.uniform(0, np.log(12)))
    picture = np.clip(np.round(picture), 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = int(rng.integers(25, 96))
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    return picture
