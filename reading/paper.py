"""From a photo to ink: the paper under uneven light, light writing on dark, sheets on a table."""

import functools
import math

import cv2
import numpy as np

SHARP = 0.05  # of the brightness: a step between neighbouring pixels that is a sheet's edge
LEAST_SHEET = 0.1  # of the picture's area
LEAST_WITH_SHEET = 32  # pixels; a picture that is narrower shows nothing beside its sheet
LEAST_CONTRAST = 0.08  # of the paper's brightness; fainter marks count as paper
MOST_BARS = 0.7  # of a side: how much of it even bars may take
BAR_EVEN = 4  # grey levels by which a bar may differ
FRAME = 0.08  # of a side: how wide a frame along the border may be
FRAME_CONTRAST = 40  # grey levels between a frame and most of the picture


def to_grey(picture: np.ndarray) -> np.ndarray:
    """Brightness of an RGB picture, uint8, shape (H, W); one that is grey is returned as it is."""
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def shrunk_to(picture: np.ndarray, longest: int) -> np.ndarray:
    """The picture itself, or a smaller one whose longer side has `longest` pixels."""
    if max(picture.shape) <= longest:
        return picture
    return cv2.resize(picture, size_within(picture.shape, longest), interpolation=cv2.INTER_AREA)


def shrunk_by_whole(picture: np.ndarray, longest: int) -> np.ndarray:
    """The picture itself, or one a whole number of times smaller, with `longest` pixels at most.

    That is faster than to shrink it to a given size. What is left over at the right and at the
    bottom, less than a pixel of the result, is cut off. (A line that is thinner than that is
    shrunk to the given size.)
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

    Those of the whole picture where there are no bars, or where they take more than `MOST_BARS`.
    The margins of a stroke that is thick and upright look like bars as well.

    Args:
        picture: uint8, shape (H, W), grey.
    """
    height, width = picture.shape
    # Some of its pixels are enough.
    some = np.ascontiguousarray(picture[:: max(1, height // 192), :: max(1, width // 192)])
    small = _small(some)
    widths = [_even_lines(lines) for lines in _from_each_side(small)]
    top, bottom, left, right = widths
    inner = small[top : len(small) - bottom, left : small.shape[1] - right]
    if not inner.size:  # one colour from side to side
        return slice(0, height), slice(0, width)
    sides = zip(widths, _from_each_side(small), _from_each_side(inner), strict=True)
    # With its soft edge.
    wide = [n + 1 if n and _is_beside(lines[0], within) else 0 for n, lines, within in sides]
    top, bottom = (math.ceil(n * height / len(small)) for n in wide[:2])
    left, right = (math.ceil(n * width / small.shape[1]) for n in wide[2:])
    if top + bottom > MOST_BARS * height or left + right > MOST_BARS * width:
        return slice(0, height), slice(0, width)
    return slice(top, height - bottom), slice(left, width - right)


def _from_each_side(picture: np.ndarray) -> tuple[np.ndarray, ...]:
    """The lines of a picture from its top, bottom, left and right side on."""
    return picture, picture[::-1], picture.T, picture.T[::-1]


def _even_lines(lines: np.ndarray) -> int:
    """How many lines from the first on are all as bright as the first one."""
    apart = cv2.absdiff(lines, np.full_like(lines, np.median(lines[0])))
    return int(np.append((apart <= BAR_EVEN).mean(axis=1) > 0.98, False).argmin())


def _is_beside(outermost: np.ndarray, lines: np.ndarray) -> bool:
    """Tell a bar from the margin of a page: beside a bar all has another brightness at once."""
    beyond = cv2.absdiff(lines, np.full_like(lines, np.median(outermost))) > FRAME_CONTRAST
    return len(beyond) > 1 and beyond[1:4].mean() > 0.85 and beyond[1:].mean() > 0.5


def ink_of(picture: np.ndarray, sheet: np.ndarray | None = None) -> np.ndarray:
    """Tell ink from paper under uneven light, dark on light or light on dark.

    Ink is how much darker a pixel is than the paper around it (see `paper_of`), as a share of the
    paper's brightness.

    Args:
        picture: uint8, shape (H, W, 3), RGB, or (H, W), grey.
        sheet: where the paper is, one of `find_sheets`; None: everywhere.

    Returns:
        float32, shape (H, W): 0 where there is paper, 1 for the darkest ink; all 0 if no mark
        stands out from the paper.
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
    # Step by step in one array: new ones of this size take longer than the arithmetic.
    ink = paper - grey
    ink /= np.maximum(paper, 64, out=paper)
    np.maximum(ink, 0, out=ink)
    band = round(FRAME * min(ink.shape)) if framed else 0  # a frame is no grain
    inner = np.s_[band : ink.shape[0] - band : 3, band : ink.shape[1] - band : 3]
    on_sheet = ink[inner]
    if sheet is not None:
        mask = cv2.resize(sheet, grey.shape[::-1], interpolation=cv2.INTER_NEAREST)
        ink *= mask
        on_sheet = on_sheet[mask[inner] > 0]
    grain = 3 * np.median(on_sheet)  # paper is not even: this much is no ink yet
    marks = ink[ink > grain + LEAST_CONTRAST]
    if not len(marks):
        return np.zeros_like(ink)
    ink -= grain
    ink /= np.percentile(marks, 80) - grain
    return np.clip(ink, 0, 1, out=ink)


def _small(grey: np.ndarray) -> np.ndarray:
    """A picture in the size in which its paper is looked at."""
    return cv2.resize(grey, size_within(grey.shape, 96), interpolation=cv2.INTER_AREA)


def _without_frame(grey: np.ndarray) -> tuple[bool, np.ndarray]:
    """Paint over a frame, or a piece of one, along the border; it would be taken for paper there.

    Returns:
        Whether there is one, and the picture without it.
    """
    apart = cv2.absdiff(grey, np.full_like(grey, np.median(grey))) > FRAME_CONTRAST
    rows, columns = apart.mean(axis=1), apart.mean(axis=0)
    wide = [_frame_width(side) for side in (rows, rows[::-1], columns, columns[::-1])]
    if not any(wide):
        return False, grey
    top, bottom, left, right = (width + 1 if width else 0 for width in wide)  # with its soft edge
    inner = grey[top : len(grey) - bottom, left : grey.shape[1] - right]
    return True, cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_REPLICATE)


def _frame_width(side: np.ndarray) -> int:
    """How many lines from a side on are frame, from the share of each line that may be.

    A frame ends at once. Paper around thick ink, which may be most of a picture, ends bit by bit.
    """
    width = int(np.append(side > 0.85, False).argmin())
    return width if width <= FRAME * len(side) and side[width] < 0.5 else 0


def is_light_on_dark(grey: np.ndarray, around: np.ndarray) -> bool:
    """Tell whether the ink is brighter than the paper, from a picture and its `median_around`.

    Ink lies far from the brightness of the paper around it, on one side: a pixel counts by the
    square of that distance, with its sign. Strokes have sharp edges, reflected light has not: it
    also counts by the square of how much its neighbours differ.
    """
    step = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)
    distance = grey.astype(np.float32) - around
    return float((step**2 * distance * np.abs(distance)).sum()) > 0


def median_around(grey: np.ndarray) -> np.ndarray:
    """The median of each pixel's wide surroundings, most of which is paper; uint8, shape (H, W)."""
    return cv2.medianBlur(grey, min(round(min(grey.shape) * 0.6), 127) | 1)


def paper_of(grey: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Estimate the brightness of the paper under dark ink.

    A morphological closing fills in what is dark and narrower than its kernel. A narrow kernel
    leaves shadows alone, but takes thick strokes for paper; a wide one fills shadows at their
    edge. The median is right in both cases, but not where there is more ink than paper. So the
    median is taken, between the two closings. The slope of the light is taken out before, since
    a closing raises the dark end of a slope.

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
    """The plane nearest to a picture's brightness (least squares); float32, same shape.

    On a grid the slopes along rows and columns do not depend on one another.
    """
    grey = grey.astype(np.float32)
    plane = np.full_like(grey, grey.mean())
    for axis in (0, 1):
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
    """Mend the paper where a stroke is wider than the closing's kernel and was taken for paper.

    What is nearly as dark as the ink, compared with the wide surroundings without the ink, is ink.
    """
    share = 1 - level / np.maximum(paper, 1e-3)
    marks = share[share > LEAST_CONTRAST]
    if not len(marks) or (strength := np.percentile(marks, 80)) < 0.3:
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

    Sharp edges cut the picture into parts (the edge of a shadow is soft). A sheet is what lies
    between the corners of the parts that do not reach the picture's border; or it is the whole
    picture; or the largest part, cut off by the border.

    Args:
        picture: uint8, shape (H, W, 3), RGB, or (H, W), grey.

    Returns:
        Masks, the most probable first: uint8, the shape of `_small(picture)`, 1 on the sheet; None
        is the whole picture.
    """
    if min(picture.shape[:2]) < LEAST_WITH_SHEET:
        return [None]
    small = cv2.medianBlur(_small(to_grey(picture)), 5)
    step = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    even = step < SHARP * np.maximum(cv2.dilate(small, np.ones((3, 3), np.uint8)), 32)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(even.astype(np.uint8), connectivity=4)
    at_border = np.zeros(len(stats), bool)
    at_border[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    areas = stats[:, cv2.CC_STAT_AREA] / even.size
    within, largest = ~at_border & (areas > 0.01), np.zeros(len(stats), bool)
    within[0] = areas[0] = 0  # number 0 are the edges
    largest[areas.argmax()] = True
    first, last = (_between_corners(parts[labels]) for parts in (within, largest))
    sheets = [first] if _is_sheet(first, small, 0.8) else []
    return [*sheets, None, *([last] if _is_sheet(last, small, 0.2) else [])]


def _is_sheet(mask: np.ndarray, small: np.ndarray, least: float) -> bool:
    """Tell a sheet from paper between strokes.

    It is a rectangle, nearly, with little ink along its edge. Beside it, and along the picture's
    border, the brightness is another: at the share `least` of the pixels, or more.
    """
    if not LEAST_SHEET < mask.mean() < 0.97:
        return False
    _, (width, height), _ = cv2.minAreaRect(cv2.findNonZero(mask))
    if mask.sum() < 0.85 * (width + 1) * (height + 1):
        return False
    level = _level_on(mask, small)
    differs = np.abs(small - level) / np.maximum(level, 32)
    wider, wide = (cv2.dilate(mask, np.ones((n, n), np.uint8)) for n in (11, 7))
    beside = (wider > wide) & (mask == 0)
    edge = mask > cv2.erode(mask, np.ones((5, 5), np.uint8), borderValue=1)
    border = np.concatenate([differs[0], differs[-1], differs[:, 0], differs[:, -1]])
    differing = [np.mean(part > 2 * SHARP) for part in (differs[beside], border) if part.size]
    return bool(min(differing) > least and np.mean(differs[edge] > 0.15) < 0.3)


def _between_corners(part: np.ndarray) -> np.ndarray:
    """The convex hull of a part, without its edge: a sheet throws a shadow; uint8, same shape."""
    if not part.any():
        return part.astype(np.uint8)
    hull = cv2.convexHull(cv2.findNonZero(part.astype(np.uint8)))
    sheet = cv2.fillConvexPoly(np.zeros(part.shape, np.uint8), hull, 1)
    return cv2.erode(sheet, np.ones((3, 3), np.uint8), borderValue=1)


def _fill_beside(sheet: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Go on beyond the sheet with the brightness that it has near there."""
    return np.where(sheet, small, _level_on(sheet, small)).astype(np.uint8)


def _level_on(sheet: np.ndarray, small: np.ndarray) -> np.ndarray:
    """The brightness of the sheet nearby, on it and beyond it; float32, same shape."""
    blur = functools.partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=0.1 * max(small.shape))
    weight = blur(sheet.astype(np.float32))
    level = blur(sheet * small.astype(np.float32)) / np.maximum(weight, 1e-3)
    far_away = small[sheet > 0].mean(dtype=np.float32)  # the whole sheet's
    return np.where(weight > 0.01, level, far_away)


def is_on(sheet: np.ndarray, box: tuple[int, int, int, int], shape: tuple[int, ...]) -> bool:
    """Tell whether a box in a picture of this shape lies on the sheet, with all its corners."""
    scale = np.array(sheet.shape) / shape[:2]
    top, left = np.floor(np.array([box[1], box[0]]) * scale).astype(int)
    bottom, right = np.ceil(np.array([box[1] + box[3], box[0] + box[2]]) * scale).astype(int)
    return bool(sheet[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1].all())
