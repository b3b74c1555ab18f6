"""From marks to digits: which marks are one digit, which are pieces of one, which are several.

`choose_digits` is the whole of it; `find_cuts` and `part_between` cut marks in pieces for it.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from reading.marks import Mark, usual_height

NO_DIGIT, SEVERAL = 10, 11  # columns of the reading network after those of the ten digits
SURE = 0.9  # a mark read with this probability is not joined to its neighbours
# What the probability of "no digit" is multiplied with: who asks has written digits. Lower reads
# more of those that look strange, and more letters.
NONE = 0.3
NONE_AMONG = 0.1  # the same in a row of digits of which the network is sure
NONE_CUT_OFF = 0.05  # the same for a piece that was cut off another one
WORD = 0.25  # what that of "several" is: signs that hang together may be a word
LEAST = 0.2  # a digit that is less probable than this is not reported
LEAST_AMONG = 0.1  # the same in a row of digits of which the network is sure
LOW = 0.05  # what the probability of a digit not half as high as its row is multiplied with
OVERLAPPING = 0.2  # how probable it is that marks above one another are different digits
STACKED = 0.1  # the same for neighbours in a row that share less than half of their heights
BROKEN_OFF = 0.13  # of a digit's height: the widest gap between its upper and its lower part
STROKE_COST = 0.15  # of a mark's height: what a cut costs for each stroke that it crosses
CUTS_APART = 0.08  # of the height: how far two cuts of a mark lie from one another, at least
MOST_COST = 0.75  # what a cut may cost; ink on all of its way costs 1
CUT_FROM = 0.05  # a mark is cut where "several" is more probable
MOST_CUTS = 14  # of a mark, the cheapest
WORD_GAP = 0.3  # of the height: letters of a word stand closer than that
WORD_LETTERS = 3  # a word has as many, at least: two may be the brackets around a digit
MOST_PIECES = 9  # no more marks, or pieces between neighbouring cuts, are joined

# How probable a division of a row is (log), and its parts: ink, and probabilities or None for none.
_Way = tuple[float, list[tuple[Mark, np.ndarray | None]]]


def choose_digits(rows: list[list[Mark]], predict: Callable) -> list[tuple[Mark, np.ndarray]]:
    """Decide which marks are digits, which are pieces of one, and which several that touch.

    A mark may be a digit by itself, its neighbours may belong to it, or it may have to be cut. The
    network says how probable each reading is; of all ways to divide a row the most probable one
    is taken (dynamic programming along the row, which may miss it where parts overlap). Two rows of
    one mark each may be one digit that is broken.

    Args:
        rows: as `find_marks` returns them.
        predict: takes marks, gives float32 of shape (n, 12), the ten digits, "no digit", "several".

    Returns:
        The digits in reading order, each with its probabilities.
    """
    pairs = _broken_in_two(rows)
    rows = rows + [[whole] for _, _, whole in pairs]
    marks = [mark for row in rows for mark in row]
    known = {id(mark): row for mark, row in zip(marks, predict(marks), strict=True)}
    plans = [_ways_to_divide(row, known) for row in rows]
    new = [part.mark for plan in plans for part in plan if id(part.mark) not in known]
    if new:
        known |= {id(mark): row for mark, row in zip(new, predict(new), strict=True)}
    ways = [_most_probable(plan, known) for plan in plans]
    ways, as_one = ways[: len(ways) - len(pairs)], ways[len(ways) - len(pairs) :]
    for (upper, lower, _), one in zip(pairs, as_one, strict=True):
        if _is_broken(one, ways[upper], ways[lower]):
            ways[upper], ways[lower] = one, (0.0, [])
    return [item for _, parts in ways for item in _without_words(parts)]


def _broken_in_two(rows: list[list[Mark]]) -> list[tuple[int, int, Mark]]:
    """Pairs of rows that may be the upper and the lower part of one digit, and its mark."""
    alone = [number for number, row in enumerate(rows) if len(row) == 1]
    pairs = []
    for upper, lower in itertools.pairwise(alone):
        a, b = rows[upper][0], rows[lower][0]
        bottom = max(mark.box[1] + mark.box[3] for mark in (a, b))
        gap = b.box[1] - a.box[1] - a.box[3]
        if _overlap(a, b) > 0.5 and gap < BROKEN_OFF * (bottom - a.box[1]):
            pairs.append((upper, lower, _join([a, b])))
    return pairs


def _is_broken(one: _Way, upper: _Way, lower: _Way) -> bool:
    """Tell whether two marks above one another are one digit rather than what they are apart.

    Two that are sure to be digits are a column; one that is taken already has no parts left.
    """
    is_digit = [row is not None for _, row in one[1]] == [True]
    sure = min(upper[0], lower[0]) > math.log(SURE)
    return is_digit and bool(upper[1]) and not sure and one[0] > upper[0] + lower[0]


@dataclass(frozen=True)
class _Part:
    """A stretch of a row that may be read as one digit, or as none.

    Attributes:
        start, end: which of the row's pieces it holds.
        mark: their ink.
        prior: how probable it is that these pieces make a digit, before the network is asked.
        prior_none: the same for "no digit".
        prior_several: the same for "several": a word, or digits that cannot be parted, is none.
        least: a digit that is less probable is not reported.
    """

    start: int
    end: int
    mark: Mark
    prior: float
    prior_none: float
    prior_several: float
    least: float = LEAST


@dataclass(frozen=True)
class _Piece:
    """A whole mark, or what lies between two neighbouring cuts of one.

    Attributes:
        mark: the whole mark.
        left, right: its cuts, as `find_cuts` returns them; None is the mark's end.
        prior: how probable it is that a digit begins here, before the network is asked.
        cut: how probable it is that the mark has to be cut.
        unsure: whether the network may be wrong about the whole mark.
    """

    mark: Mark
    left: np.ndarray | None
    right: np.ndarray | None
    prior: float
    cut: float
    unsure: bool


def _stretch(pieces: list[_Piece]) -> list[Mark]:
    """The marks, or parts of them, that consecutive pieces make."""
    parts = []
    for _, group in itertools.groupby(pieces, key=lambda piece: id(piece.mark)):
        first, *rest = group
        parts.append(part_between(first.mark, first.left, (rest or [first])[-1].right))
    return [part for part in parts if part is not None]


def _ways_to_divide(row: list[Mark], known: dict[int, np.ndarray]) -> list[_Part]:
    """All parts of a row that are worth a look, sorted by where they start."""
    tall = usual_height(row)
    among = _are_digits(row, known, tall)
    none_alone, least = (NONE_AMONG, LEAST_AMONG) if among else (NONE, LEAST)
    pieces, wholes = [], {}  # wholes: a mark's first piece -> the piece after its last, the mark
    for before, mark in zip([None, *row], row, strict=False):
        probabilities = known[id(mark)]
        wide = mark.box[2] > 0.5 * mark.box[3]
        cuts = find_cuts(mark) if wide and probabilities[SEVERAL] > CUT_FROM else []
        wholes[len(pieces)] = len(pieces) + len(cuts) + 1, mark
        apart = before is None or _overlap(_stretch(pieces[-1:])[0], mark) <= 0.3
        unsure = probabilities[:10].max() < SURE or mark.box[3] < 0.6 * tall
        # Both priors count once for each mark: at its first piece.
        prior, cut = 1.0 if apart else OVERLAPPING, probabilities[SEVERAL] if cuts else 1.0
        for left, right in itertools.pairwise([None, *cuts, None]):
            pieces.append(_Piece(mark, left, right, prior, cut, unsure))
            prior, cut = 1.0, 1.0
    starts = [p.mark.box[0] + (0 if p.left is None else p.left.mean()) for p in pieces]
    ends = [p.mark.box[0] + (p.mark.box[2] if p.right is None else p.right.mean()) for p in pieces]
    # Narrower ones are looked at in `_may_be_one`.
    parts, widest = [], 1.6 * max(mark.box[3] for mark in row)
    for start in range(len(pieces)):
        last, mark = wholes.get(start, (start + 1, None))
        # Where this mark ends, and the next one, however many cuts are between: it may be broken.
        whole_ends = {last, wholes.get(last, (last, None))[0]} if mark else set()
        some = range(start + 1, min(start + MOST_PIECES, len(pieces)) + 1)
        for end in sorted({*some, *whole_ends}):
            whole = mark if end == last else None
            too_wide = ends[end - 1] - starts[start] > widest
            members = [whole] if whole else [] if too_wide else _stretch(pieces[start:end])
            if not members:
                continue
            top = min(m.box[1] for m in members)
            height = max(m.box[1] + m.box[3] for m in members) - top
            first = pieces[start].prior
            prior = first * (LOW if height < 0.5 * tall else 1)
            cut = math.prod(piece.cut for piece in pieces[start:end])
            if whole:
                several = none_alone if end == start + 1 else WORD
                parts.append(_Part(start, end, whole, prior, none_alone, several, least))
            elif end == start + 1:
                none = NONE_CUT_OFF * first * cut
                parts.append(_Part(start, end, members[0], prior * cut, none, none))
            elif _may_be_one(members, any(p.unsure for p in pieces[start:end]), tall):
                parts.append(_Part(start, end, _join(members), prior * cut, 0, 0))
    return parts


def _are_digits(row: list[Mark], known: dict[int, np.ndarray], tall: float) -> bool:
    """Tell a row of digits, at least three of them sure, from one in which other signs stand."""
    asked = [known[id(mark)] for mark in row if mark.box[3] >= 0.5 * tall]
    sure = sum(probabilities[:10].max() > SURE for probabilities in asked)
    return sure >= 3 and sure >= 0.75 * len(asked)


def _overlap(a: Mark, b: Mark) -> float:
    """How much two marks lie above one another, as a share of the narrower one's width."""
    shared = min(a.box[0] + a.box[2], b.box[0] + b.box[2]) - max(a.box[0], b.box[0])
    return shared / min(a.box[2], b.box[2])


def _are_stacked(a: Mark, b: Mark) -> bool:
    """Tell whether two parts of a row lie above one another, which digits in a row do not."""
    shared = min(a.box[1] + a.box[3], b.box[1] + b.box[3]) - max(a.box[1], b.box[1])
    return _overlap(a, b) > 0.5 and shared < 0.5 * min(a.box[3], b.box[3])


def _may_be_one(members: list[Mark], unsure: bool, tall: float) -> bool:
    """Tell whether neighbouring marks, or pieces of one mark, may be one digit."""
    lefts = [m.box[0] for m in members]
    rights = [m.box[0] + m.box[2] for m in members]
    tops, bottoms = zip(*sorted((m.box[1], m.box[1] + m.box[3]) for m in members), strict=True)
    height = max(bottoms) - tops[0]
    if max(rights) - min(lefts) >= 1.3 * max(tall, height):
        return False
    # Nor does a piece hang far above the others.
    reached = itertools.accumulate(bottoms, max)
    if any(top - bottom > 0.3 * tall for bottom, top in zip(reached, tops[1:], strict=False)):
        return False
    gaps = [left - right for left, right in zip(lefts[1:], rights[:-1], strict=True)]
    if not gaps:  # the pieces are of one mark
        return True
    return max(gaps) < 0.3 * tall and (unsure or min(gaps) < 0)


def _most_probable(parts: list[_Part], known: dict[int, np.ndarray]) -> _Way:
    """The most probable way to divide a row: how probable (log), and its parts, left to right.

    Of each its ink, and its probabilities; None where it is no digit.
    """
    # For each place between two pieces: how probable the best way to it is, and its last part.
    best: dict[int, tuple[float, _Part | None, bool]] = {0: (0.0, None, False)}
    for part in parts:
        if part.start not in best:
            continue
        row = known[id(part.mark)]
        none = row[NO_DIGIT] * part.prior_none + row[SEVERAL] * part.prior_several
        readings = [(none, False)]
        if row[:10].max() > part.least:
            readings.append((row[:10].max() * part.prior, True))
        # Of the ways to its start only the best is kept, though the one before it counts here.
        so_far, before, after_digit = best[part.start]
        for probability, is_digit in readings:
            if is_digit and after_digit and _are_stacked(before.mark, part.mark):
                probability *= STACKED
            total = so_far + float(np.log(probability + 1e-9))
            if part.end not in best or total > best[part.end][0]:
                best[part.end] = (total, part, is_digit)
    chosen, place, total = [], max(best), best[max(best)][0]
    while place:
        _, part, is_digit = best[place]
        chosen.append((part.mark, known[id(part.mark)] if is_digit else None))
        place = part.start
    return total, chosen[::-1]


def _without_words(parts: list[tuple[Mark, np.ndarray | None]]) -> list[tuple[Mark, np.ndarray]]:
    """The digits of a row, without those in words: an s that looks like a 5, an o like a 0.

    What stands close together is a word where three of it or more are letters, and more than are
    digits. A letter is all that is no digit, brackets as well, and not low: dust and full stops
    count for nothing.
    """
    if not parts:
        return []
    tall = usual_height([mark for mark, _ in parts])
    groups, end = [], -np.inf
    for mark, probabilities in parts:
        left, _, width, height = mark.box
        is_high = height >= 0.5 * tall
        if left - end > WORD_GAP * tall:
            groups.append([])
        if is_high:  # a full stop joins nothing
            end = max(end, left + width)
        groups[-1].append((mark, probabilities, is_high))
    digits = []
    for group in groups:
        found = [(mark, row) for mark, row, _ in group if row is not None]
        letters = sum(row is None and is_high for _, row, is_high in group)
        digits += found if letters < WORD_LETTERS or letters <= len(found) else []
    return digits


def _join(marks: list[Mark]) -> Mark:
    """Several marks as one."""
    if len(marks) == 1:
        return marks[0]
    left, top = (min(m.box[i] for m in marks) for i in (0, 1))
    right, bottom = (max(m.box[i] + m.box[i + 2] for m in marks) for i in (0, 1))
    ink = np.zeros((bottom - top, right - left), np.float32)
    for m in marks:
        x, y = m.box[0] - left, m.box[1] - top
        window = ink[y : y + m.box[3], x : x + m.box[2]]
        np.maximum(window, m.ink, out=window)
    return Mark((left, top, right - left, bottom - top), ink)


def find_cuts(mark: Mark) -> list[np.ndarray]:
    """Find paths from the top to the bottom of a mark that cross few strokes, to cut it there.

    For each place in the middle row, the cheapest path through it is found by dynamic programming,
    once from the top and once from the bottom. A path moves at most one pixel aside in each row.
    It costs what ink lies on it, and something for each stroke that it crosses: digits touch at
    one place, the way through a loop crosses two.

    Returns:
        The paths from left to right, at most `MOST_CUTS`: int, shape (height,), the column
        right of the cut in each row.
    """
    rows = 32
    columns = max(4, round(mark.box[2] * rows / mark.box[3]))
    small = cv2.resize(mark.ink, (columns, rows), interpolation=cv2.INTER_AREA)
    stroke = STROKE_COST * rows / 2  # once where a path enters a stroke, once where it leaves it

    def descend(lines: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Cost of the cheapest path to each column of the last line, and the steps on the way."""
        # Of each pixel the three above it: what it costs to go on from there, shape (.., .., 3).
        above = np.lib.stride_tricks.sliding_window_view(np.pad(lines, ((0, 0), (1, 1))), 3, axis=1)
        entering = stroke * np.abs(lines[1:, :, None] - above[:-1]) + [0.02, 0, 0.02]
        cost, steps = lines[0] * (1 + stroke), []
        for line, enter in zip(lines[1:], entering, strict=True):
            padded = np.pad(cost, 1, constant_values=np.inf)
            choices = np.lib.stride_tricks.sliding_window_view(padded, 3) + enter
            steps.append(choices.argmin(axis=1) - 1)
            cost = choices.min(axis=1) + line
        return cost, steps

    half = rows // 2
    (above, steps_up), (below, steps_down) = descend(small[:half]), descend(small[: half - 1 : -1])
    # Where the halves meet, a path may enter or leave a stroke as well.
    cost = above + below + stroke * np.abs(small[half - 1] - small[half])
    halves = []
    for steps in (steps_up, steps_down):
        path = [np.arange(columns)]
        for step in reversed(steps):
            path.append(path[-1] + step[path[-1]])
        halves.append(np.stack(path, axis=1))
    paths = np.concatenate([halves[0][:, ::-1], halves[1]], axis=1)  # of shape (columns, rows)
    chosen, near = [], np.zeros(columns, bool)  # near: too close to one that was chosen
    for x in np.argsort(cost, kind="stable"):
        if cost[x] > MOST_COST * rows or len(chosen) == MOST_CUTS:
            break
        if not near[x]:
            chosen.append(paths[x])
            near |= np.abs(paths - paths[x]).mean(axis=1) < CUTS_APART * rows
    places = np.linspace(0, rows - 1, mark.box[3])
    scale = mark.box[2] / columns
    cuts: list[np.ndarray | None] = [None]
    for path in sorted(chosen, key=np.mean):
        cut = np.round((np.interp(places, range(rows), path) + 0.5) * scale).astype(int)
        if part_between(mark, cuts[-1], cut) and part_between(mark, cut, None):
            cuts.append(cut)
    return cuts[1:]


def part_between(mark: Mark, left: np.ndarray | None, right: np.ndarray | None) -> Mark | None:
    """The part of a mark from one cut to another, as `find_cuts` returns them.

    Args:
        mark: the whole mark.
        left, right: the cuts, int, shape (height,), columns of `mark.ink`; None is the mark's end.

    Returns:
        The part; None where no ink lies between.
    """
    if left is None and right is None:
        return mark
    # What lies outside of both cuts is not even looked at: there may be many parts.
    first = 0 if left is None else max(int(left.min()), 0)
    last = mark.box[2] if right is None else min(int(right.max()), mark.box[2])
    columns, own = np.arange(first, last), mark.ink[:, first:last]
    if left is not None:
        own = own * (columns >= left[:, None])
    if right is not None:
        own = own * (columns < right[:, None])
    ys, xs = (np.flatnonzero((own > 0.3).any(axis=axis)) for axis in (1, 0))
    if not len(xs):
        return None
    left_edge = mark.box[0] + first + xs[0]
    box = (left_edge, mark.box[1] + ys[0], np.ptp(xs) + 1, np.ptp(ys) + 1)
    return Mark(tuple(map(int, box)), own[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1])
