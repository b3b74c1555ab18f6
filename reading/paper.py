"""From a photo to ink, under uneven light, light on dark, on a sheet that lies on a table.

*Ink* is how much darker a pixel is than the paper around it, from 0 (paper) to 1 (ink).
"""

import functools
import math

import cv2
import numpy as np

MIN_EDGE_STEP = 0.05  # share of the brightness; neighbouring pixels at a sheet's edge differ more
MIN_SHEET_AREA = 0.1  # share of the picture's area
MIN_SIDE_WITH_SHEET = 32  # pixels; a narrower picture shows nothing beside its sheet
MIN_CONTRAST = 0.08  # share of the paper's brightness; what is fainter counts as paper
MAX_BARS = 0.7  # share of a side that even bars may take
MAX_BAR_DIFFERENCE = 4  # grey levels between the pixels of a bar
MAX_FRAME_WIDTH = 0.08  # share of a side that a frame along the border may take
MIN_FRAME_CONTRAST = 40  # grey levels between a frame or bar and the picture


def to_grey(picture: np.ndarray) -> np.ndarray:
    """Brightness, uint8, shape (H, W), of an RGB picture; a grey one is returned as it is."""
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def shrunk_to(picture: np.ndarray, longest: int) -> np.ndarray:
    """The picture, grey or RGB, or a smaller one whose longer side has `longest` pixels."""
    if max(picture.shape) <= longest:
        return picture
    return cv2.resize(picture, size_within(picture.shape, longest), interpolation=cv2.INTER_AREA)


def shrunk_by_whole(picture: np.ndarray, longest: int) -> np.ndarray:
    """The grey picture, or one a whole number of times smaller, at most `longest` pixels long.

    This is faster than `shrunk_to`, which is only used where the shorter side would vanish. What
    is left over at the right and the bottom, less than a pixel of the result, is dropped.
    """
    times = -(-max(picture.shape) // longest)
    if times == 1 or times > min(picture.shape):
        return shrunk_to(picture, longest)
    height, width = (length // times for length in picture.shape)
    whole = picture[: height * times, : width * times]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)


def size_within(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """Width and height of a picture of this shape when its longer side is `longest` pixels."""
    scale = longest / max(shape[:2])
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def between_bars(picture: np.ndarray) -> tuple[slice, slice]:
    """Which rows and columns lie between the even bars of a screenshot or a film.

    The margins of a thick upright stroke look like bars as well.

    Args:
        picture: uint8, shape (H, W), grey.

    Returns:
        Rows and columns; all of them where there are no bars, or where they take more than
        `MAX_BARS`.
    """
    height, width = picture.shape
    # To shrink all of its pixels would take long, and some are enough.
    some = np.ascontiguousarray(picture[:: max(1, height // 192), :: max(1, width // 192)])
    small = _small(some)
    widths = [_even_lines(lines) for lines in _from_each_side(small)]
    top, bottom, left, right = widths
    inner = small[top : len(small) - bottom, left : small.shape[1] - right]
    if not inner.size:  # one colour from side to side
        return slice(0, height), slice(0, width)
    sides = zip(widths, _from_each_side(small), _from_each_side(inner), strict=True)
    # One more for the soft edge.
    wide = [n + 1 if n and _is_beside(lines[0], within) else 0 for n, lines, within in sides]
    top, bottom = (math.ceil(n * height / len(small)) for n in wide[:2])
    left, right = (math.ceil(n * width / small.shape[1]) for n in wide[2:])
    if top + bottom > MAX_BARS * height or left + right > MAX_BARS * width:
        return slice(0, height), slice(0, width)
    return slice(top, height - bottom), slice(left, width - right)


def _from_each_side(picture: np.ndarray) -> tuple[np.ndarray, ...]:
    """The lines of a picture from its top, bottom, left and right side on."""
    return picture, picture[::-1], picture.T, picture.T[::-1]


def _even_lines(lines: np.ndarray) -> int:
    """How many lines from the first on are all as bright as the first one."""
    even = _apart(lines, lines[0]) <= MAX_BAR_DIFFERENCE
    return int(np.append(even.mean(axis=1) > 0.98, False).argmin())


def _is_beside(outermost: np.ndarray, lines: np.ndarray) -> bool:
    """Tell a bar from the margin of a page: beside a bar all has another brightness at once."""
    beyond = _apart(lines, outermost) > MIN_FRAME_CONTRAST
    return len(beyond) > 1 and beyond[1:4].mean() > 0.85 and beyond[1:].mean() > 0.5


def _apart(grey: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How many grey levels each pixel lies from the median of others; uint8, shape of `grey`."""
    return cv2.absdiff(grey, np.full_like(grey, np.median(others)))


def ink_of(picture: np.ndarray, sheet: np.ndarray | None = None) -> np.ndarray:
    """Tell ink from paper under uneven light, dark on light or light on dark.

    How much darker a pixel is than its paper (see `paper_of`) is taken as a share of the paper's
    brightness, then scaled so that the paper's grain is 0 and the darkest strokes are 1.

    Args:
        picture: uint8, shape (H, W, 3), RGB, or (H, W), grey.
        sheet: where the paper is, one of `find_sheets`; None: everywhere.

    Returns:
        float32, shape (H, W), 0 (paper) to 1 (ink); all 0 if nothing stands out from the paper.
    """
    grey = to_grey(picture)
    small = _small(grey)
    framed, small = _without_frame(small)
    if sheet is not None:
        sheet = cv2.resize(sheet, small.shape[::-1], interpolation=cv2.INTER_NEAREST)
        small = _fill_beside(sheet, small)
    around = median_around(small)
    if is_light_on_dark(small, around):
        grey, small, around = 255 - grey, 255 - small, 255 - around
    paper = cv2.resize(paper_of(small, around), grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    # In deep shadow a few grey levels would be a large share: no paper counts as darker than 64.
    # Computed in one array: new ones of this size take longer than the arithmetic.
    ink = paper - grey
    ink /= np.maximum(paper, 64, out=paper)
    np.maximum(ink, 0, out=ink)
    band = round(MAX_FRAME_WIDTH * min(ink.shape)) if framed else 0  # a frame is no grain
    inner = np.s_[band : ink.shape[0] - band : 3, band : ink.shape[1] - band : 3]
    on_sheet = ink[inner]
    if sheet is not None:
        mask = cv2.resize(sheet, grey.shape[::-1], interpolation=cv2.INTER_NEAREST)
        ink *= mask
        on_sheet = on_sheet[mask[inner] > 0]
    grain = 3 * np.median(on_sheet)  # paper is not even: this much is no ink yet
    inked = ink[ink > grain + MIN_CONTRAST]
    if not len(inked):
        return np.zeros_like(ink)
    ink -= grain
    ink /= np.percentile(inked, 80) - grain
    return np.clip(ink, 0, 1, out=ink)


def _small(grey: np.ndarray) -> np.ndarray:
    """The picture shrunk until its longer side has 96 pixels: light and paper need no details."""
    return cv2.resize(grey, size_within(grey.shape, 96), interpolation=cv2.INTER_AREA)


def _without_frame(grey: np.ndarray) -> tuple[bool, np.ndarray]:
    """Paint over a frame, or a piece of one, along the border, where it would pass for paper.

    Returns:
        Whether there is one, and the picture without it.
    """
    apart = _apart(grey, grey) > MIN_FRAME_CONTRAST
    rows, columns = apart.mean(axis=1), apart.mean(axis=0)
    wide = [_frame_width(side) for side in (rows, rows[::-1], columns, columns[::-1])]
    if not any(wide):
        return False, grey
    top, bottom, left, right = (width + 1 if width else 0 for width in wide)  # with its soft edge
    inner = grey[top : len(grey) - bottom, left : grey.shape[1] - right]
    return True, cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_REPLICATE)


def _frame_width(side: np.ndarray) -> int:
    """How many lines from a side on are frame; `side` holds the share of each line that may be.

    A frame ends at once. Paper around thick ink, which may fill a picture, ends bit by bit.
    """
    width = int(np.append(side > 0.85, False).argmin())
    return width if width <= MAX_FRAME_WIDTH * len(side) and side[width] < 0.5 else 0


def is_light_on_dark(grey: np.ndarray, around: np.ndarray) -> bool:
    """Tell whether the ink is brighter than the paper.

    Ink lies far from the brightness of the paper around it, on one side: a pixel counts by the
    square of that distance, with its sign. Strokes have sharp edges, reflected light has not: it
    also counts by the square of how much its neighbours differ.

    Args:
        grey: uint8, shape (H, W).
        around: its `median_around`.
    """
    step = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)
    distance = grey.astype(np.float32) - around
    return float((step**2 * distance * np.abs(distance)).sum()) > 0


def median_around(grey: np.ndarray) -> np.ndarray:
    """The median of each pixel's wide surroundings, mostly paper; uint8, shape (H, W) both."""
    return cv2.medianBlur(grey, min(round(min(grey.shape) * 0.6), 127) | 1)


def paper_of(grey: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Estimate the brightness of the paper under dark ink.

    A morphological closing fills in what is dark and narrower than its kernel. A narrow kernel
    keeps shadows, but takes thick strokes for paper; a wide one brightens shadows at their edge.
    The median is right in both cases, but not where there is more ink than paper. So the median is
    taken, kept between the two closings. The slope of the light is taken out before, since a
    closing brightens the dark end of a slope.

    Args:
        grey: uint8, shape (H, W).
        around: its `median_around`.

    Returns:
        float32, same shape, 0 to 255.
    """
    slope = np.maximum(_plane_through(around), 1)
    level = grey / slope
    narrow, wide = (_closed(level, share) for share in (0.1, 0.4))
    paper = np.minimum(np.maximum(around / slope, narrow), wide)
    return cv2.GaussianBlur(_fill_under_thick_strokes(paper, level), (0, 0), 1) * slope


def _plane_through(grey: np.ndarray) -> np.ndarray:
    """The plane nearest to a picture's brightness (least squares); float32, same shape."""
    grey = grey.astype(np.float32)
    plane = np.full_like(grey, grey.mean())
    for axis in (0, 1):  # on a grid the two slopes do not depend on one another
        places = np.arange(grey.shape[axis], dtype=np.float32)
        places -= places.mean()
        rise = places @ grey.mean(axis=1 - axis) / max(places @ places, 1)
        plane += np.expand_dims(rise * places, 1 - axis)
    return plane


def _closed(level: np.ndarray, share: float) -> np.ndarray:
    """Morphological closing, the kernel's width a share of the shorter side."""
    width = round(min(level.shape) * share) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return cv2.morphologyEx(level, cv2.MORPH_CLOSE, kernel)


def _fill_under_thick_strokes(paper: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Correct the paper where a stroke is wider than the closing's kernel and was taken for paper.

    What is nearly as dark as the ink, compared with the wide surroundings without the ink, is ink.
    """
    share = 1 - level / np.maximum(paper, 1e-3)
    inked = share[share > MIN_CONTRAST]
    if not len(inked) or (strength := np.percentile(inked, 80)) < 0.3:
        return paper
    for _ in range(3):
        blank = (share < 0.4 * strength).astype(np.float32)
        blur = functools.partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=0.2 * min(level.shape))
        wide = blur(level * blank) / np.maximum(blur(blank), 1e-3)
        dark = 1 - level / np.maximum(wide, 1e-3) > 0.75 * strength
        share = np.where(dark, strength, share)
    return np.where(dark, np.maximum(paper, wide), paper)


def find_sheets(picture: np.ndarray) -> list[np.ndarray | None]:
    """Where a sheet may lie, in a photo that shows a table, a wall or a border beside it.

    Sharp edges divide the picture into parts (the edge of a shadow is soft). A sheet is the convex
    hull of the parts that do not reach the picture's border; or it is the whole picture; or the
    hull of the largest part, whose rest lies beyond the border.

    Args:
        picture: uint8, shape (H, W, 3), RGB, or (H, W), grey.

    Returns:
        Masks, the most probable first: uint8, 1 on the sheet, of the picture's shape shrunk to 96
        pixels; None is the whole picture.
    """
    if min(picture.shape[:2]) < MIN_SIDE_WITH_SHEET:
        return [None]
    small = cv2.medianBlur(_small(to_grey(picture)), 5)
    step = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    even = step < MIN_EDGE_STEP * np.maximum(cv2.dilate(small, np.ones((3, 3), np.uint8)), 32)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(even.astype(np.uint8), connectivity=4)
    at_border = np.zeros(len(stats), bool)
    at_border[_border(labels)] = True
    areas = stats[:, cv2.CC_STAT_AREA] / even.size
    within, largest = ~at_border & (areas > 0.01), np.zeros(len(stats), bool)
    within[0] = areas[0] = 0  # number 0 are the edges
    largest[areas.argmax()] = True
    first, last = (_hull(parts[labels]) for parts in (within, largest))
    sheets = [first] if _is_sheet(first, small, 0.8) else []
    return [*sheets, None, *([last] if _is_sheet(last, small, 0.2) else [])]


def _border(picture: np.ndarray) -> np.ndarray:
    """The outermost pixels of a picture, one after the other."""
    return np.concatenate([lines[0] for lines in _from_each_side(picture)])


def _is_sheet(mask: np.ndarray, small: np.ndarray, min_share: float) -> bool:
    """Tell a sheet from paper between strokes.

    A sheet is nearly a rectangle, with little ink along its edge. Beside it, and along the
    picture's border, at least the share `min_share` of the pixels have another brightness.
    """
    if not MIN_SHEET_AREA < mask.mean() < 0.97:
        return False
    _, (width, height), _ = cv2.minAreaRect(cv2.findNonZero(mask))
    if mask.sum() < 0.85 * (width + 1) * (height + 1):
        return False
    level = _level_on(mask, small)
    differs = np.abs(small - level) / np.maximum(level, 32)
    wider, wide = (cv2.dilate(mask, np.ones((n, n), np.uint8)) for n in (11, 7))
    beside = (wider > wide) & (mask == 0)
    edge = mask > cv2.erode(mask, np.ones((5, 5), np.uint8), borderValue=1)
    parts = [part for part in (differs[beside], _border(differs)) if part.size]
    share = min(np.mean(part > 2 * MIN_EDGE_STEP) for part in parts)
    return bool(share > min_share and np.mean(differs[edge] > 0.15) < 0.3)


def _hull(part: np.ndarray) -> np.ndarray:
    """The convex hull of a part without its edge, where a sheet throws a shadow; uint8."""
    if not part.any():
        return part.astype(np.uint8)
    hull = cv2.convexHull(cv2.findNonZero(part.astype(np.uint8)))
    sheet = cv2.fillConvexPoly(np.zeros(part.shape, np.uint8), hull, 1)
    return cv2.erode(sheet, np.ones((3, 3), np.uint8), borderValue=1)


def _fill_beside(sheet: np.ndarray, small: np.ndarray) -> np.ndarray:
    """The picture, beyond the sheet as bright as the sheet is nearby."""
    return np.where(sheet, small, _level_on(sheet, small)).astype(np.uint8)


def _level_on(sheet: np.ndarray, small: np.ndarray) -> np.ndarray:
    """The brightness of the sheet nearby, on it and beyond it; float32, same shape."""
    blur = functools.partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=0.1 * max(small.shape))
    weight = blur(sheet.astype(np.float32))
    level = blur(sheet * small.astype(np.float32)) / np.maximum(weight, 1e-3)
    far_away = small[sheet > 0].mean(dtype=np.float32)  # the whole sheet's
    return np.where(weight > 0.01, level, far_away)


def is_on(sheet: np.ndarray, box: tuple[int, int, int, int], shape: tuple[int, ...]) -> bool:
    """Tell whether a box, in pixels of a picture of this shape, lies on the sheet as a whole."""
    scale = np.array(sheet.shape) / shape[:2]
    top, left = np.floor(np.array([box[1], box[0]]) * scale).astype(int)
    bottom, right = np.ceil(np.array([box[1] + box[3], box[0] + box[2]]) * scale).astype(int)
    return bool(sheet[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1].all())
