"""Pages with handwriting: what is written where, on what, under which light.

    make_page(np.random.default_rng(seed), "cells", hands)

gives a `Page`, its picture and the truth about it. `KINDS` are the kinds of pages.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np
from scipy import ndimage

from tools.pages import ground as g
from tools.pages.hands import SIGNS, Hands, Pen, Writer, draw, print_text, random_pen, scrawl, words

KINDS = (
    "single", "row", "page", "touching", "lined", "cells", "sums", "amid", "photo", "none",
)  # fmt: skip
MORE_KINDS = "small", "alone"  # only in training
NO_DIGITS = "none", "alone"
CUT_CLOSE = "single", "row", "touching"  # some of these are cut out close around the digits
MIN_CONTRAST = 14  # grey levels between a digit's ink and what is beside it
MIN_OVER_NOISE = 2  # the same, as a multiple of the standard deviation of what is beside it
Shape = tuple[int, int]


@dataclass
class Page:
    """A picture and its truth.

    Attributes:
        picture: uint8, shape (H, W), grey.
        digits: their values in reading order.
        boxes: int, shape (n, 4): left, top, width, height of each digit's ink, in pixels.
        kind: one of `KINDS`.
    """

    picture: np.ndarray
    digits: list[int]
    boxes: np.ndarray
    kind: str


@dataclass
class Sheet:
    """A sheet on which things are written; pixels."""

    shape: Shape
    ink: np.ndarray = field(init=False)  # of the pen, 0 to 1
    print: np.ndarray = field(init=False)  # of the press, 0 to 1
    owner: np.ndarray = field(init=False)  # number of the digit whose ink this is, from 1; 0: none
    digits: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ink = np.zeros(self.shape, np.float32)
        self.print = np.zeros(self.shape, np.float32)
        self.owner = np.zeros(self.shape, np.int16)

    def put(
        self,
        ink: np.ndarray,
        left: float,
        top: float,
        digit: int | None = None,
        printed: bool = False,
    ) -> None:
        """Put ink with its corner at a place; what lies beyond the sheet is cut off."""
        left, top = round(left), round(top)
        start_x, start_y = max(0, -left), max(0, -top)
        end_x = min(ink.shape[1], self.shape[1] - left)
        end_y = min(ink.shape[0], self.shape[0] - top)
        if end_x <= start_x or end_y <= start_y:
            return
        part = ink[start_y:end_y, start_x:end_x]
        place = np.s_[top + start_y : top + end_y, left + start_x : left + end_x]
        layer = (self.print if printed else self.ink)[place]
        np.maximum(layer, part, out=layer)
        if digit is not None:
            self.digits.append(digit)
            self.owner[place][part > 0.25 * ink.max()] = len(self.digits)

    def line(self, start, end, width: float, dark: float, printed: bool = True) -> None:
        """A straight line between two places (x, y), `width` in pixels."""
        self.path(np.array([start, end]), width, dark, printed)

    def path(self, points: np.ndarray, width: float, dark: float, printed: bool = True) -> None:
        """A line through places, shape (n, 2)."""
        canvas = np.zeros(self.shape, np.uint8)
        path = np.round(points * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(canvas, [path], False, 255, max(1, round(width)), cv2.LINE_AA, 4)
        layer = self.print if printed else self.ink
        weight = dark * min(1, max(width, 0.4))  # finer than a pixel: paler
        np.maximum(layer, canvas.astype(np.float32) * (weight / 255), out=layer)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(max(high, low)))))


def write_row(
    sheet: Sheet,
    writer: Writer,
    values: list,
    left: float,
    base: float,
    height: float,
    rng: np.random.Generator,
    gap: tuple[float, float] = (0.08, 0.5),
    slope: float = 0.0,
) -> float:
    """Write digits (int) and other things (functions of the height that give ink) along a line.

    Args:
        values: what is written; None is a space.
        left, base: where the first begins, and the line on which they stand, in pixels.
        height: usual height of a digit.
        gap: between neighbours, share of the height, from and to.

    Returns:
        Where the last one ends. What would not fit is left out.
    """
    spread = rng.choice([0.03, 0.1])
    for value in values:
        if value is None:
            left += rng.uniform(0.4, 1.2) * height
            continue
        own = max(8, round(height * rng.normal(1, spread)))
        is_digit = isinstance(value, int | np.integer)
        ink = writer.digit(int(value), own, rng) if is_digit else value(own)
        down = base + slope * left + rng.normal(0, 0.04) * height
        top = down - len(ink)
        if not is_digit and len(ink) < 0.6 * own:  # a dash or dot keeps its place in the row
            top = down - rng.choice([0.5, 0.5, 0.1]) * own - len(ink) / 2
        if left + ink.shape[1] >= sheet.shape[1] - 1 or top < 1 or top + len(ink) >= sheet.shape[0]:
            break
        sheet.put(ink, left, top, int(value) if is_digit else None)
        left += ink.shape[1] + rng.uniform(*gap) * height
    return left


def some_digits(rng: np.random.Generator, low: int, high: int) -> list[int]:
    return [int(d) for d in rng.integers(10, size=rng.integers(low, high + 1))]


# --- What is on the sheet: a function a kind; each gives the sheet and a digit's height -----------


def single(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """One digit: small on a large sheet, or as large as it, also at its border."""
    side = log_uniform(rng, 40, 640)
    shape = round(side * rng.uniform(0.7, 1.3)), round(side * rng.uniform(0.7, 1.3))
    largest = 0.98 * min(shape)
    height = log_uniform(rng, min(14, 0.8 * largest), largest)
    writer = hands.writer(rng)
    value = int(rng.integers(10))
    ink = writer.digit(value, round(height), rng)
    shape = max(shape[0], len(ink) + 2), max(shape[1], ink.shape[1] + 2)
    sheet = Sheet(shape)
    room = np.array([shape[1] - ink.shape[1], shape[0] - len(ink)])
    left, top = room * (rng.beta(3, 3, 2) if rng.random() < 0.8 else rng.uniform(0, 1, 2))
    sheet.put(ink, left, top, value)
    return sheet, height


def row(
    hands: Hands, rng: np.random.Generator, gap=(0.08, 0.5), most: int = 10
) -> tuple[Sheet, float]:
    """A row of digits, `most` at most: a number, a date, a telephone number."""
    height = log_uniform(rng, 14, 200)
    values: list = some_digits(rng, 2, most)
    writer = hands.writer(rng)
    if rng.random() < 0.3:
        for place in sorted(rng.integers(1, len(values) + 1, rng.integers(1, 3)), reverse=True):
            values.insert(int(place), separator(writer, rng))
    margin = rng.uniform(0.05, 1.5, 2)
    width = (len(values) * (0.75 + np.mean(gap)) + 2 * margin[0]) * height
    slope = rng.normal(0, 0.04)
    tall = (1.25 + 2 * margin[1]) * height + abs(slope) * width
    sheet = Sheet((round(tall), round(width)))
    base = (margin[1] + 1.1) * height + max(0, -slope) * width
    write_row(sheet, writer, values, margin[0] * height, base, height, rng, gap, slope)
    return sheet, height


def separator(writer: Writer, rng: np.random.Generator) -> Callable | None:
    """A space, dot, dash or slash between digits."""
    pen = writer.pen
    kind = rng.integers(5)
    if kind == 0:
        return None
    if kind == 1:  # a dot
        return lambda height: draw(
            [np.array([[0, 0], [1, 1]], np.float32)],
            max(2, round(1.3 * pen.width * height)),
            Pen(0.7, 0, pen.dark),
            rng,
        )
    if kind < 4:  # a dash
        return lambda height: dash(height, pen, rng)
    return lambda height: draw(
        [np.array([[rng.uniform(0.3, 0.6), 0], [0, 1]], np.float32)], height, pen, rng
    )


def dash(height: int, pen: Pen, rng: np.random.Generator) -> np.ndarray:
    """A lying stroke of a third to two thirds of a digit's height."""
    wide = rng.uniform(0.3, 0.65) * height
    thick = max(pen.width * height, 1)
    high, fine = round(thick + 3), 2
    canvas = np.zeros((high * fine, round(wide) * fine + 4), np.uint8)
    end = canvas.shape[1] - 3, round(fine * (high / 2 + rng.uniform(-0.5, 0.5)))
    cv2.line(canvas, (2, high), end, 255, max(1, round(thick * fine)), cv2.LINE_AA)
    return (
        cv2.resize(canvas, (round(wide) + 2, high), interpolation=cv2.INTER_AREA)
        / np.float32(255)
        * np.float32(pen.dark)
    )


def page(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """Several rows, or columns of short numbers."""
    height = log_uniform(rng, 14, 70)
    rows, long = int(rng.integers(2, 8)), int(rng.integers(1, 11))
    columns = int(rng.integers(2, 5)) if long <= 3 else 1
    leading = rng.uniform(1.35, 2.6)
    gap = rng.uniform(0.05, 0.25), rng.uniform(0.25, 0.7)
    block = long * (0.75 + np.mean(gap)) + rng.uniform(0.8, 2)
    left, top = (rng.uniform(0.1, 2) * height for _ in range(2))
    shape = round(2 * top + rows * leading * height), round(2 * left + columns * block * height)
    sheet = Sheet(shape)
    writer, slope = hands.writer(rng), rng.normal(0, 0.012)
    for r in range(rows):
        for c in range(columns):
            values = some_digits(rng, max(1, long - 2), long)
            x = left + c * block * height + rng.normal(0, 0.05) * height
            base = top + height * (r * leading + 1.05)
            write_row(sheet, writer, values, max(x, 1), base, height, rng, gap, slope)
    return sheet, height


def touching(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """Neighbours that touch, or overlap a little."""
    height = log_uniform(rng, 18, 180)
    values = some_digits(rng, 2, 5)
    sheet = Sheet((round(height * rng.uniform(1.5, 3)), round(height * (len(values) + 2))))
    writer = hands.writer(rng)
    left = rng.uniform(0.2, 0.8) * height
    base, wide = (len(sheet.ink) + height) / 2 * rng.uniform(0.97, 1.03), 0
    for value in values:
        ink = writer.digit(value, max(8, round(height * rng.normal(1, 0.08))), rng)
        top = base - len(ink) + rng.normal(0, 0.04) * height
        if sheet.digits:
            touch = _until_they_touch(sheet, ink, top, left) - rng.uniform(-0.03, 0.06) * height
            left = max(touch, left - 0.4 * min(ink.shape[1], wide))  # not on top of one another
        if left + ink.shape[1] >= sheet.shape[1] or top < 0 or top + len(ink) > len(sheet.ink):
            break
        sheet.put(ink, left, top, value)
        left, wide = left + ink.shape[1], ink.shape[1]
    return sheet, height


def _until_they_touch(sheet: Sheet, ink: np.ndarray, top: float, left: float) -> float:
    """How far left a digit can be moved until its ink meets what is written."""
    top = max(0, round(top))
    strip = sheet.ink[top : top + len(ink)]
    own = ink[: len(strip)] > 0.4
    written = strip > 0.4
    ends = np.where(written.any(axis=1), strip.shape[1] - written[:, ::-1].argmax(axis=1), -(10**6))
    starts = np.where(own.any(axis=1), own.argmax(axis=1), 10**6)
    distance = (starts[: len(ends)] - ends[: len(starts)]).min()
    return float(-distance) if abs(distance) < 10**5 else left


def lined(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """Digits on ruled, squared or dotted paper, underlined, struck or framed."""
    sheet, height = (row, page, single)[rng.choice(3, p=[0.45, 0.35, 0.2])](hands, rng)
    kind = rng.integers(6)
    if kind < 4:
        rule(sheet, height, rng)
    elif kind == 4:  # under the row, or through it
        _strike(sheet, height, rng)
    else:  # a frame along the border
        width, inset = rng.uniform(1, 0.15 * height), rng.uniform(0, 0.06) * min(sheet.shape)
        high, wide = sheet.shape
        corners = [(inset, inset), (wide - inset, inset), (wide - inset, high - inset)]
        corners += [(inset, high - inset), (inset, inset)]
        sheet.path(np.array(corners), width, rng.uniform(0.4, 1))
    return sheet, height


def rule(sheet: Sheet, height: float, rng: np.random.Generator) -> None:
    """Ruled, squared or dotted lines all over the sheet."""
    step = max(5, height * rng.uniform(0.35, 2.2))
    width, dark = max(0.5, rng.uniform(0.01, 0.06) * height), rng.uniform(0.12, 0.8)
    high, wide = sheet.shape
    squared, bend = rng.random() < 0.5, rng.choice([0, 0, rng.uniform(0, 0.4)]) * step
    tilt = rng.normal(0, 0.01)
    if rng.random() < 0.12:  # dots
        for y in np.arange(rng.uniform(0, step), high, step):
            for x in np.arange(rng.uniform(0, step), wide, step):
                sheet.line((x, y), (x + 0.5, y), width + 0.5, dark)
        return
    along = np.linspace(0, 1, 12)
    wave = bend * np.sin(2 * np.pi * (along * rng.uniform(0.2, 1.2) + rng.random()))
    for y in np.arange(rng.uniform(-0.5, 1) * step, high + step, step):
        line = np.stack([along * wide, y + wave + tilt * along * wide], axis=1)
        sheet.path(line, width, dark)
    if squared:
        for x in np.arange(rng.uniform(-0.5, 1) * step, wide + step, step):
            line = np.stack([x + wave - tilt * along * high, along * high], axis=1)
            sheet.path(line, width, dark)


def _strike(sheet: Sheet, height: float, rng: np.random.Generator) -> None:
    """A stroke by hand below the digits, or through them."""
    rows, columns = np.nonzero(sheet.owner)
    if not len(rows):
        return
    at = rng.choice([rows.max() + rng.uniform(0.03, 0.3) * height, np.median(rows)], p=[0.7, 0.3])
    left, right = columns.min(), columns.max()
    reach = rng.uniform(-0.1, 0.3, 2) * height
    along = np.linspace(left - reach[0], right + reach[1], 6)
    path = np.stack([along, at + rng.normal(0, 0.03 * height, 6)], axis=1)
    sheet.path(path, max(1, rng.uniform(0.03, 0.1) * height), rng.uniform(0.5, 1), printed=False)


def cells(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """Digits in the boxes of a form, a comb, a table or a sudoku, printed or drawn; some empty."""
    height = log_uniform(rng, 16, 70)
    style = rng.integers(4)  # apart, comb, table, rings
    rows = int(rng.integers(1, 5 if style == 0 else 9))
    columns = int(rng.integers(1 if style == 2 else 2, 10))
    wide, high = height * rng.uniform(1.15, 2.6), height * rng.uniform(1.25, 2.2)
    space = rng.uniform(0.1, 0.6) * height if style in (0, 3) else 0.0
    margin = rng.uniform(0.1, 1.5, 2) * height
    labels = rng.random() < 0.4
    indent = rng.uniform(2, 5) * height if labels else 0
    shape = (
        round(2 * margin[1] + rows * (high + space)),
        round(2 * margin[0] + indent + columns * (wide + space)),
    )
    sheet, writer = Sheet(shape), hands.writer(rng)
    by_hand, filled = rng.random() < 0.35, rng.choice([1.0, rng.uniform(0.1, 0.9)])
    width, dark = max(0.7, rng.uniform(0.02, 0.1) * height), rng.uniform(0.35, 1)
    several = rng.random() < 0.25 and wide > 1.8 * height
    for r in range(rows):
        top = margin[1] + r * (high + space)
        if labels and rng.random() < 0.8:
            text = print_text(words(rng, rng.integers(3, 10)), round(0.5 * height), rng)
            sheet.put(0.9 * text[:, : int(indent)], margin[0] / 2, top + 0.3 * high, printed=True)
        for c in range(columns):
            left = margin[0] + indent + c * (wide + space)
            box = np.array([left, top, left + wide, top + high])
            cell(sheet, box, style, width, dark, by_hand, rng)
            if rng.random() < filled:
                own = height * rng.uniform(0.85, 1.1)
                values = some_digits(rng, 1, 2 if several else 1)
                room = max(0.0, wide - 0.75 * own * len(values))
                x = left + room * rng.uniform(0.3, 0.7)
                base = top + (high + own) / 2 + rng.normal(0, 0.06) * height
                write_row(sheet, writer, values, x, base, own, rng, (0.02, 0.15))
    return sheet, height


def cell(
    sheet: Sheet,
    box: np.ndarray,
    style: int,
    width: float,
    dark: float,
    by_hand: bool,
    rng: np.random.Generator,
) -> None:
    """The outline of a cell (left, top, right, bottom)."""
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])
    if style == 3:  # a ring
        turn = np.linspace(0, 2 * np.pi + 0.1, 24)
        radius = np.array([right - left, bottom - top]) / 2
        corners = box.reshape(2, 2).mean(axis=0) + radius * np.stack(
            [np.cos(turn), np.sin(turn)], 1
        )
    elif style == 1:  # a comb: no roof
        corners = corners[[0, 3, 2, 1]]
    if by_hand:
        count = 4 * len(corners)
        places = np.linspace(0, len(corners) - 1, count)
        corners = np.stack(
            [np.interp(places, np.arange(len(corners)), axis) for axis in corners.T], axis=1
        )
        corners += rng.normal(0, 0.012 * (bottom - top), corners.shape)
    sheet.path(corners, width, dark, printed=not by_hand)


def sums(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """Digits among signs: sums, prices, fractions, numbers after letters, in brackets."""
    height = log_uniform(rng, 16, 110)
    writer = hands.writer(rng)

    def sign(_: int = 0) -> Callable:
        return lambda high: by_hand(str(rng.choice(list("+-=*:()×÷/<>[]"))), high, writer.pen, rng)

    def letters() -> list:
        if rng.random() < 0.5:
            return [lambda high: hands.word(round(high * rng.uniform(0.6, 1.1)), writer.pen, rng)]
        count = int(rng.integers(1, 5))
        return [lambda high: writer.mark(round(high * rng.uniform(0.6, 1.1)), rng)] * count

    rows = int(rng.integers(1, 4))
    sheet = Sheet((round(height * (rows * 1.9 + 0.8)), round(height * rng.uniform(7, 13))))
    for r in range(rows):
        values: list = []
        if rng.random() < 0.35:
            values += [*letters(), None]
        for part in range(int(rng.integers(1, 4))):
            values += [sign()] if part or rng.random() < 0.15 else []
            values += some_digits(rng, 1, 3)
        values += [sign()] if rng.random() < 0.3 else []
        values += [None, *letters()] if rng.random() < 0.15 else []
        base = height * (1.4 + 1.9 * r)
        left = rng.uniform(0.2, 1.2) * height
        write_row(sheet, writer, values, left, base, height, rng, (0.1, 0.5), rng.normal(0, 0.015))
    return sheet, height


def by_hand(sign: str, height: int, pen: Pen, rng: np.random.Generator) -> np.ndarray:
    """A sign of arithmetic, drawn with a pen."""
    strokes = {
        "+": [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 1)]],
        "=": [[(0, 0), (1, 0)], [(0, 0.45), (1, 0.45)]],
        "*": [[(0, 0.2), (1, 0.8)], [(1, 0.2), (0, 0.8)], [(0.5, 0), (0.5, 1)]],
        "×": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
        "÷": [[(0, 0.5), (1, 0.5)], [(0.5, 0.1), (0.52, 0.14)], [(0.5, 0.86), (0.52, 0.9)]],
        ":": [[(0, 0), (0.04, 0.04)], [(0, 0.6), (0.04, 0.64)]],
        "(": [[(0.35, 0), (0.1, 0.25), (0, 0.5), (0.1, 0.75), (0.35, 1)]],
        ")": [[(0, 0), (0.25, 0.25), (0.35, 0.5), (0.25, 0.75), (0, 1)]],
        "[": [[(0.3, 0), (0, 0), (0, 1), (0.3, 1)]],
        "]": [[(0, 0), (0.3, 0), (0.3, 1), (0, 1)]],
        "/": [[(0.45, 0), (0, 1)]],
        "<": [[(1, 0), (0, 0.5), (1, 1)]],
        ">": [[(0, 0), (1, 0.5), (0, 1)]],
    }
    if sign == "-":
        return dash(height, pen, rng)
    size = rng.uniform(0.9, 1.25) if sign in "()[]/" else rng.uniform(0.45, 0.75)
    size *= 0.6 if sign in "=:" else 1
    lines = []
    for stroke in strokes[sign]:
        points = np.array(stroke, np.float32) + rng.normal(0, 0.03, (len(stroke), 2))
        places = np.linspace(0, len(points) - 1, 4 * len(points))
        smooth = [np.interp(places, np.arange(len(points)), axis) for axis in points.T]
        lines.append(np.stack(smooth, axis=1).astype(np.float32))
    own = max(6, round(size * height))
    return draw(lines, own, Pen(pen.width * height / own, pen.grain, pen.dark), rng)


def amid(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """Digits beside printed lines, a letterhead, a stamp, joined writing, letters."""
    height = log_uniform(rng, 18, 80)
    shape = round(height * rng.uniform(4, 11)), round(height * rng.uniform(6, 15))
    sheet, writer = Sheet(shape), hands.writer(rng)
    high, wide = shape
    base = high * rng.uniform(0.3, 0.7)
    left = rng.uniform(0.02, 0.4) * wide
    write_row(sheet, writer, some_digits(rng, 1, 8), left, base, height, rng)
    free = [(0, base - 1.6 * height), (base + 0.7 * height, high)]
    for top, bottom in free:
        if bottom - top > 0.6 * height and rng.random() < 0.8:
            other_writing(sheet, (top, bottom), height, hands, rng)
    return sheet, height


def other_writing(
    sheet: Sheet,
    between: tuple[float, float],
    height: float,
    hands: Hands,
    rng: np.random.Generator,
) -> None:
    """Fill the rows between two heights with what is no handwritten digit."""
    top, bottom = between
    kind, pen = rng.integers(4), random_pen(rng)
    if kind == 0:  # printed lines
        size = max(6, height * rng.uniform(0.25, 0.8))
        dark, left = rng.uniform(0.5, 1), rng.uniform(0.01, 0.2) * sheet.shape[1]
        y = top + rng.uniform(0, 0.5) * size
        while y + size < bottom:
            text = print_text(words(rng, int(rng.integers(8, 60))), round(size), rng)
            sheet.put(dark * text[:, : int(0.98 * sheet.shape[1] - left)], left, y, printed=True)
            y += size * rng.uniform(1.2, 1.6)
    elif kind == 1:  # joined writing
        y, high = top, height * rng.uniform(0.6, 1.2)
        while y + high < bottom:
            x = rng.uniform(0, 0.1) * sheet.shape[1]
            while x < 0.9 * sheet.shape[1]:
                long = high * rng.uniform(1, 5)
                sheet.put(scrawl(round(long), round(high), pen, rng), x, y)
                x += long + high * rng.uniform(0.3, 1)
            y += high * rng.uniform(1.1, 1.8)
    elif kind == 2:  # letters and signs
        y = top
        while y + height < bottom:
            x = rng.uniform(0, 0.2) * sheet.shape[1]
            while x < rng.uniform(0.5, 1) * sheet.shape[1]:
                write = hands.mark if rng.random() < 0.4 else hands.word
                ink = write(round(height * rng.uniform(0.6, 1.2)), pen, rng)
                sheet.put(ink, x, y)
                x += ink.shape[1] + height * rng.choice([0.15, 0.15, 1])
            y += height * rng.uniform(1.3, 2)
    else:  # large printed letters, signs, a line
        text = "".join(rng.choice(list("AEFHKMNPRTVWXYadefhkmnpruvwx" + SIGNS), rng.integers(1, 9)))
        size = rng.uniform(0.5, 0.95) * (bottom - top)
        ink = print_text(text, round(min(size, 3 * height)), rng)
        sheet.put(
            rng.uniform(0.4, 1) * ink, rng.uniform(0, 0.3) * sheet.shape[1], top, printed=True
        )
        if rng.random() < 0.5:
            y = rng.choice([top + 1, bottom - 2])
            sheet.line((0, y), (sheet.shape[1], y), rng.uniform(1, 4), rng.uniform(0.4, 1))


def nothing(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """No digit: blank, ruled, an empty form, print, letters, scrawls, lines, spots."""
    side = log_uniform(rng, 60, 640)
    sheet = Sheet((round(side * rng.uniform(0.7, 1.3)), round(side * rng.uniform(0.7, 1.3))))
    height = log_uniform(rng, 12, 0.5 * min(sheet.shape) + 12)
    kind = rng.integers(9)
    if kind == 1:
        rule(sheet, height, rng)
    elif kind == 2:
        empty_form(sheet, rng)
    elif kind in (3, 4, 5):
        other_writing(sheet, (0, sheet.shape[0]), height, hands, rng)
    elif kind == 6:  # one sign
        if rng.random() < 0.6:
            ink = hands.mark(round(height), random_pen(rng), rng)
        else:
            sign = str(rng.choice(list("+-=*×÷:[]<>")))  # a round bracket alone could be a 1
            ink = by_hand(sign, round(height), random_pen(rng), rng)
        sheet.put(ink, *(rng.uniform(0.1, 0.6, 2) * sheet.shape[::-1]))
    elif kind == 8:
        some_objects(sheet, rng)
    elif kind == 7:  # long lines, crosses, a scribble
        for _ in range(rng.integers(1, 5)):
            count = int(rng.choice([2, 3, 12]))
            points = across(sheet, count, rng)
            width = log_uniform(rng, 1, 0.03 * side + 1)
            sheet.path(points, width, rng.uniform(0.3, 1), printed=rng.random() < 0.5)
    return sheet, height


def small(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """One digit that fills its picture, as data sets have them; or a few."""
    layout = (single, touching, partial(row, most=3))[rng.choice(3, p=[0.6, 0.2, 0.2])]
    while True:
        sheet, height = layout(hands, rng)
        part = cut_close(sheet, height, rng)
        if min(part.shape) >= 8:
            return squeezed(part) if rng.random() < 0.5 else part, height


def squeezed(sheet: Sheet) -> Sheet:
    """A sheet made as wide as it is high, as programs do that want all pictures alike."""
    square = Sheet((len(sheet.ink),) * 2)
    square.ink, square.print = (
        cv2.resize(layer, square.shape, interpolation=cv2.INTER_AREA)
        for layer in (sheet.ink, sheet.print)
    )
    square.owner = cv2.resize(sheet.owner, square.shape, interpolation=cv2.INTER_NEAREST)
    square.digits = sheet.digits
    return square


def alone(hands: Hands, rng: np.random.Generator) -> tuple[Sheet, float]:
    """A letter, a sign, a word, a scribble or a blot that fills its picture, or lies in it."""
    height, pen, kind = log_uniform(rng, 20, 400), random_pen(rng), rng.integers(6)
    if kind < 3:
        ink = hands.mark(round(height), pen, rng)
    elif kind == 3:
        ink = hands.word(round(height), pen, rng)
    elif kind == 4:
        ink = scribble(round(height), pen, rng)
    else:
        ink = blot(round(height), rng)
    room = np.exp(rng.uniform(0, 1.2))
    sheet = Sheet(tuple(round(room * length) + 8 for length in ink.shape))
    sheet.put(ink, *(rng.uniform(0, 1, 2) * (np.array(sheet.shape) - ink.shape)[::-1]))
    return sheet, height


def scribble(height: int, pen: Pen, rng: np.random.Generator) -> np.ndarray:
    """A tangle of one stroke, as somebody tries a pen."""
    points = rng.uniform(0, 1, (rng.integers(8, 25), 2))
    fine = np.linspace(0, len(points) - 1, 8 * len(points))
    line = np.stack([np.interp(fine, np.arange(len(points)), axis) for axis in points.T], axis=1)
    line = cv2.GaussianBlur(line.astype(np.float32), (1, 0), 0.1, sigmaY=rng.uniform(0.5, 4))
    return draw([line], height, pen, rng)


def blot(height: int, rng: np.random.Generator) -> np.ndarray:
    """A filled shape with a wavy outline."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    waves = sum(
        rng.normal(0, 0.25 / k) * np.cos(k * turn + rng.uniform(0, 2 * np.pi)) for k in range(1, 6)
    )
    radius = height / 2 * np.exp(waves)[:, None] * [rng.uniform(0.5, 1.5), 1]
    outline = radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    outline -= outline.min(axis=0) - 1
    canvas = np.zeros(np.ceil(outline.max(axis=0)).astype(int)[::-1] + 2, np.uint8)
    cv2.fillPoly(canvas, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return canvas / np.float32(255)


def across(sheet: Sheet, count: int, rng: np.random.Generator) -> np.ndarray:
    """Places along a line from one side of a sheet to the opposite one, shape (count, 2).

    A straight line that began and ended on the sheet would be a 1.
    """
    points = rng.uniform(0, 1, (count, 2))
    points[[0, -1], rng.integers(2)] = -0.05, 1.05
    return points * sheet.shape[::-1]


def some_objects(sheet: Sheet, rng: np.random.Generator) -> None:
    """Even shapes with sharp or soft edges, as things that lie on a table have."""
    high, wide = sheet.shape
    for _ in range(rng.integers(1, 12)):
        layer = np.zeros(sheet.shape, np.uint8)
        middle = tuple(int(at) for at in rng.uniform(0, 1, 2) * [wide, high])
        size = tuple(1 + int(s) for s in np.exp(rng.uniform(-4, -0.7, 2)) * max(high, wide))
        if rng.random() < 0.5:
            cv2.ellipse(layer, middle, size, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
        else:
            corners = middle + rng.normal(0, 1, (rng.integers(3, 6), 2)) * size
            hull = cv2.convexHull(corners.astype(np.float32)).astype(np.int32)
            cv2.fillConvexPoly(layer, hull, 255, cv2.LINE_AA)
        if rng.random() < 0.5:
            layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.5, 0.02 * max(high, wide) + 1))
        weight = np.float32(rng.uniform(0.2, 1) / 255)
        if not _is_a_bar(layer):
            sheet.print = np.maximum(sheet.print * (layer < 128), layer * weight)


def _is_a_bar(layer: np.ndarray) -> bool:
    """Whether what is drawn is long and narrow: a 1, as far as anybody can see."""
    drawn = cv2.findNonZero(cv2.compare(layer, 127, cv2.CMP_GT))
    if drawn is None:
        return False
    _, sides, _ = cv2.minAreaRect(drawn)
    return max(sides) > 3 * min(sides)


def empty_form(sheet: Sheet, rng: np.random.Generator) -> None:
    """Boxes, combs and tables with nothing in them."""
    high, wide = sheet.shape
    cell_wide, cell_high = (max(8, rng.uniform(0.04, 0.4) * length) for length in (wide, high))
    style, by_hand_too = rng.integers(3), rng.random() < 0.3
    space = rng.choice([0, rng.uniform(0.1, 1)]) * min(cell_wide, cell_high)
    width, dark = rng.uniform(0.7, 4), rng.uniform(0.3, 1)
    for top in np.arange(rng.uniform(0, 0.5) * cell_high, high, cell_high + space):
        for left in np.arange(rng.uniform(0, 0.5) * cell_wide, wide, cell_wide + space):
            box = np.array([left, top, left + cell_wide, top + cell_high])
            cell(sheet, box, int(style), width, dark, by_hand_too, rng)


def cut_close(sheet: Sheet, height: float, rng: np.random.Generator) -> Sheet:
    """The part of a sheet around its digits, as a scan or a picture of one digit is cut out."""
    rows, columns = np.nonzero(sheet.owner)
    if not len(rows):
        return sheet
    margins = (rng.uniform(0, 0.35, 4) * rng.choice([0, 0.1, 1]) * height).astype(int)
    top, bottom = max(rows.min() - margins[0], 0), rows.max() + 1 + margins[1]
    left, right = max(columns.min() - margins[2], 0), columns.max() + 1 + margins[3]
    place = np.s_[top:bottom, left:right]
    part = Sheet(sheet.owner[place].shape)
    part.ink, part.print = sheet.ink[place], sheet.print[place]
    part.owner, part.digits = sheet.owner[place], sheet.digits
    return part


# --- From the sheet to the picture ----------------------------------------------------------------


def wear(sheet: Sheet, height: float, hands: Hands, rng: np.random.Generator) -> None:
    """What happens to lie on any sheet: dust, a stain, a stroke, what shows at its border."""
    high, wide = sheet.shape
    kind = rng.integers(6)
    if kind == 0:
        for x, y in rng.uniform(0, 1, (rng.integers(1, 30), 2)) * [wide, high]:
            sheet.line(
                (x, y), (x + 0.7, y), rng.uniform(0.5, 0.08 * height + 1), rng.uniform(0.2, 1)
            )
    elif kind == 1:  # a ring of coffee
        turn, radius = np.linspace(0, rng.uniform(2, 6.4), 40), rng.uniform(1, 4) * height
        middle = rng.uniform(-0.2, 1.2, 2) * [wide, high]
        ring = middle + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        if not _meets_digits(sheet, ring):
            sheet.path(ring, rng.uniform(0.05, 0.3) * height, rng.uniform(0.1, 0.4))
    elif kind == 2:  # the edge of the sheet, or of what lies beside it
        side = rng.uniform(0.005, 0.05) * max(high, wide)
        place = [np.s_[: int(side) + 1], np.s_[-int(side) - 1 :]][rng.integers(2)]
        layer = sheet.print if rng.random() < 0.5 else sheet.print.T
        owner = sheet.owner if layer is sheet.print else sheet.owner.T
        if not owner[place].any():
            layer[place] = np.maximum(layer[place], rng.uniform(0.3, 1))
    elif kind == 3:  # a long line anywhere
        ends = across(sheet, 2, rng)
        if not _meets_digits(sheet, np.linspace(*ends, 40)):
            sheet.path(ends, max(1, rng.uniform(0.02, 0.1) * height), rng.uniform(0.3, 1))
    elif kind == 4:  # a neighbour that the border cuts off: too little is seen to read it
        ink = hands.writer(rng).digit(int(rng.integers(10)), max(8, round(height)), rng)
        seen = rng.uniform(0.05, 0.3)
        left = rng.choice([(seen - 1) * ink.shape[1], wide - seen * ink.shape[1]])
        top = rng.uniform(0, max(1, high - len(ink)))
        middle = np.clip([left + ink.shape[1] / 2, top + len(ink) / 2], 0, [wide - 1, high - 1])
        if not _meets_digits(sheet, np.array([middle])):
            sheet.put(ink, left, top)
    else:  # ends of strokes that the border cuts off
        corner = np.array([wide - 1, high - 1])
        for _ in range(rng.integers(1, 4)):
            start = np.clip(across(sheet, 2, rng)[rng.integers(2)], 0, corner)
            end = start + rng.normal(0, rng.uniform(0.02, 0.15) * height + 2, 2)
            if not _meets_digits(sheet, np.array([start, end])):
                sheet.path(np.array([start, end]), rng.uniform(1, 5), rng.uniform(0.3, 1))


def _meets_digits(sheet: Sheet, points: np.ndarray) -> bool:
    rows, columns = np.clip(points[:, ::-1], 0, np.array(sheet.shape) - 1).astype(int).T
    near = cv2.dilate((sheet.owner > 0).astype(np.uint8), np.ones((9, 9), np.uint8))
    return bool(near[rows, columns].any())


def on_ground(
    sheet: Sheet, measured: bool, rng: np.random.Generator, is_none: bool, height: float
) -> np.ndarray:
    """The sheet's brightness, float32: paper or another ground, and what is written on it."""
    style = rng.choice(
        ["paper", "photo", "texture", "board", "screen"],
        p=[0.5, 0.2, 0.15, 0.1, 0.05] if is_none else [0.72, 0.1, 0.02, 0.1, 0.06],
    )
    dark_ground = style == "board" or (style == "screen" and rng.random() < 0.5)
    if style == "photo":
        base = g.photo(sheet.shape, measured, rng)
    elif style == "texture":
        base = g.texture(sheet.shape, rng)
    else:
        base = g.paper(sheet.shape, rng)
        if style == "screen":
            base[:] = base.mean()
    strength = log_uniform(rng, 0.25, 1)
    if not is_none:  # what a person cannot read is no digit
        base = _calmed(base, 0.2 * strength, height)
    if dark_ground:
        base = base - base.mean() + rng.uniform(15, 110)
        if style == "board":
            base += np.maximum(g.smooth_noise(sheet.shape, 6, rng), 0) * rng.uniform(0, 12)
        pen = np.minimum(base + strength * rng.uniform(80, 230), 255)
        pressed = np.minimum(base + rng.uniform(20, 160), 255)
    else:
        pen = base * (1 - strength * rng.uniform(0.75, 1))
        pressed = base * (1 - rng.uniform(0.3, 0.95))
    base = base + sheet.print * (pressed - base)
    return base + sheet.ink * (pen - base)


def _calmed(base: np.ndarray, most: float, height: float) -> np.ndarray:
    """A ground whose details differ by `most` of its brightness at most (standard deviation)."""
    wide = cv2.GaussianBlur(base, (0, 0), max(1.0, 0.5 * height))
    details = base - wide
    share = details.std() / max(wide.mean(), 1)
    return wide + details * min(1, most / max(share, 1e-6))


def on_table(
    sheet: Sheet, picture: np.ndarray, measured: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The sheet seen by a camera: turned, in perspective, on a table or cut off by the border."""
    high, wide = sheet.shape
    margin = rng.uniform(0.02, 0.35) if rng.random() < 0.7 else 0.0
    shape = round(high * (1 + 2 * margin)), round(wide * (1 + 2 * margin))
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    angle = rng.normal(0, 0.06)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([wide, high]) / 2
    seen = (corners - middle) @ turn.T + np.array(shape[::-1]) / 2
    seen += rng.normal(0, 0.025 * min(sheet.shape), (4, 2))
    way = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    if rng.random() < 0.5:
        table = g.texture(shape, rng)
    elif rng.random() < 0.6:
        table = g.photo(shape, measured, rng)
    else:
        table = g.paper(shape, rng) * rng.uniform(0.15, 0.9)
    size = shape[::-1]
    mask = cv2.warpPerspective(np.ones(sheet.shape, np.float32), way, size)
    if rng.random() < 0.6:  # the sheet throws a shadow
        soft = max(1.0, 0.02 * min(shape))
        shadow = cv2.GaussianBlur(np.roll(mask, rng.integers(-4, 5, 2), (0, 1)), (0, 0), soft)
        table = table * (1 - rng.uniform(0.1, 0.6) * shadow)
    warped = cv2.warpPerspective(picture, way, size, flags=cv2.INTER_LINEAR)
    owner = cv2.warpPerspective(sheet.owner, way, size, flags=cv2.INTER_NEAREST)
    return table + mask * (warped - table), owner


LAYOUTS = {
    "single": single, "row": row, "page": page, "touching": touching, "lined": lined,
    "cells": cells, "sums": sums, "amid": amid, "none": nothing, "small": small, "alone": alone,
}  # fmt: skip


def make_page(
    rng: np.random.Generator, kind: str, hands: Hands, measured: bool = False, longest: int = 1400
) -> Page:
    """Make a page of a kind, each digit of which a person can read.

    Args:
        hands: who writes.
        measured: whether the photos come from those kept for measuring.
        longest: of the picture's sides, in pixels; larger ones are made smaller.
    """
    while True:
        page, owner = _any_page(rng, kind, hands, measured)
        if (page.digits or kind in NO_DIGITS) and is_legible(page.picture, owner):
            return _shrunk(page, longest)


def is_legible(picture: np.ndarray, owner: np.ndarray) -> bool:
    """Tell whether each digit's ink stands out from what is around it.

    Args:
        picture: uint8, shape (H, W).
        owner: int, same shape: which digit's ink a pixel is, from 1; 0: none's.
    """
    for number, place in enumerate(ndimage.find_objects(owner), 1):
        if place is None:
            continue
        size = max(part.stop - part.start for part in place)
        edge = round(0.25 * size) + 2
        wide = tuple(slice(max(0, part.start - edge), part.stop + edge) for part in place)
        grey = picture[wide].astype(np.float32)
        grey -= cv2.GaussianBlur(grey, (0, 0), 0.3 * size + 1)  # without light and shadow
        ink = owner[wide] == number
        beside = cv2.dilate(ink.astype(np.uint8), np.ones((edge, edge), np.uint8)) > 0
        beside &= owner[wide] == 0
        if ink.any() and beside.any():
            contrast = abs(grey[ink].mean() - grey[beside].mean())
            if contrast < MIN_CONTRAST or contrast < MIN_OVER_NOISE * grey[beside].std():
                return False
    return True


def _any_page(
    rng: np.random.Generator, kind: str, hands: Hands, measured: bool
) -> tuple[Page, np.ndarray]:
    """A page at its full size, and which digit's ink each pixel is."""
    layout = LAYOUTS.get(kind) or LAYOUTS[str(rng.choice(["row", "page", "single", "cells"]))]
    sheet, height = layout(hands, rng)
    if kind in CUT_CLOSE and rng.random() < 0.3:
        sheet = cut_close(sheet, height, rng)
    if rng.random() < 0.25:
        wear(sheet, height, hands, rng)
    picture = on_ground(sheet, measured, rng, kind in NO_DIGITS, height)
    owner, shape = sheet.owner, sheet.shape
    if kind == "photo" or (kind == "none" and rng.random() < 0.2) or rng.random() < 0.15:
        picture, owner = on_table(sheet, picture, measured, rng)
    shape = picture.shape
    picture = picture * g.light(shape, rng)
    if rng.random() < (0.2 if kind == "photo" else 0.05):
        picture = picture + g.glare(shape, rng)
    picture = g.camera(np.clip(picture, 0, 255), rng, height)
    return _truth(picture, owner, sheet.digits, kind), owner


def _truth(picture: np.ndarray, owner: np.ndarray, digits: list[int], kind: str) -> Page:
    """The page with the boxes of its digits, from the number of each pixel."""
    found = ndimage.find_objects(owner, max_label=len(digits))
    kept = [(d, place) for d, place in zip(digits, found, strict=True) if place]
    boxes = [(x.start, y.start, x.stop - x.start, y.stop - y.start) for _, (y, x) in kept]
    return Page(picture, [d for d, _ in kept], np.array(boxes, int).reshape(-1, 4), kind)


def _shrunk(page: Page, longest: int) -> Page:
    """The page, or a smaller one whose longer side has `longest` pixels."""
    scale = longest / max(page.picture.shape)
    if scale >= 1:
        return page
    size = [max(1, round(length * scale)) for length in page.picture.shape[::-1]]
    picture = cv2.resize(page.picture, size, interpolation=cv2.INTER_AREA)
    return Page(picture, page.digits, np.round(page.boxes * scale).astype(int), page.kind)
