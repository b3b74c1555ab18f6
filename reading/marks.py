"""From ink to marks, in rows. A *mark* is a connected component of the ink.

Ruled lines, frames and rings are taken out of the ink first; marks as small as dust are dropped.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

MIN_INK = 0.15  # ink, 0 to 1; what is fainter is no part of a digit
MIN_DARKNESS = 0.5  # share of the darkest mark's ink
MAX_MARKS = 4000  # marks in one picture; the largest are kept
MIN_LINE_INK = 0.25  # ink, 0 to 1; a ruled line may be as faint, the paper's grain is fainter
MAX_EDGE_THICKNESS = 0.05  # share of the longer side; a line at the border may be thicker
MIN_RING_WIDTH = 0.8  # share of its height; a zero is narrower than what is drawn around digits
MIN_HEIGHT_IN_RING, MAX_HEIGHT_IN_RING = 0.3, 0.85  # of a digit, share of the ring's height
MAX_RING_STRAY = 0.04  # share of the ring's height by which its line may leave its shape
MIN_SIDE_WITH_LINES = 12  # pixels; a narrower strip is not searched for lines
MAX_LINES = 200  # candidates in one direction, those with the most ink
MIN_LONGEST_MARK = 5  # pixels; a picture whose marks are all shorter cannot be read
MAX_SMALL_MARK = 0.15  # share of the picture's shorter side, see `find_marks`
MIN_FRAGMENT = 0.05  # share of the longest mark; a shorter piece is dust, and joined to nothing
MIN_MARK = 0.12  # share of the longest mark; what is still shorter when joined is dust
CLOSING_RADIUS = 0.03  # share of the longest mark; a gap in a stroke is at most twice as wide
MAX_TRACED = 500  # components whose boxes are taken from contours, see `_components`
Box = tuple[int, int, int, int]  # left, top, width, height in pixels


@dataclass(frozen=True, eq=False)
class Mark:
    """Connected ink: a digit, a piece of one, or several that touch.

    Two marks are never equal, so that each is a key of its own in a dictionary.

    Attributes:
        box: left, top, width, height in pixels.
        ink: float32, shape (height, width), 0 (paper) to 1 (ink), without the neighbours' ink.
    """

    box: Box
    ink: np.ndarray = field(repr=False)

    left, top, width, height = (property(lambda mark, n=n: mark.box[n]) for n in range(4))
    right = property(lambda mark: mark.left + mark.width)
    bottom = property(lambda mark: mark.top + mark.height)


def shared_width(a: Mark, b: Mark) -> float:
    """The width that two marks have in common, as a share of the smaller one; negative: a gap."""
    return (min(a.right, b.right) - max(a.left, b.left)) / min(a.width, b.width)


def shared_height(a: Mark, b: Mark) -> float:
    """The height that two marks have in common, as a share of the smaller one; negative: a gap."""
    return (min(a.bottom, b.bottom) - max(a.top, b.top)) / min(a.height, b.height)


def find_marks(ink: np.ndarray) -> list[list[Mark]]:
    """Find the marks of a picture, without dust, ruled lines and frames.

    Args:
        ink: float32, shape (H, W), 0 (paper) to 1 (ink).

    Returns:
        Rows from the top, in each the marks from left to right; empty where there is none.
    """
    mask, labels, boxes = _writing_in(ink)
    # Where all writing is small, a digit at the border has the size of a sliver.
    all_small = all(max(box[2:]) < MAX_SMALL_MARK * min(ink.shape) for box in boxes)

    def is_sliver(box: Box) -> bool:
        return not all_small and _is_sliver(box, ink.shape)

    longest = max((max(box[2:]) for box in boxes if not is_sliver(box)), default=0)
    if longest < MIN_LONGEST_MARK:
        return []
    # A single fragment has nothing to be joined to, and joining takes its time.
    if sum(max(box[2:]) >= MIN_FRAGMENT * longest for box in boxes) > 1:
        labels, boxes = _joined(mask, labels, boxes, longest)
    large = [
        (n, box)
        for n, box in enumerate(boxes, 1)
        if max(box[2:]) >= max(MIN_MARK * longest, 2) and not is_sliver(box)
    ]
    large = sorted(large, key=lambda item: -max(item[1][2:]))[:MAX_MARKS]
    marks = _as_dark([_to_mark(ink, labels, n, box) for n, box in large])
    return _rows(marks) if marks else []


def _joined(
    mask: np.ndarray, labels: np.ndarray, boxes: list[Box], longest: int
) -> tuple[np.ndarray, list[Box]]:
    """Give the fragments of a stroke with narrow gaps one number, by widening the ink."""
    radius = max(1, round(CLOSING_RADIUS * longest))
    fragments = _without_specks(labels, boxes, MIN_FRAGMENT * longest)
    labels, boxes = _components(cv2.dilate(fragments, _disc(radius)))
    return labels * mask, [_narrowed(box, radius, mask.shape) for box in boxes]


def _as_dark(marks: list[Mark]) -> list[Mark]:
    """Leave out marks that are far fainter than others: creases, and what shines through.

    The digits of a picture are nearly always written with one pen.
    """
    if not marks:
        return []
    inked = [mark.ink[mark.ink > 0.1] for mark in marks]
    darkness = np.array([np.percentile(ink, 80) if ink.size else 0 for ink in inked])
    threshold = max(MIN_DARKNESS * darkness.max(), MIN_INK)
    return [mark for mark, dark in zip(marks, darkness) if dark > threshold]


def _writing_in(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Box]]:
    """Find the inked pixels that are no line or frame.

    Returns:
        mask: uint8, shape (H, W), 1 where there is writing.
        labels: int32, same shape, the number of each pixel's component.
        boxes: those of the components 1, 2, ...
    """
    ink = _without_lines_and_frames(ink)
    # A little blur closes the gaps of a dry pen. It thins a fine pen's ink, so the threshold is a
    # share of what is left of it.
    even = cv2.GaussianBlur(ink, (0, 0), max(0.5, max(ink.shape) / 400))
    inked = even[ink > 0.5]
    if not len(inked):
        return np.zeros(ink.shape, np.uint8), np.zeros(ink.shape, np.int32), []
    mask = (even > 0.35 * min(np.percentile(inked, 80), 0.85)).astype(np.uint8)
    labels, boxes = _components(mask)
    if _is_texture(mask, boxes):
        return np.zeros_like(mask), labels, []
    return mask, labels, boxes


def _without_lines_and_frames(ink: np.ndarray) -> np.ndarray:
    """The ink without ruled lines, squares and the frames of cells; same shape and dtype."""
    whole = (ink > MIN_LINE_INK).astype(np.uint8)  # lines may be fainter than the writing
    _, boxes = _components(whole)
    rest = _without_rings(whole, boxes)
    if rest is not whole:
        _, boxes = _components(rest)
    if any(_is_long(box, ink.shape) for box in boxes):
        rest = _without_lines(rest, _lines(rest, max_thickness=0.03))
        _, boxes = _components(rest)
    longest = max((max(box[2:]) for box in boxes), default=0)
    rest = _without_frames(rest, [box for box in boxes if max(box[2:]) > 0.3 * longest])
    if rest is whole:
        return ink
    taken = cv2.dilate(whole & ~rest, np.ones((3, 3), np.uint8))  # a line has soft edges
    return np.where(taken & ~rest, np.float32(0), ink)


def _is_texture(mask: np.ndarray, boxes: list[Box]) -> bool:
    """Tell noise and weave, many grains or ink all over, from writing."""
    if len(boxes) <= 50:
        return False
    sides = np.array([max(box[2:]) for box in boxes])
    grainy = np.mean(sides <= 2) > 0.4 and sides.max() < 0.1 * max(mask.shape)
    return bool(grainy or mask.mean() > 0.35)


def _without_specks(labels: np.ndarray, boxes: list[Box], min_side: float) -> np.ndarray:
    """The mask of the components that are at least `min_side` pixels wide or high."""
    large = [False] + [max(box[2:]) >= min_side for box in boxes]  # number 0 is the paper
    return np.array(large, np.uint8)[labels]


def _narrowed(box: Box, radius: int, shape: tuple[int, int]) -> Box:
    """The box of a mark before it was widened by `radius` pixels, which end at the border."""
    left, top, width, height = box
    right, bottom = left + width, top + height
    left, top = left + radius if left else 0, top + radius if top else 0
    right = right - radius if right < shape[1] else right
    bottom = bottom - radius if bottom < shape[0] else bottom
    return left, top, right - left, bottom - top


def _is_long(box: Box, shape: tuple[int, int]) -> bool:
    """Tell what may be a part of a ruled line, or hang on one."""
    *_, width, height = box
    flat, upright = width > 6 * height, height > 6 * width
    return (
        width > (0.25 if flat else 0.6) * shape[1] or height > (0.25 if upright else 0.6) * shape[0]
    )


def _components(mask: np.ndarray) -> tuple[np.ndarray, list[Box]]:
    """Number the connected pixels of a mask; boxes of the numbers 1, 2, ...

    Where components are few, the boxes of their contours take a fifth of the time that the
    statistics of all pixels take.
    """
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    if count > MAX_TRACED:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        return labels, [tuple(row[:4]) for row in stats[1:].tolist()]
    boxes: list[Box] = [(0, 0, 0, 0)] * (count - 1)
    contours, parents = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for contour, (*_, parent) in zip(contours, parents[0] if contours else []):
        if parent < 0:  # no hole
            column, row = contour[0, 0]
            boxes[labels[row, column] - 1] = cv2.boundingRect(contour)
    return labels, boxes


def _to_mark(ink: np.ndarray, labels: np.ndarray, number: int, box: Box) -> Mark:
    left, top, width, height = box
    window = np.s_[top : top + height, left : left + width]
    own = (labels[window] == number).astype(np.uint8)
    # Keep the soft edge of the strokes, which lies just outside the mask.
    return Mark(box, ink[window] * cv2.dilate(own, np.ones((3, 3), np.uint8)))


def _is_sliver(box: Box, shape: tuple[int, int]) -> bool:
    """Tell a neighbour's or a frame's last pixels at the border from digits."""
    left, top, width, height = box
    near_x, near_y = 0.02 * shape[1], 0.02 * shape[0]
    at_side = left <= near_x or left + width >= shape[1] - near_x
    at_end = top <= near_y or top + height >= shape[0] - near_y
    return (at_side and width < 0.05 * shape[1]) or (at_end and height < 0.05 * shape[0])


def usual_height(marks: list[Mark]) -> float:
    """The median height in pixels of the marks at least half as high as the highest."""
    heights = np.array([mark.height for mark in marks])
    return float(np.median(heights[heights >= 0.5 * heights.max()]))


def _rows(marks: list[Mark]) -> list[list[Mark]]:
    """Rows from the top, left to right in a row; low marks join the row of the nearest high one."""
    tall = usual_height(marks)
    rows: list[list[Mark]] = []
    for mark in sorted((m for m in marks if m.height >= 0.5 * tall), key=lambda m: m.left):
        for row in rows:  # where a row slopes, its last mark is the nearest one
            if shared_height(mark, row[-1]) > 0.4:
                row.append(mark)
                break
        else:
            rows.append([mark])
    rows.sort(key=lambda row: np.mean([m.top + m.height / 2 for m in row]))
    members = [(r, m.box) for r, row in enumerate(rows) for m in row]
    starts = np.array([box[:2] for _, box in members])
    ends = starts + [box[2:] for _, box in members]
    for mark in marks:
        if mark.height < 0.5 * tall:
            start, end = np.array([mark.left, mark.top]), np.array([mark.right, mark.bottom])
            apart = np.maximum(np.maximum(starts - end, start - ends), 0).max(axis=1)
            rows[members[apart.argmin()][0]].append(mark)
    return [sorted(row, key=lambda m: m.left + m.width / 2) for row in rows]


def _without_lines(mask: np.ndarray, lines: list[tuple[np.ndarray, float]]) -> np.ndarray:
    """Take out ruled lines or a frame.

    If what is left fills the picture, one or two lines as thick as the strokes stay: they may be
    part of a digit, such as the top of a 7.

    Args:
        mask: uint8, shape (H, W), 1 where there is ink.
        lines: as `_lines` returns them.
    """
    if not lines:
        return mask
    rest = _without_ink_of(lines, mask)
    if not rest.any():
        return mask
    spans = [np.ptp(np.flatnonzero(rest.any(axis=axis))) + 1 for axis in (1, 0)]
    if len(lines) > 2 or max(spans[0] / mask.shape[0], spans[1] / mask.shape[1]) < 0.85:
        return rest
    inner = cv2.erode(rest, np.ones((3, 3), np.uint8), borderValue=0)
    stroke = 2 * rest.sum() / max((rest - inner).sum(), 1)
    return _without_ink_of([line for line in lines if line[1] < 0.6 * stroke], mask)


def _without_ink_of(lines: list[tuple[np.ndarray, float]], mask: np.ndarray) -> np.ndarray:
    """The mask without these lines, and without the specks that are left where lines cross."""
    if not lines:
        return mask
    rest = mask & ~np.any([inked for inked, _ in lines], axis=0)
    return _without_specks(*_components(rest), 3 * max(thickness for _, thickness in lines))


def _lines(
    mask: np.ndarray, max_thickness: float, margin: float = 0.5
) -> list[tuple[np.ndarray, float]]:
    """Find thin lines, nearly straight, across the whole picture, lying or standing.

    Args:
        mask: uint8, shape (H, W), 1 where there is ink.
        max_thickness: share of the longer side; a digit's strokes are thicker.
        margin: how far from a side a line may lie, as a share of the picture.

    Returns:
        For each line its ink, bool, shape (H, W), without the strokes that cross it; and its
        thickness in pixels.
    """
    return [
        (inked.T if standing else inked, thickness)
        for standing, turned in enumerate((mask, mask.T))
        for inked, thickness in _lying_lines(turned, max_thickness, margin)
        if thickness <= max_thickness * max(mask.shape) or _is_edge(inked, thickness)
    ]


def _is_edge(inked: np.ndarray, thickness: float) -> bool:
    """Tell whether a lying line is a piece of a frame, which may be thicker, along the border."""
    band = round(thickness) + 1
    elsewhere = inked[band:-band].sum()  # a little, where another piece meets it in a corner
    is_thin = thickness <= MAX_EDGE_THICKNESS * max(inked.shape)
    return is_thin and elsewhere <= 0.1 * inked.sum()


def _lying_lines(
    mask: np.ndarray, max_thickness: float, margin: float
) -> list[tuple[np.ndarray, float]]:
    """Those of `_lines` that run from left to right, found by a Hough transform."""
    if min(mask.shape) < MIN_SIDE_WITH_LINES:
        return []
    reach = max(3, round(0.05 * min(mask.shape)), round(max_thickness * max(mask.shape)))
    scale = min(1, 400 / mask.shape[1])
    size = max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale))
    # A line of one pixel may cover a third of a pixel here, and be shared between two rows.
    small = (cv2.resize(255 * mask, size, interpolation=cv2.INTER_AREA) > 40).astype(np.uint8)
    min_votes = round(0.4 * small.shape[1])  # pixels on a line; it need not be quite straight
    flat = np.pi / 2
    found = cv2.HoughLines(small, 1, np.pi / 360, min_votes, None, 0, 0, flat - 0.12, flat + 0.12)
    columns = np.arange(mask.shape[1])
    lines: list[tuple[np.ndarray, float]] = []
    taken = np.zeros(mask.shape, bool)
    for distance, angle in [] if found is None else found[:MAX_LINES, 0, :2]:
        start, slope = distance / np.sin(angle) / scale, -1 / np.tan(angle)
        path = np.round(start + slope * columns).astype(int)
        from_side = min(path.mean(), mask.shape[0] - path.mean())
        known = taken[np.clip(path, 0, mask.shape[0] - 1), columns].mean() > 0.5
        if 0 <= from_side <= margin * mask.shape[0] and not known:
            line = _line_through(mask, start, slope, reach)
            if line is not None:
                lines.append(line)
                taken |= cv2.dilate(line[0].astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return lines


def _line_through(
    mask: np.ndarray, start: float, slope: float, reach: int
) -> tuple[np.ndarray, float] | None:
    """The ink of a thin line from row `start` at the left side, and its thickness; or None."""
    height, width = mask.shape
    columns = np.arange(width)
    path, near = start + slope * columns, 0.3 * reach
    offsets = np.arange(-reach, reach + 1)[:, None]
    for _ in range(2):  # the second time along a curve through what was found: paper bends
        rows = np.round(path).astype(int) + offsets
        there = (rows >= 0) & (rows < height)
        rows = np.clip(rows, 0, height - 1)
        band = there & (mask[rows, columns] > 0)
        # The ink nearest to the path, and what hangs together with it.
        gap = np.where(band, np.abs(offsets), 2 * reach)
        below = np.cumsum(~band, axis=0)
        run = band & (below == np.take_along_axis(below, gap.argmin(axis=0)[None], axis=0))
        thickness = run.sum(axis=0)
        on_line = gap.min(axis=0) <= near
        if on_line.mean() < 0.8:
            return None
        usual = float(np.median(thickness[on_line]))
        on_line &= thickness <= 1.5 * usual + 1  # elsewhere a stroke crosses it
        if usual > reach or on_line.mean() < 0.3:
            return None
        middle = (run * rows).sum(axis=0)[on_line] / thickness[on_line]
        path = np.polyval(np.polyfit(columns[on_line], middle, 2), columns)
        near = max(2, usual)
    run &= on_line
    inked = np.zeros(mask.shape, bool)
    inked[rows[run], np.broadcast_to(columns, run.shape)[run]] = True
    return inked, usual


def _without_frames(mask: np.ndarray, boxes: list[Box]) -> np.ndarray:
    """Take out the frames of form cells: marks with ink along at least three sides of their box.

    Args:
        mask: uint8, shape (H, W), 1 where there is ink.
        boxes: those of the marks that may be frames.
    """
    cleared = mask
    for left, top, width, height in boxes:
        band = max(2, round(0.08 * min(width, height)))
        if min(width, height) < 4 * band:
            continue
        place = np.s_[top : top + height, left : left + width]
        window = mask[place]
        sides = window[:band], window[-band:], window[:, :band].T, window[:, -band:].T
        if sum(side.any(axis=0).mean() > 0.8 for side in sides) >= 3:
            lines = _lines(window, max_thickness=0.1, margin=0.15)
            if len(lines) >= 3:
                cleared = mask.copy() if cleared is mask else cleared
                cleared[place] &= _without_lines(window, lines)
    return cleared


def _without_rings(mask: np.ndarray, boxes: list[Box]) -> np.ndarray:
    """Take out rings and boxes drawn around digits, also those with a narrow gap.

    One that a digit touches stays, as they are one component.

    Args:
        mask: uint8, shape (H, W), 1 where there is ink.
        boxes: those of its marks.
    """
    if not 1 < len(boxes) <= MAX_MARKS:
        return mask
    closed = cv2.dilate(mask, _disc(CLOSING_RADIUS * max(max(box[2:]) for box in boxes)))
    for whole in (mask, closed):
        around_digits, cleared = _around_digits(whole), mask
        labels = _components(whole)[0] if around_digits else None
        for ring, hole in around_digits:
            left, top, width, height = cv2.boundingRect(ring)
            place = np.s_[top : top + height, left : left + width]
            own = labels[place] == labels[tuple(ring[0, 0, ::-1])]
            if _is_ring(own, hole - [left, top]):
                cleared = mask.copy() if cleared is mask else cleared
                cleared[place] &= ~own
        if cleared is not mask:
            return cleared
    return mask


def _around_digits(mask: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Contours of the marks that have a hole with a large mark in it, and of that hole."""
    contours, tree = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    # A mark's outline lies in a hole of another mark, a hole in its own mark's outline.
    around = tree[0, :, 3] if contours else np.empty(0, int)
    depth, outer = np.zeros(len(contours), int), around
    while (outer >= 0).any():
        depth += outer >= 0
        outer = np.where(outer >= 0, around[outer], -1)
    found = {}
    for within in np.flatnonzero((depth >= 2) & (depth % 2 == 0)):
        hole = around[within]
        if hole not in found:
            ring = contours[around[hole]]
            *_, width, height = cv2.boundingRect(ring)
            if width > MIN_RING_WIDTH * height and _is_large(contours[within], height):
                found[hole] = ring, contours[hole]
    return list(found.values())


def _is_large(contour: np.ndarray, height: int) -> bool:
    """Tell what may be a digit within a ring of this height from a dot or a slash within a zero."""
    *_, own_width, own_height = cv2.boundingRect(contour)
    short, long = sorted(cv2.minAreaRect(contour)[1])
    leaning = short < 0.35 * long and own_width > 0.4 * own_height
    return MIN_HEIGHT_IN_RING < own_height / height < MAX_HEIGHT_IN_RING and not leaning


def _is_ring(own: np.ndarray, hole: np.ndarray) -> bool:
    """Tell a line around a hole from one that touches a digit, and from several cells.

    Args:
        own: bool, shape (H, W), where its ink is.
        hole: the contour of the hole.
    """
    convex = cv2.fillConvexPoly(np.zeros(own.shape, np.uint8), cv2.convexHull(hole), 1)
    within, beyond = (cv2.distanceTransform(part, cv2.DIST_L2, 3) for part in (convex, 1 - convex))
    thickness = own.sum() / cv2.arcLength(hole, True)
    slack = MAX_RING_STRAY * len(own)
    stray = own & ((within > slack) | (beyond > 2 * thickness + slack))
    return stray.sum() <= 0.01 * own.sum()


def _disc(radius: float) -> np.ndarray:
    """A kernel that widens ink by `radius` pixels, by one at least."""
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
