"""What is simple for a person: digits in their surroundings are read, what is no digit is not.

Each kind is a small maker of pictures, of hands that no network was trained on.
"""

import cv2
import numpy as np
import pytest

from reading import read_digits
from tools.pages import ground
from tools.pages.hands import NEVER_A_DIGIT, Hands, Pen, draw, print_text, words
from tools.pages.page import Sheet, by_hand, cell, write_row

SEEDS = 10
MAX_WRONG = 0.05  # share of a picture's digits: of forty, two may be misread
LETTERS = list(NEVER_A_DIGIT)
AT_LEAST = 8  # of ten are read correctly
# Less than is to be: some hands' 4s are read as 5s there.
AT_LEAST_STILL = {"rows_near_the_border": 6, "a_table_drawn_by_hand": 6}
HANDS = Hands(measured=True)
BALL_PEN = Pen(width=0.08, grain=0, dark=1)


def writer_of(rng, pen=BALL_PEN):
    """A writer with a pen, of those whose strokes are known."""
    writer = HANDS.writer(rng)
    while writer.scanned:
        writer = HANDS.writer(rng)
    writer.pen = pen
    return writer


def picture_of(sheet, paper=245.0, pen=40.0):
    """A clean picture of a sheet."""
    inked = np.maximum(sheet.ink, sheet.print)
    return np.round(paper + inked * (pen - paper)).astype(np.uint8)


def text_of(sheet):
    return "".join(map(str, sheet.digits))


def rows_near_the_border(rng):
    """Four rows 0 to 9, 30 pixels high, the first 5 pixels from the border."""
    sheet, writer = Sheet((260, 420)), writer_of(rng)
    for row in range(4):
        write_row(sheet, writer, list(range(10)), 5, 40 + 60 * row, 30, rng, (0.25, 0.4))
    return picture_of(sheet), text_of(sheet)


def a_row_at_the_border(rng):
    sheet, writer = Sheet((100, 400)), writer_of(rng)
    write_row(sheet, writer, list(rng.integers(10, size=5)), 0, 75, 50, rng, (0.2, 0.4))
    return picture_of(sheet), text_of(sheet)


def a_stem_through_a_narrow_picture(rng):
    value, writer = int(rng.choice([4, 7, 9])), writer_of(rng)
    ink = writer.digit(value, 150, rng)
    sheet = Sheet((len(ink) + 8, ink.shape[1] + 8))
    sheet.put(ink, 4, 4, value)
    return picture_of(sheet), str(value)


def odd_forms(rng):
    """A 1 on a line, a large open 4, a 0 with a long slash, a struck 9."""
    forms = [
        (1, [[(0.2, 0.25), (0.5, 0), (0.5, 1)], [(0.1, 1), (0.9, 1)]]),
        (4, [[(0.15, 0), (0.1, 0.55), (0.9, 0.5)], [(0.75, 0.05), (0.7, 1)]]),
        (0, [[(0.5, 0), (0.1, 0.3), (0.1, 0.7), (0.5, 1), (0.9, 0.7), (0.9, 0.3), (0.5, 0)],
             [(1.05, -0.1), (-0.05, 1.1)]]),
        (9, [[(0.8, 0.15), (0.4, 0), (0.15, 0.25), (0.45, 0.45), (0.8, 0.15), (0.75, 1)],
             [(0.3, 0.72), (1.1, 0.68)]]),
    ]  # fmt: skip
    value, strokes = forms[rng.integers(len(forms))]
    lines = []
    for stroke in strokes:
        points = np.array(stroke, np.float32) + rng.normal(0, 0.015, (len(stroke), 2))
        places = np.linspace(0, len(points) - 1, 8 * len(points))
        smooth = [np.interp(places, np.arange(len(points)), axis) for axis in points.T]
        lines.append(cv2.GaussianBlur(np.stack(smooth, 1).astype(np.float32), (1, 7), 1.5))
    sheet = Sheet((220, 200))
    sheet.put(draw(lines, 140, BALL_PEN, rng), 40, 40, value)
    return picture_of(sheet), str(value)


def a_hard_shadow(rng):
    sheet, writer = Sheet((300, 420)), writer_of(rng)
    write_row(sheet, writer, list(rng.integers(10, size=4)), 60, 170, 80, rng, (0.3, 0.5))
    picture = picture_of(sheet).astype(np.float32)
    picture[round(300 * rng.uniform(0.65, 0.8)) :] *= rng.uniform(0.35, 0.5)
    return picture.astype(np.uint8), text_of(sheet)


def between_curved_lines(rng):
    sheet, writer = Sheet((160, 340)), writer_of(rng)
    write_row(sheet, writer, list(rng.integers(10, size=3)), 70, 115, 70, rng, (0.2, 0.4))
    along = np.linspace(0, 340, 20)
    for y in (22, 138):
        curve = np.stack([along, y + 9 * np.sin(along / 340 * np.pi)], axis=1)
        sheet.path(curve, 2, 0.7)
    return picture_of(sheet), text_of(sheet)


def thick_with_reflections(rng):
    sheet, writer = Sheet((260, 560)), writer_of(rng, Pen(0.16, 0, 0.65))
    write_row(sheet, writer, list(rng.integers(10, size=3)), 70, 200, 140, rng, (0.2, 0.4))
    picture = picture_of(sheet).astype(np.float32)
    for _ in range(6):
        y, x = rng.uniform(60, 200), rng.uniform(70, 480)
        rows, columns = np.indices(picture.shape)
        spot = np.exp(-(((rows - y) / 9) ** 2) - ((columns - x) / 25) ** 2)
        picture += 60 * spot * (picture < 180)
    return np.clip(picture, 0, 255).astype(np.uint8), text_of(sheet)


def a_table_drawn_by_hand(rng):
    sheet, writer = Sheet((300, 560)), writer_of(rng)
    for row in range(3):
        for column in range(6):
            left, top = 20 + 86 * column, 20 + 86 * row
            box = np.array([left, top, left + 86, top + 86])
            cell(sheet, box, 2, 3, 1.0, True, rng)
            value = int(rng.integers(10))
            write_row(sheet, writer, [value], left + 25, top + 68, 48, rng)
    return picture_of(sheet), text_of(sheet)


def an_empty_form(rng):
    sheet = Sheet((260, 560))
    for row in range(2):
        text = print_text(words(rng, 12), 20, rng)
        sheet.put(text[:, :200], 20, 30 + 110 * row, printed=True)
        for column in range(8):
            left, top = 20 + 62 * column, 60 + 110 * row
            cell(sheet, np.array([left, top, left + 50, top + 60]), 0, 2, 1.0, False, rng)
    return picture_of(sheet), ""


def signs_between_digits(rng):
    sheet, writer = Sheet((140, 900)), writer_of(rng)
    values = []
    for sign in rng.permutation(list("()÷-=+")):
        values += [int(rng.integers(10)), lambda high, s=sign: by_hand(s, high, writer.pen, rng)]
    write_row(sheet, writer, [*values, int(rng.integers(10))], 20, 100, 60, rng, (0.25, 0.4))
    return picture_of(sheet), text_of(sheet)


def letters_before_a_number(rng):
    sheet, writer = Sheet((140, 620)), writer_of(rng)
    letters = [lambda high: HANDS.word(high, writer.pen, rng, str(rng.choice(LETTERS)))] * 3
    values = [*letters, None, *map(int, rng.integers(10, size=3))]
    write_row(sheet, writer, values, 20, 100, 60, rng, (0.15, 0.3))
    return picture_of(sheet), text_of(sheet)


def blank_in_bad_light(rng):
    shape = 300, 400
    grain = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), 1.2)
    picture = 70 + 30 * ground.smooth_noise(shape, 2, rng) * 0.5 + 5 * grain / grain.std()
    return np.clip(picture, 0, 255).astype(np.uint8), ""


def gravel(rng):
    shape = 300, 400
    stones = sum(ground.smooth_noise(shape, cells, rng) * w for cells, w in ((25, 1), (60, 0.7)))
    return np.clip(130 + 45 * stones, 0, 255).astype(np.uint8), ""


def a_printed_page(rng):
    sheet = Sheet((500, 420))
    for row in range(18):
        text = print_text(words(rng, 40), 18, rng)
        sheet.put(text[:, :380], 20, 20 + 26 * row, printed=True)
    return picture_of(sheet), ""


def is_right(expected, read):
    """Whether as many digits were read as are there, and nearly all of them rightly."""
    if len(expected) != len(read):
        return False
    return sum(a != b for a, b in zip(expected, read)) <= MAX_WRONG * len(expected)


@pytest.mark.parametrize(
    "make",
    [
        rows_near_the_border, a_row_at_the_border, a_stem_through_a_narrow_picture, odd_forms,
        a_hard_shadow, between_curved_lines, thick_with_reflections, a_table_drawn_by_hand,
        an_empty_form, signs_between_digits, blank_in_bad_light, gravel, a_printed_page,
        pytest.param(
            letters_before_a_number,
            marks=pytest.mark.xfail(strict=True, reason="the reader knows too few letters still"),
        ),
    ],
    ids=lambda make: make.__name__,
)  # fmt: skip
def test_most_of_a_kind_are_read(make):
    outcomes = []
    for seed in range(SEEDS):
        picture, expected = make(np.random.default_rng(seed))
        outcomes.append((expected, "".join(str(d.digit) for d in read_digits(picture))))
    right = sum(is_right(expected, read) for expected, read in outcomes)
    assert right >= AT_LEAST_STILL.get(make.__name__, AT_LEAST), outcomes
