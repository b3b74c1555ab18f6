"""From ink to marks: what hangs together, without dust, ruled lines and frames, in rows."""

from dataclasses import dataclass, field

import cv2
import numpy as np

LEAST_INK = 0.15  # ink; what is fainter is no part of a digit
LEAST_DARKNESS = 0.5  # of the darkest mark's
MOST_MARKS = 4000  # in one picture; the largest are kept
FAINT = 0.25  # ink; a ruled line may be as faint, the paper's grain is not
THICKEST_EDGE = 0.05  # of the longer side: a line along the border may be thicker than others
RING_WIDTH = 0.8  # of its height, at least: what is drawn around digits is wider than a zero
WITHIN_RING = 0.3, 0.85  # of its height: how high a digit is that stands within it
UNEVEN_RING = 0.04  # of its height: how far its line may stray
LEAST_WITH_LINES = 12  # pixels; a narrower strip is not searched for lines
MOST_LINES = 200  # candidates in one direction, those with the most ink
LEAST_SIDE = 5  # pixels; what is smaller cannot be read
SMALL = 0.15  # of the picture's shorter side
SPECK = 0.05  # of the longest mark; smaller ones are dust
FEW = 500  # components, see `_components`
BROKEN = 0.03  # of the longest mark: a gap up to twice as wide is one in a stroke
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Mark:
    """Ink that hangs together: a digit, a piece of one, or several that touch.

    Attributes:
        box: left, top, width, height in pixels.
        ink: float32, shape (height, width), 0 (paper) to 1 (ink), without the neighbours' ink.
    """

    box: Box
    ink: np.ndarray = field(repr=False, compare=False)


def find_marks(ink: np.ndarray) -> list[list[Mark]]:
    """Find ink that hangs together, without dust, ruled lines and frames.

    Args:
        ink: float32, shape (H, W), 0 (paper) to 1 (ink).

    Returns:
        Rows from the top, in each the marks from left to right.
    """
    mask, labels, boxes = _writing_in(ink)
    # Where all writing is small, a digit at the border has the size of a sliver.
    small = all(max(box[2:]) < SMALL * min(ink.shape) for box in boxes)

    def is_sliver(box: Box) -> bool:
        return not small and _is_sliver(box, ink.shape)

    longest = max((max(box[2:]) for box in boxes if not is_sliver(box)), default=0)
    if longest < LEAST_SIDE:
        return []
    # One piece has nothing to be joined to, and joining takes its time.
    if sum(max(box[2:]) >= SPECK * longest for box in boxes) > 1:
        labels, boxes = _joined(mask, labels, boxes, longest)
    large = [
        (n, box)
        for n, box in enumerate(boxes, 1)
        if max(box[2:]) >= max(0.12 * longest, 2) and not is_sliver(box)
    ]
    large = sorted(large, key=lambda item: -max(item[1][2:]))[:MOST_MARKS]
    marks = _as_dark([_cut_out(ink, labels, n, box) for n, box in large])
    return _rows(marks) if marks else []


def _joined(
    mask: np.ndarray, labels: np.ndarray, boxes: list[Box], longest: int
) -> tuple[np.ndarray, list[Box]]:
    """Number the parts of a stroke with a narrow gap as one: widen the ink, narrow it again."""
    reach = max(1, round(BROKEN * longest))
    without = _without_specks(labels, boxes, SPECK * longest)
    labels, boxes = _components(cv2.dilate(without, _disc(reach)))
    return labels * mask, [_narrowed(box, reach, mask.shape) for box in boxes]


def _as_dark(marks: list[Mark]) -> list[Mark]:
    """The marks without those that are far fainter than others: creases, and what shines through.

    All digits of a picture are written with one pen, nearly.
    """
    if not marks:
        return []
    inked = [mark.ink[mark.ink > 0.1] for mark in marks]
    darkness = np.array([np.percentile(ink, 80) if ink.size else 0 for ink in inked])
    least = max(LEAST_DARKNESS * darkness.max(), LEAST_INK)
    return [m for m, dark in zip(marks, darkness) if dark > least]


def _writing_in(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Box]]:
    """Where there is writing: uint8, shape (H, W), 1 for inked pixels that are no line or frame.

    Returns:
        This mask, and its components: their numbers at each pixel, and their boxes.
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
    whole = (ink > FAINT).astype(np.uint8)  # lines may be fainter than the writing
    _, boxes = _components(whole)
    rest = _without_rings(whole, boxes)
    if rest is not whole:
        _, boxes = _components(rest)
    if any(_is_long(box, ink.shape) for box in boxes):
        rest = _without_lines(rest, _lines(rest, thickest=0.03))
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


def _without_specks(labels: np.ndarray, boxes: list[Box], least: float) -> np.ndarray:
    """The mask of the components that are at least `least` pixels wide or high."""
    large = [False] + [max(box[2:]) >= least for box in boxes]  # number 0 is the paper
    return np.array(large, np.uint8)[labels]


def _narrowed(box: Box, reach: int, shape: tuple[int, int]) -> Box:
    """The box of a mark before it was widened by `reach` pixels; the border has cut some off."""
    left, top, width, height = box
    right, bottom = left + width, top + height
    left, top = left + reach if left else 0, top + reach if top else 0
    right = right - reach if right < shape[1] else right
    bottom = bottom - reach if bottom < shape[0] else bottom
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

    Few components have few contours, whose boxes are there five times as soon as the statistics of
    all pixels.
    """
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    if count > FEW:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        return labels, [tuple(row[:4]) for row in stats[1:].tolist()]
    boxes: list[Box] = [(0, 0, 0, 0)] * (count - 1)
    contours, parents = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for contour, (*_, parent) in zip(contours, parents[0] if contours else []):
        if parent < 0:  # no hole
            column, row = contour[0, 0]
            boxes[labels[row, column] - 1] = cv2.boundingRect(contour)
    return labels, boxes


def _cut_out(ink: np.ndarray, labels: np.ndarray, number: int, box: Box) -> Mark:
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
    """The median of the marks' heights, in pixels, without those that are low."""
    heights = np.array([mark.box[3] for mark in marks])
    return float(np.median(heights[heights >= 0.5 * heights.max()]))


def _rows(marks: list[Mark]) -> list[list[Mark]]:
    """Rows from the top, left to right in a row; a row may slope. Small marks join a near row."""
    tall = usual_height(marks)
    rows: list[list[Mark]] = []
    for mark in sorted((m for m in marks if m.box[3] >= 0.5 * tall), key=lambda m: m.box[0]):
        _, top, _, height = mark.box
        for row in rows:  # the row's last mark tells how high the row is by now
            _, row_top, _, row_height = row[-1].box
            shared = min(top + height, row_top + row_height) - max(top, row_top)
            if shared > 0.4 * min(height, row_height):
                row.append(mark)
                break
        else:
            rows.append([mark])
    rows.sort(key=lambda row: np.mean([m.box[1] + m.box[3] / 2 for m in row]))
    members = [(r, m.box) for r, row in enumerate(rows) for m in row]
    starts = np.array([box[:2] for _, box in members])
    ends = starts + [box[2:] for _, box in members]
    for mark in marks:
        if mark.box[3] < 0.5 * tall:
            start, end = np.array(mark.box[:2]), np.add(mark.box[:2], mark.box[2:])
            apart = np.maximum(np.maximum(starts - end, start - ends), 0).max(axis=1)
            rows[members[apart.argmin()][0]].append(mark)
    return [sorted(row, key=lambda m: m.box[0] + m.box[2] / 2) for row in rows]


def _without_lines(mask: np.ndarray, lines: list[tuple[np.ndarray, float]]) -> np.ndarray:
    """Take out ruled lines or a frame.

    If what is left fills the picture, one or two lines as wide as the strokes may be part of a
    digit (the top of a 7), and stay.

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
    """The mask without these lines, and without the spots that are left where lines cross."""
    if not lines:
        return mask
    rest = mask & ~np.any([inked for inked, _ in lines], axis=0)
    return _without_specks(*_components(rest), 3 * max(thickness for _, thickness in lines))


def _lines(
    mask: np.ndarray, thickest: float, margin: float = 0.5
) -> list[tuple[np.ndarray, float]]:
    """Find straight, thin lines that run across the whole picture, lying or standing.

    Args:
        mask: uint8, shape (H, W), 1 where there is ink.
        thickest: a line's thickness as a share of the longer side; a digit's strokes are thicker.
        margin: how far from a side, as a share of the picture, a line may lie.

    Returns:
        Of each line where its ink is, bool, shape (H, W), without the strokes that cross it; and
        its thickness in pixels.
    """
    return [
        (inked.T if standing else inked, thickness)
        for standing, turned in enumerate((mask, mask.T))
        for inked, thickness in _lying_lines(turned, thickest, margin)
        if thickness <= thickest * max(mask.shape) or _is_edge(inked, thickness)
    ]


def _is_edge(inked: np.ndarray, thickness: float) -> bool:
    """Tell whether a lying line is a piece of a frame, which may be thicker, along the border."""
    reach, longest = round(thickness) + 1, max(inked.shape)
    elsewhere = inked[reach:-reach].sum()  # a little, where another piece meets it in a corner
    return thickness <= THICKEST_EDGE * longest and elsewhere <= 0.1 * inked.sum()


def _lying_lines(
    mask: np.ndarray, thickest: float, margin: float
) -> list[tuple[np.ndarray, float]]:
    """Those of `_lines` that run from the left to the right side."""
    if min(mask.shape) < LEAST_WITH_LINES:
        return []
    reach = max(3, round(0.05 * min(mask.shape)), round(thickest * max(mask.shape)))
    scale = min(1, 400 / mask.shape[1])
    size = max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale))
    # A line of one pixel may cover a third of a pixel here, and be shared between two rows.
    small = (cv2.resize(255 * mask, size, interpolation=cv2.INTER_AREA) > 40).astype(np.uint8)
    least = round(0.4 * small.shape[1])  # pixels on a line; it need not be quite straight
    level = np.pi / 2
    found = cv2.HoughLines(small, 1, np.pi / 360, least, None, 0, 0, level - 0.12, level + 0.12)
    columns = np.arange(mask.shape[1])
    lines: list[tuple[np.ndarray, float]] = []
    taken = np.zeros(mask.shape, bool)
    for distance, angle in [] if found is None else found[:MOST_LINES, 0, :2]:
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
    """The ink of a line that begins at height `start` at the left side, if there is a thin one."""
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
            lines = _lines(window, thickest=0.1, margin=0.15)
            if len(lines) >= 3:
                cleared = mask.copy() if cleared is mask else cleared
                cleared[place] &= _without_lines(window, lines)
    return cleared


def _without_rings(mask: np.ndarray, boxes: list[Box]) -> np.ndarray:
    """Take out rings and boxes that were drawn around digits; they may have a narrow gap.

    One that a digit touches stays: it cannot be told from the digit here.

    Args:
        mask: uint8, shape (H, W), 1 where there is ink.
        boxes: those of its marks.
    """
    if not 1 < len(boxes) <= MOST_MARKS:
        return mask
    closed = cv2.dilate(mask, _disc(BROKEN * max(max(box[2:]) for box in boxes)))
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
    # What lies around a contour: around a mark a hole of another one, around a hole its own mark.
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
            if width > RING_WIDTH * height and _is_large(contours[within], height):
                found[hole] = ring, contours[hole]
    return list(found.values())


def _is_large(contour: np.ndarray, height: int) -> bool:
    """Tell what may be a digit within a ring of this height from a dot or a slash within a zero."""
    *_, own_width, own_height = cv2.boundingRect(contour)
    short, long = sorted(cv2.minAreaRect(contour)[1])
    leaning = short < 0.35 * long and own_width > 0.4 * own_height
    return WITHIN_RING[0] < own_height / height < WITHIN_RING[1] and not leaning


def _is_ring(own: np.ndarray, hole: np.ndarray) -> bool:
    """Tell a line around a hole from one that touches a digit, and from several cells.

    Args:
        own: bool, shape (H, W), where its ink is.
        hole: the contour of the hole.
    """
    convex = cv2.fillConvexPoly(np.zeros(own.shape, np.uint8), cv2.convexHull(hole), 1)
    within, beyond = (cv2.distanceTransform(part, cv2.DIST_L2, 3) for part in (convex, 1 - convex))
    thickness = own.sum() / cv2.arcLength(hole, True)
    uneven = UNEVEN_RING * len(own)
    stray = own & ((within > uneven) | (beyond > 2 * thickness + uneven))
    return stray.sum() <= 0.01 * own.sum()


def _disc(radius: float) -> np.ndarray:
    """A kernel that widens ink by `radius` pixels, by one at least."""
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
