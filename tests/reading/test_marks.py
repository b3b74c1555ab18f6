"""The third step: ruled lines, cells, rings, noise and dust are told from writing."""

import cv2
import make_samples
import numpy as np
import pytest
from pictures import photos_of, read, share_found, share_read, some_digits, training_digits

from reading import marks


@pytest.mark.parametrize("blur", [0.3, 1, 4])
def test_components_have_the_boxes_of_the_statistics(blur):
    """Nested ones, with holes, at the border, one pixel small, few and many; none; all."""
    rng, counts = np.random.default_rng(0), []
    for height, width in rng.integers(1, 150, (30, 2)):
        grains = cv2.GaussianBlur(rng.random((height, width)), (0, 0), blur)
        mask = (grains > np.quantile(grains, rng.uniform(0, 1))).astype(np.uint8)
        labels, boxes = marks._components(mask)
        _, expected, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        assert np.array_equal(labels, expected)
        assert boxes == [tuple(row[:4]) for row in stats[1:]]
        counts.append(len(boxes))
    assert min(counts) < 10 < max(counts)
    assert blur > 0.3 or max(counts) > marks.MAX_TRACED
    for value in (0, 1):
        _, boxes = marks._components(np.full((9, 7), value, np.uint8))
        assert boxes == [(0, 0, 7, 9)] * value


# --- ruled lines and cells ---


def ruled(picture, scene):
    """Lines across the picture, in the colour of ball-pen ink, at the height of the digits."""
    for y in range(scene.height // 3, picture.shape[0], round(0.8 * scene.height)):
        end = (picture.shape[1], y + scene.height // 20)
        cv2.line(picture, (0, y), end, (90, 100, 140), 2, cv2.LINE_AA)
    return picture


def squared(picture, scene):
    for x in range(scene.height // 3, picture.shape[1], scene.height // 2):
        cv2.line(picture, (x, 0), (x - 9, picture.shape[0]), (90, 100, 140), 2, cv2.LINE_AA)
    return ruled(picture, scene)


def faintly_ruled(picture, scene):
    """Lines of one pixel, bent, as grey as a pencil leaves them."""
    columns = np.arange(picture.shape[1])
    for y in range(scene.height // 3, picture.shape[0], round(0.6 * scene.height)):
        bent = y + 6 * np.sin(columns / picture.shape[1] * np.pi)
        line = np.stack([columns, bent], axis=1).astype(np.int32)
        cv2.polylines(picture, [line], False, (0.7 * picture[10, 10]).tolist(), 1)
    return picture


def in_a_cell(picture, scene):
    """The frame of a form around the digit."""
    start = round(scene.height * scene.margin)
    corners = [(start + round(share * scene.height),) * 2 for share in (0.02, 0.98)]
    return cv2.rectangle(picture, *corners, (60, 60, 70), 2)


def in_a_narrow_cell(picture, scene):
    """A frame that many digits touch."""
    start = round(scene.height * scene.margin)
    corners = [(start + round(share * scene.height),) * 2 for share in (0.14, 0.86)]
    return cv2.rectangle(picture, *corners, (60, 60, 70), 3)


@pytest.mark.parametrize(
    ("draw", "least"),
    [(ruled, 0.9), (faintly_ruled, 0.9), (squared, 0.9), (in_a_cell, 0.9), (in_a_narrow_cell, 0.8)],
)
def test_digits_on_lines_are_read(draw, least):
    fixed = {"height": 180, "rotation": 0, "margin": 0.6, "shadow": 0}
    assert share_read(*photos_of(40, draw=draw, **fixed)) >= least


@pytest.mark.parametrize("row", ["3582", "4619", "2537"])
@pytest.mark.parametrize("touching", [False, True])
def test_a_cell_that_a_digit_touches_keeps_it(row, touching):
    """A row of four cells; the second digit hangs on a line."""
    images, labels = training_digits()
    page = np.zeros((220, 820), np.uint8)
    for k, sign in enumerate(row):
        digit = cv2.resize(images[labels == int(sign)][3], (140, 140))
        ends = np.flatnonzero((digit > 128).any(axis=0))
        left = 210 + 200 * k - ends[-1] if touching and k == 1 else 40 + 200 * k
        page[40:180, left : left + 140] = np.maximum(page[40:180, left : left + 140], digit)
    for k in range(4):
        cv2.rectangle(page, (10 + 200 * k, 10), (210 + 200 * k, 210), 200, 3)
    _, labels = cv2.connectedComponents(np.uint8(page > 100))
    assert (labels[40:180, 220:400] == labels[10, 10]).any() == touching
    assert read(255 - page) == row


def test_a_page_of_small_digits_on_squared_paper():
    """The squares hold more ink than the digits."""
    shares = []
    for seed in range(4):
        images, text = some_digits(24, seed)
        scene = make_samples.Scene(height=60, gap=0.35, margin=4)
        rows = list(images.reshape(3, 8, 28, 28))
        page = make_samples.photograph(rows, scene, np.random.default_rng(seed))
        for start in range(15, max(page.shape), 37):
            cv2.line(page, (0, start), (page.shape[1], start + 9), (140, 150, 170), 1, cv2.LINE_AA)
            cv2.line(page, (start, 0), (start - 9, page.shape[0]), (140, 150, 170), 1, cv2.LINE_AA)
        shares.append(share_found(read(page), text))
    assert np.mean(shares) >= 0.85


def test_lines_alone_are_no_writing():
    page = np.full((400, 500), 240, np.uint8)
    page[40::40] = 120
    assert read(page) == ""


def test_a_faint_disc_between_dark_lines_is_no_writing():
    """What the lines leave has less ink than any digit."""
    page = np.full((400, 600), 255, np.uint8)
    page[::60] = 0
    cv2.circle(page, (300, 150), 15, 220, -1)
    assert read(page) == ""


# --- rings ---


def ringed(digit, rng, square, gap):
    """A digit, dark on white, in a ring or box drawn by hand: uint8, shape (500, 500)."""
    picture = np.full((500, 500), 255, np.uint8)
    side = int(rng.integers(170, 240))
    start = 250 - side // 2
    picture[start : start + side, start : start + side] -= cv2.resize(digit, (side, side))
    turn = np.linspace(0, 2 * np.pi * (1 - gap), 90) + rng.uniform(0, 6)
    reach = rng.uniform(185, 205) * (1 + 0.03 * np.sin(3 * turn + rng.uniform(0, 6)))
    x, y = np.cos(turn), np.sin(turn)
    if square:
        x, y = (0.95 * place / np.maximum(abs(x), abs(y)) for place in (x, y))
    points = np.stack([250 + reach * x, 250 + reach * y], axis=1).astype(np.int32)
    return cv2.polylines(picture, [points], False, 40, int(rng.integers(4, 12)), cv2.LINE_AA)


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("gap", [-0.03, 0.015])
def test_a_ring_around_a_digit_is_no_zero(square, gap):
    images, text = some_digits(30, 7)
    rng = np.random.default_rng(0)
    pictures = [ringed(image, rng, square, gap) for image in images]
    # A 1 that leans may be the slash within a zero.
    assert share_read(pictures, list(text)) >= 0.9


@pytest.mark.parametrize(
    ("end", "thickness"), [((0, 0), 40), ((0, 0), 54), ((20, -28), 16), ((45, -65), 16)]
)
def test_a_zero_around_a_dot_or_a_slash_is_a_zero(end, thickness):
    images, labels = training_digits()
    pictures = []
    for image in images[labels == 0][:30]:
        picture = 255 - cv2.resize(image, (336, 336), interpolation=cv2.INTER_CUBIC)
        start, stop = (168 - end[0], 168 - end[1]), (168 + end[0], 168 + end[1])
        pictures.append(cv2.line(picture, start, stop, 0, thickness, cv2.LINE_AA))
    assert share_read(pictures, ["0"] * 30) >= 0.9


# --- small marks, thin strokes and dust ---


@pytest.mark.parametrize("place", [(8, 12), (8, 1330), (640, 12), (640, 1330), (300, 0), (0, 700)])
def test_small_digits_in_a_corner_of_a_wide_canvas(place):
    images, text = some_digits(10, 4)
    pictures = []
    for image in images:
        canvas = np.full((700, 1400), 255, np.uint8)
        row, column = place
        canvas[row : row + 56, column : column + 56] -= cv2.resize(image, (56, 56))
        pictures.append(canvas)
    assert share_read(pictures, list(text)) >= 0.9


def test_one_pixel_strokes_in_a_large_drawing():
    page = np.full((1300, 1300), 255, np.uint8)
    for points in ([(500, 300), (800, 310), (650, 900)],):
        cv2.polylines(page, [np.array(points)], False, 0, 1)
    assert read(page) == "7"


def test_noise_is_no_writing():
    rng = np.random.default_rng(0)
    for shape in ((60, 60), (200, 200), (300, 500)):
        assert read(rng.integers(0, 256, shape).astype(np.uint8)) == ""
        assert read((255 * (rng.random(shape) < 0.05)).astype(np.uint8)) == ""
