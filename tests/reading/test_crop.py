"""The third step: a place in a picture becomes 28 x 28 pixels of ink, whatever the paper."""

import cv2
import numpy as np
import pytest
from pictures import training_digits

from reading import crop

PEN, PAPER = 40, 230


def on_paper(digit: np.ndarray, scale: float, corner=(30, 20), shape=(200, 240)) -> np.ndarray:
    """A digit, uint8 (28, 28), as dark ink on light paper, grey float32."""
    ink = cv2.resize(digit, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) / np.float32(
        255
    )
    sheet = np.full(shape, PAPER, np.float32)
    left, top = corner
    place = sheet[top : top + len(ink), left : left + ink.shape[1]]
    place += ink * (PEN - PAPER)
    return sheet


def box_of(sheet: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(sheet < (PEN + PAPER) / 2)
    return np.array([columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1], float)


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


@pytest.fixture(scope="module")
def seven():
    images, labels = training_digits()
    return images[labels == 7][0]


@pytest.fixture(scope="module")
def plain(seven):
    sheet = on_paper(seven, 4)
    return crop.cut_out(sheet.astype(np.uint8), box_of(sheet))


def test_it_is_as_large_as_in_mnist(seven, plain):
    assert plain.shape == (28, 28) and plain.dtype == np.uint8
    assert plain.max() == 255 and np.median(plain) < 10
    rows, columns = np.nonzero(plain > 100)
    assert 17 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
    # It differs from MNIST's own by its place: there the centre of mass is in the middle.
    moved = [np.roll(plain, shift, (0, 1)) for shift in np.ndindex(7, 7)]
    moved = [np.roll(part, (-3, -3), (0, 1)) for part in moved]
    assert max(agreement(part, seven) for part in moved) > 0.9


@pytest.mark.parametrize("scale", [0.8, 1, 2, 5])
def test_the_size_in_the_picture_does_not_matter(seven, plain, scale):
    sheet = on_paper(seven, scale)
    assert agreement(crop.cut_out(sheet.astype(np.uint8), box_of(sheet)), plain) > 0.85


def test_chalk_on_a_board_is_ink_as_well(seven, plain):
    sheet = on_paper(seven, 4)
    assert agreement(crop.cut_out((255 - sheet).astype(np.uint8), box_of(sheet)), plain) > 0.97


def test_light_and_shadow_are_no_ink(seven, plain):
    sheet = on_paper(seven, 4)
    box = box_of(sheet)
    slope = sheet * np.linspace(0.4, 1, sheet.shape[1], dtype=np.float32)
    assert agreement(crop.cut_out(slope.astype(np.uint8), box), plain) > 0.97
    faint = 200 + (sheet - PAPER) * 0.15
    assert agreement(crop.cut_out(faint.astype(np.uint8), box), plain) > 0.95


def test_the_border_of_the_picture_is_repeated(seven, plain):
    sheet = on_paper(seven, 4)
    left, top, wide, high = (int(length) for length in box_of(sheet))
    close = sheet[top : top + high, left : left + wide].astype(np.uint8)
    assert agreement(crop.cut_out(close, np.array([0, 0, wide, high])), plain) > 0.9


@pytest.mark.parametrize(
    "box", [(-50, -50, 20, 20), (230, 190, 60, 90), (0, 0, 0, 0), (5, 5, 1, 1)]
)
def test_any_box_gives_a_picture(seven, box):
    result = crop.cut_out(on_paper(seven, 4).astype(np.uint8), np.array(box, float))
    assert result.shape == (28, 28) and result.dtype == np.uint8


def test_blank_paper_has_no_ink():
    rng = np.random.default_rng(0)
    sheet = np.round(200 + rng.normal(0, 0.6, (80, 80))).astype(np.uint8)
    assert crop.cut_out(sheet, np.array([20.0, 20, 40, 40])).mean() < 60
    assert crop.cut_out(np.full((80, 80), 200, np.uint8), np.array([20.0, 20, 40, 40])).max() == 0


def test_walls_around_a_digit_do_not_tell_which_ink_it_has(seven):
    """Light ink on a grey board, amid a black frame: the frame is darker than the ink is light."""
    sheet = on_paper(seven, 4)
    board = np.where(sheet < (PEN + PAPER) / 2, 190, 120).astype(np.uint8)
    left, top, wide, high = box_of(sheet).astype(int)
    cv2.rectangle(board, (left - 12, top - 12), (left + wide + 12, top + high + 12), 0, 8)
    amid_frame, plain = (
        crop.cut_out(picture, box_of(sheet))[4:-4, 4:-4]
        for picture in (board, sheet.astype(np.uint8))
    )
    assert agreement(amid_frame, plain) > 0.8


def test_the_surroundings_are_shown_as_they_are(seven):
    sheet = on_paper(seven, 4)
    sheet[:, :25] = 0  # left of the digit, a wall
    box = box_of(sheet[:, 30:]) + [30, 0, 0, 0]
    amid = crop.with_surroundings(sheet.astype(np.uint8), box)
    assert amid.shape == (64, 64) and amid.dtype == np.uint8
    assert amid[32, 2] == 0 and amid[60, 60] == PAPER  # grey levels are kept
    rows, columns = np.nonzero(amid[:, 16:] < (PEN + PAPER) / 2)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(crop.WIDE_INNER, abs=2)
