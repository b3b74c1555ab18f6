"""The fourth step: touching digits are cut, broken ones joined, words left out."""

import itertools

import cv2
import make_samples
import numpy as np
import pytest
from pictures import DATA, photos_of, read, share_read, training_digits
from PIL import Image, ImageDraw, ImageFont

from reading import divide, marks, open_picture, paper

# --- cuts ---


def test_cuts_lose_no_ink():
    images, _ = training_digits()
    scene = make_samples.Scene(gap=-0.2, height=200)
    picture = make_samples.photograph([images[:2]], scene, np.random.default_rng(0))
    (mark,) = marks.find_marks(paper.ink_of(picture))[0]
    cuts = divide.find_cuts(mark)
    assert cuts
    for cut in cuts:
        left, right = divide.part_between(mark, None, cut), divide.part_between(mark, cut, None)
        assert left.ink.sum() + right.ink.sum() == pytest.approx(mark.ink.sum(), rel=0.02)
        assert left.box[0] <= right.box[0]
        assert left.box[0] + left.box[2] <= right.box[0] + right.box[2]
    assert divide.part_between(mark, cuts[0], cuts[0]) is None


def test_two_rings_that_touch_are_cut_between_them():
    """The way through a ring has less ink on it, but crosses two strokes."""
    ink = np.zeros((80, 140), np.float32)
    for x in (40, 102):
        cv2.ellipse(ink, (x, 40), (30, 36), 0, 0, 360, 1, 5, cv2.LINE_AA)
    cuts = divide.find_cuts(marks.Mark((0, 0, 140, 80), ink))
    assert any(abs(cut - 71).max() <= 4 for cut in cuts)


def test_touching_digits_are_cut():
    pictures, expected = photos_of(60, digits=2, gap=-0.2, rotation=0, height=200)
    joined = [len(marks.find_marks(paper.ink_of(p))[0]) == 1 for p in pictures]
    assert sum(joined) >= 15
    chosen = [
        [item for item, j in zip(items, joined, strict=True) if j] for items in (pictures, expected)
    ]
    assert share_read(*chosen) >= 0.6


def test_a_stem_is_not_cut_into_digits_that_lie_above_one_another():
    # A long flag hangs from the 1, and the tail of a 3 touches its stem.
    assert read(open_picture(DATA / "people/pairs/13_006.png")) == "13"


# --- broken digits ---


def test_pieces_far_above_one_another_are_no_digit():
    """Two bars above one another make a 1 only where they nearly meet."""
    upper, near, far = (
        marks.Mark((10, y, 8, 40), np.ones((40, 8), np.float32)) for y in (0, 45, 80)
    )
    assert divide._may_be_one([upper, near], True, 40)
    assert not divide._may_be_one([upper, far], True, 40)


@pytest.mark.parametrize(("gap", "least"), [(5, 0.85), (24, 0.65)])
def test_a_broken_digit_is_one(gap, least):
    """A blank line through the upper third, as of a pen that skips, up to an eighth as wide."""
    pictures, expected = photos_of(40, height=280, rotation=0, margin=0.5, shadow=0)
    for picture in pictures:
        y = picture.shape[0] // 2 - 30
        picture[y : y + gap] = picture[5:10].mean(axis=0).astype(np.uint8)
    assert share_read(pictures, expected) >= least


def test_a_broken_digit_among_others_is_one():
    """The last of three has a blank line through its middle."""
    pictures, expected = photos_of(40, 3, height=200, gap=0.25, rotation=0, slope=0, shadow=0)
    for picture in pictures:
        y, x = picture.shape[0] // 2, picture.shape[1] * 3 // 5
        picture[y : y + 16, x:] = picture[5:10, x:].mean(axis=0).astype(np.uint8)
    assert share_read(pictures, expected) >= 0.72


@pytest.mark.parametrize("gap", [3, 6])
def test_digits_close_above_one_another_are_not_one(gap):
    """All pairs of different digits; the gap is about an eighth or a quarter of their height."""
    images, labels = training_digits()
    digits = [images[labels == digit][0] for digit in range(10)]
    digits = [digit[(digit > 60).any(axis=1)] for digit in digits]
    columns, expected = [], []
    for upper, lower in itertools.permutations(range(10), 2):
        page = np.concatenate([digits[upper], np.zeros((gap, 28), np.uint8), digits[lower]])
        page = cv2.resize(np.pad(page, 8), None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
        columns.append(255 - page)
        expected.append(f"{upper}{lower}")
    assert share_read(columns, expected) >= 0.95


# --- what is a digit in its row ---


def answer(digit: int, sure: float) -> np.ndarray:
    """Twelve probabilities: one digit's; what is missing to 1 goes to "no digit"."""
    row = np.zeros(12, np.float32)
    row[digit], row[divide.NO_DIGIT] = sure, 1 - sure
    return row


def divided(answers: list[np.ndarray], gap: int, low: tuple[int, ...] = ()) -> str:
    """What is read in a row of marks, 30 pixels wide and 50 high, about which these are known.

    Those whose numbers are in `low` are 20 pixels high.
    """
    row = []
    for n in range(len(answers)):
        height = 20 if n in low else 50
        box = (n * (30 + gap), 50 - height, 30, height)
        row.append(marks.Mark(box, np.ones((height, 30), np.float32)))
    known = {mark.box: given for mark, given in zip(row, answers, strict=True)}
    none = answer(0, 0)
    chosen = divide.choose_digits(
        [row], lambda asked: np.stack([known.get(mark.box, none) for mark in asked])
    )
    return "".join(str(row[:10].argmax()) for _, row in chosen)


def test_a_strange_mark_is_a_digit_among_digits():
    strange, sure = answer(8, 0.15), answer(1, 0.99)
    assert divided([sure, sure, strange, sure], 20) == "1181"
    assert divided([sure, strange, sure], 20) == "11"
    assert divided([sure, sure, answer(8, 0.085), sure], 20) == "111"  # a letter is none there


def test_a_digit_among_letters_is_a_letter():
    five, letter = answer(5, 0.99), answer(0, 0.001)
    assert divided([five, letter, letter, letter], 10) == ""
    assert divided([letter, five, letter, letter], 10) == ""
    assert divided([five, five, five, letter, letter, letter], 10) == "555"
    assert divided([five, letter, letter, letter], 25) == "5"  # that far apart they are no word
    assert divided([letter, five, letter], 10) == "5"  # brackets
    assert divided([five, letter, letter, letter], 10, low=(2,)) == "5"  # dust is no letter
    assert divided([letter, letter, letter, letter, five], 10, low=(3,)) == "5"  # nor does it join


# --- words ---


def typed(text: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    left, top, right, bottom = font.getbbox(text)
    page = Image.new("L", (right - left + 160, bottom - top + 160), 255)
    ImageDraw.Draw(page).text((80 - left, 80 - top), text, 30, font)
    return page


@pytest.fixture(scope="module")
def hands() -> list[ImageFont.FreeTypeFont]:
    """Fonts made of handwriting."""
    paths = sorted((DATA / "fonts").glob("*-latin.woff2"))
    return [ImageFont.truetype(path, 160) for path in paths]


def test_words_are_no_digits(hands):
    """Their s looks like a 5, their o like a 0, their i and l like a 1."""
    words = ["sun", "river", "mouse", "Apfel"]
    pages = [typed(word, hand) for word in words for hand in hands]
    assert share_read(pages, [""] * len(pages)) >= 0.75


def test_digits_beside_a_word_are_read(hands):
    """A word ends where there is a space."""
    pages = [typed(f"Haus   {n}", hand) for n, hand in enumerate(hands, 10)]
    assert share_read(pages, [str(n) for n in range(10, 10 + len(pages))]) >= 0.6


def test_one_letter_beside_a_digit_makes_no_word_of_it(hands):
    pages = [typed(f"{n % 10}x", hand) for n, hand in enumerate(hands)]
    assert share_read(pages, [str(n % 10) for n in range(len(pages))]) >= 0.8


def test_a_digit_in_brackets_is_read(hands):
    """Two signs beside it make no word of it."""
    pages = [typed(f"[{n % 10}]", hand) for n, hand in enumerate(hands)]
    assert share_read(pages, [str(n % 10) for n in range(len(pages))]) >= 0.6


@pytest.mark.parametrize("sign", list("AEFHKMNRWX+"))
def test_letters_are_no_digits(sign):
    page = np.full((200, 200), 255, np.uint8)
    cv2.putText(page, sign, (50, 150), cv2.FONT_HERSHEY_SIMPLEX, 4, 0, 10, cv2.LINE_AA)
    assert read(page) == ""
