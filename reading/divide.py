"""From marks to digits: which marks are one digit, which are pieces of one, which are several.

`choose_digits` is the whole of it. A *cut* is a path from a mark's top to its bottom that divides
the mark into pieces; `find_cuts` looks for cuts, `part_between` takes what lies between two.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from reading.marks import Mark, shared_height, shared_width, usual_height

NO_DIGIT, SEVERAL = 10, 11  # the reader's columns after those of the ten digits

# Priors, which the reader's probabilities are multiplied with. People who ask have written digits,
# so "no digit" counts less than the reader says. With less still, more strange-looking digits are
# read, and more letters.
PRIOR_NO_DIGIT = 0.3
PRIOR_NO_DIGIT_AMONG_DIGITS = 0.1  # in a row of digits of which the reader is sure
PRIOR_NO_DIGIT_CUT_OFF = 0.05  # for a piece that was cut off
PRIOR_SEVERAL = 0.25  # for "several" where a mark can be cut: it may be a word in joined letters
PRIOR_LOW_MARK = 0.05  # for a digit less than half as high as its row
PRIOR_OVERLAPPING = 0.2  # that marks above one another are different digits
PRIOR_STACKED = 0.1  # the same for neighbours in a row that share less than half of their height

# Probabilities, 0 to 1:
MIN_PROBABILITY = 0.2  # a digit that is less probable is not reported
MIN_PROBABILITY_AMONG_DIGITS = 0.1  # the same in a row of digits of which the reader is sure
MIN_SURE_PROBABILITY = 0.9  # so sure a digit is not joined to its neighbours
MIN_SEVERAL_TO_CUT = 0.05  # of "several"; a mark is cut where it is more probable

# Shares of the height of the digit, of the mark that is cut, or of the row:
MAX_BROKEN_GAP = 0.13  # between the upper and the lower part of a broken digit
STROKE_COST = 0.15  # what a cut costs for each stroke that it crosses
MAX_CUT_COST = 0.75  # what a cut may cost; ink on all of its way costs 1
MIN_CUT_DISTANCE = 0.08  # between two cuts of a mark
MAX_LETTER_GAP = 0.3  # between the letters of a word

MAX_CUTS = 14  # of a mark, the cheapest
MIN_WORD_LETTERS = 3  # in a word; two may be the brackets around a digit
MAX_PIECES_JOINED = 9  # marks or pieces in one digit; a whole mark may have more pieces

# A row divided: the logarithm of how probable that is, and its parts from left to right. Of each
# its ink, and the reader's probabilities; None where it is no digit.
_Way = tuple[float, list[tuple[Mark, np.ndarray | None]]]


def choose_digits(rows: list[list[Mark]], predict: Callable) -> list[tuple[Mark, np.ndarray]]:
    """Decide which marks are digits, which are pieces of one, and which several that touch.

    A mark may be a digit by itself, its neighbours may belong to it, or it may have to be cut. The
    reader says how probable each of these is; the most probable way to divide a row is taken
    (dynamic programming along the row, which may miss it where parts overlap). Two rows of one mark
    each may be one digit that is broken.

    Args:
        rows: as `find_marks` returns them, one at least.
        predict: takes a list of n marks, gives float32 of shape (n, 12): the probabilities of the
            ten digits, "no digit" and "several".

    Returns:
        The digits in reading order, each with its probabilities, float32, shape (12,).
    """
    pairs = _broken_in_two(rows)
    rows = rows + [[whole] for _, _, whole in pairs]
    marks = [mark for row in rows for mark in row]
    known = dict(zip(marks, predict(marks), strict=True))
    plans = [_candidates(row, known) for row in rows]
    new = [c.mark for plan in plans for c in plan if c.mark not in known]
    if new:
        known |= dict(zip(new, predict(new), strict=True))
    ways = [_most_probable(plan, known) for plan in plans]
    ways, as_one = ways[: len(ways) - len(pairs)], ways[len(ways) - len(pairs) :]
    for (upper, lower, _), one in zip(pairs, as_one, strict=True):
        if _is_broken(one, ways[upper], ways[lower]):
            ways[upper], ways[lower] = one, (0.0, [])
    return [digit for _, parts in ways for digit in _without_words(parts)]


def _broken_in_two(rows: list[list[Mark]]) -> list[tuple[int, int, Mark]]:
    """Pairs of rows that may be the upper and the lower part of one digit, and its mark."""
    alone = [number for number, row in enumerate(rows) if len(row) == 1]
    pairs = []
    for upper, lower in itertools.pairwise(alone):
        a, b = rows[upper][0], rows[lower][0]
        height = max(a.bottom, b.bottom) - a.top
        if shared_width(a, b) > 0.5 and b.top - a.bottom < MAX_BROKEN_GAP * height:
            pairs.append((upper, lower, _join([a, b])))
    return pairs


def _is_broken(one: _Way, upper: _Way, lower: _Way) -> bool:
    """Tell whether two marks above one another are one digit rather than what they are apart.

    Two that are sure to be digits are a column; one that is taken already has no parts left.
    """
    is_digit = [probabilities is not None for _, probabilities in one[1]] == [True]
    sure = min(upper[0], lower[0]) > math.log(MIN_SURE_PROBABILITY)
    return is_digit and bool(upper[1]) and not sure and one[0] > upper[0] + lower[0]


@dataclass(frozen=True)
class _Candidate:
    """Consecutive pieces of a row that may be one digit, or none.

    Attributes:
        start, end: the number of its first piece, and of the one after its last.
        mark: their ink.
        prior: how probable it is that these pieces make a digit, before the reader is asked.
        prior_no_digit: the same for "no digit".
        prior_several: the same for "several", which is no digit either: a word, or digits that
            cannot be parted.
        min_probability: a digit that is less probable is not reported.
    """

    start: int
    end: int
    mark: Mark
    prior: float
    prior_no_digit: float
    prior_several: float
    min_probability: float = MIN_PROBABILITY


@dataclass(frozen=True)
class _Piece:
    """A whole mark, or what lies between two neighbouring cuts of one.

    Attributes:
        mark: the whole mark.
        left, right: its cuts, as `find_cuts` returns them; None is the mark's end.
        prior: how probable it is that a digit begins here, before the reader is asked.
        cut: how probable it is that the mark has to be cut.
        unsure: whether the reader may be wrong about the whole mark.
    """

    mark: Mark
    left: np.ndarray | None
    right: np.ndarray | None
    prior: float
    cut: float
    unsure: bool


def _pieces(row: list[Mark], known: dict[Mark, np.ndarray], tall: float) -> list[_Piece]:
    """Cut the marks of a row wherever a cut is worth a look."""
    pieces: list[_Piece] = []
    for mark in row:
        probabilities = known[mark]
        wide = mark.width > 0.5 * mark.height
        cuts = find_cuts(mark) if wide and probabilities[SEVERAL] > MIN_SEVERAL_TO_CUT else []
        apart = not pieces or shared_width(_marks_of(pieces[-1:])[0], mark) <= 0.3
        unsure = probabilities[:10].max() < MIN_SURE_PROBABILITY or mark.height < 0.6 * tall
        # Both priors count once for each mark: at its first piece.
        prior, cut = 1.0 if apart else PRIOR_OVERLAPPING, probabilities[SEVERAL] if cuts else 1.0
        for left, right in itertools.pairwise([None, *cuts, None]):
            pieces.append(_Piece(mark, left, right, prior, cut, unsure))
            prior, cut = 1.0, 1.0
    return pieces


def _marks_of(pieces: list[_Piece]) -> list[Mark]:
    """The marks, or parts of them, that consecutive pieces make."""
    parts = []
    for mark, group in itertools.groupby(pieces, key=lambda piece: piece.mark):
        first, *rest = group
        parts.append(part_between(mark, first.left, (rest or [first])[-1].right))
    return [part for part in parts if part is not None]


def _candidates(row: list[Mark], known: dict[Mark, np.ndarray]) -> list[_Candidate]:
    """All stretches of a row that are worth a look, sorted by where they start."""
    tall = usual_height(row)
    among_digits = _are_digits(row, known, tall)
    pieces = _pieces(row, known, tall)
    # The number of a mark's first piece -> the number after its last.
    firsts = [number for number, piece in enumerate(pieces) if piece.left is None]
    mark_ends = dict(itertools.pairwise([*firsts, len(pieces)]))
    lefts = [p.mark.left + (0 if p.left is None else p.left.mean()) for p in pieces]
    rights = [p.mark.left + (p.mark.width if p.right is None else p.right.mean()) for p in pieces]
    # `_may_be_one` has a narrower limit, but needs the ink.
    found, widest = [], 1.6 * max(mark.height for mark in row)
    for start in range(len(pieces)):
        ends = {*range(start + 1, min(start + MAX_PIECES_JOINED, len(pieces)) + 1)}
        mark_end = mark_ends.get(start)
        if mark_end:  # and the next mark's end, however many cuts lie between: it may be broken
            ends |= {mark_end, mark_ends.get(mark_end, mark_end)}
        for end in sorted(ends):
            is_mark = end == mark_end
            if is_mark or rights[end - 1] - lefts[start] <= widest:
                found.append(_candidate(pieces, start, end, is_mark, among_digits, tall))
    return [candidate for candidate in found if candidate]


def _candidate(
    pieces: list[_Piece], start: int, end: int, is_mark: bool, among_digits: bool, tall: float
) -> _Candidate | None:
    """A whole mark, one piece of it, or several joined; None where they cannot be one digit."""
    stretch = pieces[start:end]
    members = [stretch[0].mark] if is_mark else _marks_of(stretch)
    if not members:
        return None
    height = max(m.bottom for m in members) - min(m.top for m in members)
    first = stretch[0].prior
    prior = first * (PRIOR_LOW_MARK if height < 0.5 * tall else 1)
    if is_mark:
        none, least = PRIOR_NO_DIGIT, MIN_PROBABILITY
        if among_digits:
            none, least = PRIOR_NO_DIGIT_AMONG_DIGITS, MIN_PROBABILITY_AMONG_DIGITS
        several = none if len(stretch) == 1 else PRIOR_SEVERAL
        return _Candidate(start, end, members[0], prior, none, several, least)
    cut = math.prod(piece.cut for piece in stretch)
    if len(stretch) == 1:
        none = PRIOR_NO_DIGIT_CUT_OFF * first * cut
        return _Candidate(start, end, members[0], prior * cut, none, none)
    if _may_be_one(members, any(piece.unsure for piece in stretch), tall):
        return _Candidate(start, end, _join(members), prior * cut, 0, 0)
    return None


def _are_digits(row: list[Mark], known: dict[Mark, np.ndarray], tall: float) -> bool:
    """Tell a row of digits, at least three of them sure, from one in which other signs stand."""
    asked = [known[mark] for mark in row if mark.height >= 0.5 * tall]
    sure = sum(probabilities[:10].max() > MIN_SURE_PROBABILITY for probabilities in asked)
    return sure >= 3 and sure >= 0.75 * len(asked)


def _may_be_one(members: list[Mark], unsure: bool, tall: float) -> bool:
    """Tell whether neighbouring marks, or pieces of one mark, may be one digit."""
    lefts, rights = [m.left for m in members], [m.right for m in members]
    tops, bottoms = zip(*sorted((m.top, m.bottom) for m in members), strict=True)
    height = max(bottoms) - tops[0]
    if max(rights) - min(lefts) >= 1.3 * max(tall, height):
        return False
    # No piece of a digit hangs far above the others.
    reached = itertools.accumulate(bottoms, max)
    if any(top - bottom > 0.3 * tall for bottom, top in zip(reached, tops[1:], strict=False)):
        return False
    gaps = [left - right for left, right in zip(lefts[1:], rights[:-1], strict=True)]
    if not gaps:  # the pieces are of one mark
        return True
    return max(gaps) < 0.3 * tall and (unsure or min(gaps) < 0)


def _most_probable(candidates: list[_Candidate], known: dict[Mark, np.ndarray]) -> _Way:
    """The most probable way to divide a row (dynamic programming from left to right)."""
    # For each place between two pieces: how probable the best way to it is (log), the candidate
    # that ends there, and whether that one is read as a digit.
    best: dict[int, tuple[float, _Candidate | None, bool]] = {0: (0.0, None, False)}
    for one in candidates:
        if one.start not in best:
            continue
        answer = known[one.mark]
        none = answer[NO_DIGIT] * one.prior_no_digit + answer[SEVERAL] * one.prior_several
        readings = [(none, False)]
        if answer[:10].max() > one.min_probability:
            readings.append((answer[:10].max() * one.prior, True))
        # Of the ways to its start only the best is kept, though the one before it counts here.
        so_far, before, after_digit = best[one.start]
        for probability, is_digit in readings:
            if is_digit and after_digit and _are_stacked(before.mark, one.mark):
                probability *= PRIOR_STACKED
            total = so_far + float(np.log(probability + 1e-9))
            if one.end not in best or total > best[one.end][0]:
                best[one.end] = (total, one, is_digit)
    place = max(best)
    total, parts = best[place][0], []
    while place:
        _, one, is_digit = best[place]
        parts.append((one.mark, known[one.mark] if is_digit else None))
        place = one.start
    return total, parts[::-1]


def _are_stacked(a: Mark, b: Mark) -> bool:
    """Tell whether two parts of a row lie above one another, which digits in a row do not."""
    return shared_width(a, b) > 0.5 and shared_height(a, b) < 0.5


def _without_words(parts: list[tuple[Mark, np.ndarray | None]]) -> list[tuple[Mark, np.ndarray]]:
    """The digits of a row, without those in words: an s that looks like a 5, an o like a 0.

    Parts that stand close together are a word if three or more of them are letters, and fewer are
    digits. All that is no digit counts as a letter, brackets as well. Low parts, dust and full
    stops, count for nothing.
    """
    if not parts:
        return []
    tall = usual_height([mark for mark, _ in parts])
    groups, end = [], -np.inf
    for mark, probabilities in parts:
        is_high = mark.height >= 0.5 * tall
        if mark.left - end > MAX_LETTER_GAP * tall:
            groups.append([])
        if is_high:
            end = max(end, mark.right)
        groups[-1].append((mark, probabilities, is_high))
    digits = []
    for group in groups:
        found = [(mark, answer) for mark, answer, _ in group if answer is not None]
        letters = sum(answer is None and is_high for _, answer, is_high in group)
        digits += found if letters < MIN_WORD_LETTERS or letters <= len(found) else []
    return digits


def _join(marks: list[Mark]) -> Mark:
    """Several marks as one."""
    if len(marks) == 1:
        return marks[0]
    left, right = min(m.left for m in marks), max(m.right for m in marks)
    top, bottom = min(m.top for m in marks), max(m.bottom for m in marks)
    ink = np.zeros((bottom - top, right - left), np.float32)
    for m in marks:
        window = ink[m.top - top : m.bottom - top, m.left - left : m.right - left]
        np.maximum(window, m.ink, out=window)
    return Mark((left, top, right - left, bottom - top), ink)


def find_cuts(mark: Mark) -> list[np.ndarray]:
    """Find paths from the top to the bottom of a mark that cross few strokes, to cut it there.

    A path costs what ink lies on it, and something for each stroke that it crosses: digits touch
    at one place, a way through a loop crosses two strokes. The cheapest paths that keep some
    distance from one another are taken.

    Returns:
        The cuts from left to right, `MAX_CUTS` at most: int, shape (height,), for each row the
        column of `mark.ink` to the right of the cut.
    """
    rows = 32  # the mark is searched at this height
    columns = max(4, round(mark.width * rows / mark.height))
    small = cv2.resize(mark.ink, (columns, rows), interpolation=cv2.INTER_AREA)
    cost, paths = _cheapest_paths(small, stroke=STROKE_COST * rows / 2)
    chosen, near = [], np.zeros(columns, bool)  # near: too close to one that was chosen
    for x in np.argsort(cost, kind="stable"):
        if cost[x] > MAX_CUT_COST * rows or len(chosen) == MAX_CUTS:
            break
        if not near[x]:
            chosen.append(paths[x])
            near |= np.abs(paths - paths[x]).mean(axis=1) < MIN_CUT_DISTANCE * rows
    places = np.linspace(0, rows - 1, mark.height)
    scale = mark.width / columns
    cuts: list[np.ndarray | None] = [None]
    for path in sorted(chosen, key=np.mean):
        cut = np.round((np.interp(places, range(rows), path) + 0.5) * scale).astype(int)
        if part_between(mark, cuts[-1], cut) and part_between(mark, cut, None):
            cuts.append(cut)
    return cuts[1:]


def _cheapest_paths(ink: np.ndarray, stroke: float) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel of the middle row the cheapest path through it, from top to bottom.

    Dynamic programming, once from the top and once from the bottom, as seam carving does (Avidan,
    Shamir 2007): a path moves at most one pixel aside in each row. It costs `stroke` where it
    enters a stroke and where it leaves one.

    Returns:
        The paths' costs, shape (columns,), and their columns in each row, shape (columns, rows).
    """
    rows, columns = ink.shape
    half = rows // 2
    above, steps_up = _descend(ink[:half], stroke)
    below, steps_down = _descend(ink[: half - 1 : -1], stroke)
    # Where the halves meet, a path may enter or leave a stroke as well.
    cost = above + below + stroke * np.abs(ink[half - 1] - ink[half])
    halves = []
    for steps in (steps_up, steps_down):
        path = [np.arange(columns)]
        for step in reversed(steps):
            path.append(path[-1] + step[path[-1]])
        halves.append(np.stack(path, axis=1))
    return cost, np.concatenate([halves[0][:, ::-1], halves[1]], axis=1)


def _descend(lines: np.ndarray, stroke: float) -> tuple[np.ndarray, list[np.ndarray]]:
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


def part_between(mark: Mark, left: np.ndarray | None, right: np.ndarray | None) -> Mark | None:
    """The part of a mark between two cuts.

    Args:
        mark: the whole mark.
        left, right: cuts as `find_cuts` returns them, int, shape (height,); None: the mark's end.

    Returns:
        The part, in the smallest box around its ink; None where no ink lies between.
    """
    if left is None and right is None:
        return mark
    # Only the columns between the cuts are looked at, since there may be many parts.
    first = 0 if left is None else max(int(left.min()), 0)
    last = mark.width if right is None else min(int(right.max()), mark.width)
    columns, own = np.arange(first, last), mark.ink[:, first:last]
    if left is not None:
        own = own * (columns >= left[:, None])
    if right is not None:
        own = own * (columns < right[:, None])
    ys, xs = (np.flatnonzero((own > 0.3).any(axis=axis)) for axis in (1, 0))
    if not len(xs):
        return None
    box = (mark.left + first + xs[0], mark.top + ys[0], np.ptp(xs) + 1, np.ptp(ys) + 1)
    return Mark(tuple(map(int, box)), own[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1])
