"""Reading digits from pictures: the samples, every kind of picture, and what is no picture."""

import difflib
import functools
import io
import itertools
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import execute
import fuzz
import make_samples
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw, ImageFont

import utils
from tools import decode, divide, marks, paper

SAMPLES = utils.DATA / "samples"


@pytest.fixture(scope="module")
def shipped():
    """The model that ships, whatever notebooks have trained in this run."""
    import keras

    return keras.models.load_model(utils.SHIPPED / "reader.keras", compile=False)


@functools.cache
def training_digits() -> tuple[np.ndarray, np.ndarray]:
    return utils.load_mnist()[0]


@pytest.fixture(scope="module")
def seven() -> np.ndarray:
    """A photo-like 7, dark on light: uint8, shape (H, W, 3)."""
    images, labels = training_digits()
    digit = images[labels == 7][:1]
    return make_samples.photograph([digit], make_samples.Scene(), np.random.default_rng(0))


def read(picture, model=None) -> str:
    return "".join(str(d.digit) for d in utils.read_digits(picture, model))


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


# --- the samples ---


def test_samples_are_read(shipped):
    table = pd.read_csv(SAMPLES / "labels.csv", dtype=str)
    assert len(table) >= 20
    assert set(table["picture"]) == {p.name for p in SAMPLES.iterdir()} - {"labels.csv"}
    right = total = 0
    for picture, digits in zip(table["picture"], table["digits"], strict=True):
        found = read(SAMPLES / picture, shipped)
        total += len(digits)
        if len(found) == len(digits):
            right += sum(a == b for a, b in zip(found, digits, strict=True))
    assert right / total >= 0.97


def test_samples_are_what_the_script_makes(tmp_path):
    make_samples.main(tmp_path)
    assert (tmp_path / "labels.csv").read_text() == (SAMPLES / "labels.csv").read_text()
    for path in SAMPLES.glob("*.[jp][pn]g"):
        stored, made = (utils.open_picture(p).astype(int) for p in (path, tmp_path / path.name))
        assert np.abs(stored - made).mean() < 2, path.name


def test_probabilities_and_boxes(shipped):
    digits = utils.read_digits(SAMPLES / "turned.jpg", shipped)
    height, width = utils.open_picture(SAMPLES / "turned.jpg").shape[:2]
    assert width > height  # two digits side by side, though the file stores them upright
    for d in digits:
        left, top, box_width, box_height = d.box
        assert isinstance(d.digit, int) and isinstance(d.probability, float)
        assert all(isinstance(number, int) for number in d.box)
        assert left >= 0 and left + box_width <= width
        assert top >= 0 and top + box_height <= height
        assert d.probability == pytest.approx(d.probabilities.max())
        assert 0.5 < d.probabilities.sum() <= 1 + 1e-4  # what is missing is no digit, or several
    assert [d.box[0] for d in digits] == sorted(d.box[0] for d in digits)


def test_box_lies_on_the_ink_of_a_large_picture(shipped):
    page = np.full((3000, 4000), 255, np.uint8)
    cv2.line(page, (2000, 1000), (2000, 2000), 0, 60)
    (digit,) = utils.read_digits(page, shipped)
    assert np.allclose(digit.box, (1970, 970, 60, 1060), atol=25)


# --- kinds of pictures ---


def test_the_same_digit_in_every_form(seven, shipped):
    image = Image.fromarray(seven)
    forms = {
        "path": None,
        "png": encoded(image),
        "jpeg": encoded(image, "JPEG"),
        "webp": encoded(image, "WEBP"),
        "bmp": encoded(image, "BMP"),
        "tiff": encoded(image, "TIFF"),
        "gif": encoded(image, "GIF"),
        "palette": encoded(image.quantize(16)),
        "grey": encoded(image.convert("L")),
        "grey and alpha": encoded(image.convert("LA")),
        "one bit": encoded(image.convert("L").point(lambda v: 255 * (v > 128)).convert("1")),
        "CMYK": encoded(image.convert("CMYK"), "JPEG"),
        "16 bit": encoded(Image.fromarray(seven[..., 0].astype(np.uint16) * 257)),
        "16 bit TIFF": encoded(Image.fromarray(seven[..., 0].astype(np.uint16) * 257), "TIFF"),
        "float TIFF": encoded(Image.fromarray(seven[..., 0] / np.float32(255)), "TIFF"),
        "PIL image": image,
        "inverted": 255 - seven,
        "uint8 grey": seven[..., 0],
        "uint8 RGBA": np.dstack([seven, np.full(seven.shape[:2], 255, np.uint8)]),
        "float": seven / 255,
        "float grey": (seven[..., 0] / 255).astype(np.float32),
    }
    forms.pop("path")
    assert {name: read(form, shipped) for name, form in forms.items()} == dict.fromkeys(forms, "7")


def test_path_as_text_or_path(shipped):
    assert read(str(SAMPLES / "chalk.jpg"), shipped) == read(SAMPLES / "chalk.jpg", shipped) != ""


def test_first_frame_of_an_animation(seven, shipped):
    first, second = Image.fromarray(seven), Image.new("RGB", seven.shape[1::-1], "white")
    data = encoded(first, "GIF", save_all=True, append_images=[second])
    assert read(data, shipped) == "7"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(seven, shipped, orientation):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transposition that EXIF undoes
    image = Image.fromarray(seven)
    if orientation > 1:
        image = image.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert read(encoded(image, "JPEG", exif=exif), shipped) == "7"


@pytest.mark.parametrize("pen", [0, 255])
def test_drawing_on_a_transparent_canvas(seven, shipped, pen):
    alpha = 255 - seven[..., 0]
    canvas = np.dstack([np.full_like(seven, pen), np.where(alpha > 60, alpha, 0)])
    assert read(canvas, shipped) == "7"


@pytest.mark.parametrize("side", [28, 100, 600])
def test_mnist_digits_survive_a_file(shipped, side):
    """Pictures of training digits, dark on light, agree with the digits themselves."""
    images = training_digits()[0][:100]
    direct = shipped.predict(utils.to_input(images), verbose=0).argmax(axis=1)
    found = [
        read(255 - cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC), shipped)
        for image in images
    ]
    assert np.mean([f == str(d) for f, d in zip(found, direct, strict=True)]) >= 0.95


def test_a_thin_stroke_is_centred():
    """At most two of the 28 columns: the narrowest digit there is."""
    for width in (1, 10, 20):
        image = utils.to_mnist(np.ones((200, width), np.float32)).astype(float)
        rows, columns = np.indices(image.shape)
        assert abs(np.average(rows, weights=image) - 14) <= 1
        assert abs(np.average(columns, weights=image) - 14) <= 1


def test_cuts_lose_no_ink():
    (images, _), _ = utils.load_mnist()
    scene = make_samples.Scene(gap=-0.2, height=200)
    picture = make_samples.photograph([images[:2]], scene, np.random.default_rng(0))
    (mark,) = utils.find_marks(utils.ink_of(picture))[0]
    cuts = utils.find_cuts(mark)
    assert cuts
    for cut in cuts:
        left, right = utils.part_between(mark, None, cut), utils.part_between(mark, cut, None)
        assert left.ink.sum() + right.ink.sum() == pytest.approx(mark.ink.sum(), rel=0.02)
        assert left.box[0] <= right.box[0]
        assert left.box[0] + left.box[2] <= right.box[0] + right.box[2]
    assert utils.part_between(mark, cuts[0], cuts[0]) is None


def test_two_rings_that_touch_are_cut_between_them():
    """The way through a ring has less ink on it, but crosses two strokes."""
    ink = np.zeros((80, 140), np.float32)
    for x in (40, 102):
        cv2.ellipse(ink, (x, 40), (30, 36), 0, 0, 360, 1, 5, cv2.LINE_AA)
    cuts = utils.find_cuts(utils.Mark((0, 0, 140, 80), ink))
    assert any(abs(cut - 71).max() <= 4 for cut in cuts)


# --- hard to find ---


def some_digits(count: int, seed: int) -> tuple[np.ndarray, str]:
    """Training digits, uint8 of shape (count, 28, 28), and what they say."""
    images, labels = training_digits()
    chosen = np.random.default_rng(seed).choice(len(images), count, replace=False)
    return images[chosen], "".join(map(str, labels[chosen]))


def share_read(pictures: list, expected: list[str], model) -> float:
    return np.mean([read(p, model) == e for p, e in zip(pictures, expected, strict=True)])


def share_found(found: str, expected: str) -> float:
    """How many of the digits of a page were found, in order."""
    matcher = difflib.SequenceMatcher(None, found, expected, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(expected)


def photos_of(count: int, digits: int = 1, draw=None, **fixed) -> tuple[list, list[str]]:
    """Photos as `make_samples` takes them; `draw` may draw into each before it is used."""
    pictures, expected = [], []
    for seed in range(count):
        rng = np.random.default_rng([5, seed])
        images, text = some_digits(digits, seed)
        scene = make_samples.random_scene(rng, **fixed)
        picture = make_samples.photograph([images], scene, rng)
        pictures.append(draw(picture, scene) if draw else picture)
        expected.append(text)
    return pictures, expected


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
def test_digits_on_lines_are_read(shipped, draw, least):
    fixed = {"height": 180, "rotation": 0, "margin": 0.6, "shadow": 0}
    assert share_read(*photos_of(40, draw=draw, **fixed), shipped) >= least


def framed(digit, side, sides, thickness, ink):
    """A digit, dark on white, with lines along some sides of the picture; uint8."""
    picture = 255 - cv2.resize(digit, (side, side), interpolation=cv2.INTER_CUBIC)
    for turns, name in enumerate(("top", "right", "bottom", "left")):
        if name in sides:
            np.rot90(picture, turns)[:thickness] = 255 - ink
    return picture


@pytest.mark.parametrize("light_on_dark", [False, True])
@pytest.mark.parametrize(
    ("side", "thickness", "ink"), [(28, 1, 255), (28, 1, 105), (128, 4, 255), (128, 6, 200)]
)
@pytest.mark.parametrize(
    "sides", [("bottom",), ("top", "left"), ("right", "bottom", "left"), "top right bottom left"]
)
def test_a_frame_along_the_border_is_no_writing(
    shipped, sides, side, thickness, ink, light_on_dark
):
    images, text = some_digits(20, 3)
    pictures = [framed(image, side, sides, thickness, ink) for image in images]
    pictures = [255 - picture for picture in pictures] if light_on_dark else pictures
    assert share_read(pictures, list(text), shipped) >= 0.95


def test_paper_around_thick_ink_is_no_frame():
    rows, columns = np.mgrid[-48:48, -48:48]
    disc = np.where(rows**2 + columns**2 < 46**2, 30, 250).astype(np.uint8)
    assert not paper._without_frame(disc)[0]
    frame = np.pad(np.full((88, 88), 250, np.uint8), 4)
    is_framed, without = paper._without_frame(frame)
    assert is_framed and (without == 250).all()


BARS = {  # rows and columns of a picture of 600 x 480 that are a bar
    "left and right": [np.s_[:, :70], np.s_[:, -90:]],
    "top and bottom": [np.s_[:90], np.s_[-90:]],
    "top": [np.s_[:60]],
    "all around": [np.s_[:110], np.s_[-70:], np.s_[:, :85], np.s_[:, -85:]],
}


@pytest.mark.parametrize(("paper_level", "bar_level"), [(250, 0), (235, 120), (30, 255)])
@pytest.mark.parametrize("sides", BARS)
def test_bars_beside_the_picture_are_no_writing(shipped, sides, paper_level, bar_level):
    images, text = some_digits(12, 6)
    pictures = []
    for image in images:
        ink = np.zeros((600, 480), np.float32)
        ink[190:410, 130:350] = cv2.resize(image / np.float32(255), (220, 220))
        picture = paper_level + ink * (20 - paper_level if paper_level > 100 else 200)
        for place in BARS[sides]:
            picture[place] = bar_level
        pictures.append(np.uint8(picture))
    assert share_read(pictures, list(text), shipped) >= 0.9
    bars = np.zeros((600, 480), bool)
    for place in BARS[sides]:
        bars[place] = True
    rows, columns = (np.flatnonzero(~bars.all(axis=axis)) for axis in (1, 0))
    for picture in pictures:
        between = paper.between_bars(picture)
        for found, ends in zip(between, (rows, columns), strict=True):
            assert ends[0] <= found.start <= ends[0] + 14
            assert ends[-1] - 13 <= found.stop <= ends[-1] + 1
    left, top, width, height = utils.read_digits(pictures[0], shipped)[0].box
    inked = abs(pictures[0][190:410, 130:350] - float(paper_level)) > 60
    rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    found = [top, left, top + height, left + width]
    ends = [rows[0] + 190, columns[0] + 130, rows[-1] + 190, columns[-1] + 130]
    assert found == pytest.approx(ends, abs=6)


@pytest.mark.parametrize("lean", [0, 3])
@pytest.mark.parametrize(
    ("height", "width", "pen"), [(100, 60, 20), (200, 120, 40), (300, 200, 65)]
)
def test_a_thick_one_has_a_margin_and_no_bars(shipped, height, width, pen, lean):
    picture = np.full((height, width), 255, np.uint8)
    ends = (
        (width // 2 + lean, height // 6 + pen // 2),
        (width // 2 - lean, 5 * height // 6 - pen // 2),
    )
    cv2.line(picture, *ends, 0, pen)
    assert read(picture, shipped) == read(255 - picture, shipped) == "1"


def test_a_margin_is_no_bar():
    picture = np.full((120, 160), 255, np.uint8)
    everything = slice(0, 120), slice(0, 160)
    assert paper.between_bars(picture) == everything  # one colour
    cv2.putText(picture, "7", (40, 100), cv2.FONT_HERSHEY_SIMPLEX, 3, 0, 12)
    assert paper.between_bars(picture) == everything
    picture[:] = 255
    picture[:, 60:100] = 0  # a stroke from top to bottom
    assert paper.between_bars(picture) == everything


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
def test_a_ring_around_a_digit_is_no_zero(shipped, square, gap):
    images, text = some_digits(30, 7)
    rng = np.random.default_rng(0)
    pictures = [ringed(image, rng, square, gap) for image in images]
    # A 1 that leans may be the slash within a zero.
    assert share_read(pictures, list(text), shipped) >= 0.9


@pytest.mark.parametrize("row", ["3582", "4619", "2537"])
@pytest.mark.parametrize("touching", [False, True])
def test_a_cell_that_a_digit_touches_keeps_it(shipped, row, touching):
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
    assert read(255 - page, shipped) == row


@pytest.mark.parametrize(
    ("end", "thickness"), [((0, 0), 40), ((0, 0), 54), ((20, -28), 16), ((45, -65), 16)]
)
def test_a_zero_around_a_dot_or_a_slash_is_a_zero(shipped, end, thickness):
    images, labels = training_digits()
    pictures = []
    for image in images[labels == 0][:30]:
        picture = 255 - cv2.resize(image, (336, 336), interpolation=cv2.INTER_CUBIC)
        start, stop = (168 - end[0], 168 - end[1]), (168 + end[0], 168 + end[1])
        pictures.append(cv2.line(picture, start, stop, 0, thickness, cv2.LINE_AA))
    assert share_read(pictures, ["0"] * 30, shipped) >= 0.9


@pytest.mark.parametrize("place", [(8, 12), (8, 1330), (640, 12), (640, 1330), (300, 0), (0, 700)])
def test_small_digits_in_a_corner_of_a_wide_canvas(shipped, place):
    images, text = some_digits(10, 4)
    pictures = []
    for image in images:
        canvas = np.full((700, 1400), 255, np.uint8)
        row, column = place
        canvas[row : row + 56, column : column + 56] -= cv2.resize(image, (56, 56))
        pictures.append(canvas)
    assert share_read(pictures, list(text), shipped) >= 0.9


def test_a_page_of_small_digits_on_squared_paper(shipped):
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
        shares.append(share_found(read(page, shipped), text))
    assert np.mean(shares) >= 0.85


def on_a_table(picture, scene):
    """The sheet lies on a brown table, turned a little."""
    height, width = picture.shape[:2]
    border = [height // 6, height // 8, width // 10, width // 4]
    scenery = cv2.copyMakeBorder(picture, *border, cv2.BORDER_CONSTANT, value=(90, 60, 40))
    height, width = scenery.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 3, 1)
    return cv2.warpAffine(scenery, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def in_a_black_border(picture, scene):
    return cv2.copyMakeBorder(picture, 12, 30, 7, 18, cv2.BORDER_CONSTANT, value=(0, 0, 0))


def beside_the_sheet(picture, scene):
    """At one side, the photo shows what the sheet lies on."""
    width = picture.shape[1] // 4
    return cv2.copyMakeBorder(picture, 0, 0, width, 0, cv2.BORDER_CONSTANT, value=(40, 50, 70))


def with_a_reflection(picture, scene):
    """A lamp is mirrored beside the digit."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y - 0.15 * height, x - 0.85 * width)
    light = 120 * np.exp(-((distance / (0.15 * width)) ** 2))
    return np.clip(0.7 * picture + light[..., None], 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("draw", "least"),
    [
        (on_a_table, 0.9),
        (in_a_black_border, 0.9),
        (beside_the_sheet, 0.8),
        (with_a_reflection, 0.9),
    ],
)
def test_what_lies_beside_the_sheet_is_left_out(shipped, draw, least):
    assert share_read(*photos_of(30, draw=draw, margin=0.8, shadow=0), shipped) >= least


def test_the_edge_of_a_shadow_is_no_sheets(shipped):
    """Where a digit is doubtful, what lies in the light is not taken for all that there is."""
    pictures, _ = photos_of(60, digits=5, gap=0.2, height=140, shadow=0.5)
    assert [len(read(picture, shipped)) for picture in pictures] == [5] * 60


def test_a_rectangle_with_ink_along_its_edge_is_no_sheet():
    """Paper between strokes, as a thick pen leaves it, is not the only paper."""
    page = np.full((300, 300), 245, np.uint8)
    cv2.rectangle(page, (60, 60), (240, 240), 20, -1)
    assert utils.find_sheets(page)[0] is not None  # an evenly dark sheet
    for x in (60, 150):
        cv2.rectangle(page, (x + 15, 40), (x + 60, 200), 245, -1)  # an E on its side
    assert utils.find_sheets(page) == [None]


def test_a_thumbnail_shows_no_table_and_a_strip_may():
    strip = np.full((200, 900), 60, np.uint8)
    cv2.rectangle(strip, (40, 30), (860, 170), 230, -1)
    assert len(utils.find_sheets(strip)) > 1
    assert utils.find_sheets(strip[::7, ::7][:28]) == [None]


def test_a_sheet_is_found_and_plain_paper_has_none():
    (picture,), _ = photos_of(1, height=200, shadow=0)
    assert utils.find_sheets(picture) == [None]
    sheet, whole, *_ = utils.find_sheets(on_a_table(picture, None))
    assert whole is None and 0.4 < sheet.mean() < 0.7


def test_pieces_far_above_one_another_are_no_digit():
    """Two bars above one another make a 1 only where they nearly meet."""
    upper, near, far = (
        utils.Mark((10, y, 8, 40), np.ones((40, 8), np.float32)) for y in (0, 45, 80)
    )
    assert divide._may_be_one([upper, near], True, 40)
    assert not divide._may_be_one([upper, far], True, 40)


def test_what_shines_through_the_paper_is_no_writing(shipped):
    page = np.full((200, 400), 240, np.uint8)
    for x, pen in ((100, 30), (300, 190)):
        cv2.putText(page, "7", (x - 40, 150), cv2.FONT_HERSHEY_SIMPLEX, 4, pen, 10, cv2.LINE_AA)
    assert read(page, shipped) == "7"


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
    assert blur > 0.3 or max(counts) > marks.FEW
    for value in (0, 1):
        _, boxes = marks._components(np.full((9, 7), value, np.uint8))
        assert boxes == [(0, 0, 7, 9)] * value


@pytest.mark.parametrize("shape", [(30, 70), (41, 99), (5, 350), (71, 141), (900, 80)])
def test_a_picture_is_shrunk_by_a_whole_number(shape):
    """Each pixel of the small one is the mean of a square of the large one."""
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    small = paper.shrunk_by_whole(picture, 70)
    times = -(-max(shape) // 70)
    assert small.shape == (shape[0] // times, shape[1] // times)
    squares = picture[: small.shape[0] * times, : small.shape[1] * times].astype(float)
    squares = squares.reshape(small.shape[0], times, small.shape[1], times)
    assert np.abs(squares.mean(axis=(1, 3)) - small).max() <= 1


@pytest.mark.parametrize("shape", [(1, 500), (3, 2000), (4000, 2)])
def test_a_thin_picture_is_shrunk_as_well(shape):
    """What is thinner than the whole number would vanish; left as long as it is, it takes long."""
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert max(paper.shrunk_by_whole(picture, 70).shape) == 70


@pytest.mark.parametrize("shape", [(72, 96), (96, 3), (1, 5), (1, 1)])
def test_the_plane_is_that_of_least_squares(shape):
    around = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    rows, columns = np.indices(shape)
    places = np.stack([np.ones(around.size), rows.ravel(), columns.ravel()], axis=1)
    expected = places @ np.linalg.lstsq(places, around.ravel(), rcond=None)[0]
    assert np.abs(paper._plane_through(around).ravel() - expected).max() < 0.01


def test_photos_are_read(shipped):
    assert share_read(*photos_of(100), shipped) >= 0.95
    pictures, expected = photos_of(40, digits=5, gap=0.15, rotation=2, height=150)
    assert share_read(pictures, expected, shipped) >= 0.85


def test_touching_digits_are_cut(shipped):
    pictures, expected = photos_of(60, digits=2, gap=-0.2, rotation=0, height=200)
    joined = [len(utils.find_marks(utils.ink_of(p))[0]) == 1 for p in pictures]
    assert sum(joined) >= 15
    chosen = [
        [item for item, j in zip(items, joined, strict=True) if j] for items in (pictures, expected)
    ]
    assert share_read(*chosen, shipped) >= 0.6


def test_a_stem_is_not_cut_into_digits_that_lie_above_one_another(shipped):
    # A long flag hangs from the 1, and the tail of a 3 touches its stem.
    assert read(utils.open_picture(utils.DATA / "people/pairs/13_006.png"), shipped) == "13"


@pytest.mark.parametrize(("gap", "least"), [(5, 0.85), (24, 0.65)])
def test_a_broken_digit_is_one(shipped, gap, least):
    """A blank line through the upper third, as of a pen that skips, up to an eighth as wide."""
    pictures, expected = photos_of(40, height=280, rotation=0, margin=0.5, shadow=0)
    for picture in pictures:
        y = picture.shape[0] // 2 - 30
        picture[y : y + gap] = picture[5:10].mean(axis=0).astype(np.uint8)
    assert share_read(pictures, expected, shipped) >= least


def test_a_broken_digit_among_others_is_one(shipped):
    """The last of three has a blank line through its middle."""
    pictures, expected = photos_of(40, 3, height=200, gap=0.25, rotation=0, slope=0, shadow=0)
    for picture in pictures:
        y, x = picture.shape[0] // 2, picture.shape[1] * 3 // 5
        picture[y : y + 16, x:] = picture[5:10, x:].mean(axis=0).astype(np.uint8)
    assert share_read(pictures, expected, shipped) >= 0.72


@pytest.mark.parametrize("gap", [3, 6])
def test_digits_close_above_one_another_are_not_one(shipped, gap):
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
    assert share_read(columns, expected, shipped) >= 0.95


@pytest.mark.parametrize("wider", [-0.02, 0.06])
def test_thin_and_thick_pens(shipped, wider):
    assert share_read(*photos_of(60, wider=wider), shipped) >= 0.85


def test_one_pixel_strokes_in_a_large_drawing(shipped):
    page = np.full((1300, 1300), 255, np.uint8)
    for points in ([(500, 300), (800, 310), (650, 900)],):
        cv2.polylines(page, [np.array(points)], False, 0, 1)
    assert read(page, shipped) == "7"


def test_a_page_of_many_digits(shipped):
    """25 rows of 20: all found in order, nearly all read."""
    images, text = some_digits(500, seed=1)
    scene = make_samples.Scene(height=50, gap=0.35, margin=0.6)
    rows = list(images.reshape(25, 20, 28, 28))
    found = read(make_samples.photograph(rows, scene, np.random.default_rng(0)), shipped)
    assert share_found(found, text) >= 0.9


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


def test_a_digit_in_brackets_is_read(shipped, hands):
    """Two signs beside it make no word of it."""
    pages = [typed(f"[{n % 10}]", hand) for n, hand in enumerate(hands)]
    assert share_read(pages, [str(n % 10) for n in range(len(pages))], shipped) >= 0.6


# --- nothing to read ---


@pytest.mark.parametrize("sign", list("AEFHKMNRWX+"))
def test_letters_are_no_digits(shipped, sign):
    page = np.full((200, 200), 255, np.uint8)
    cv2.putText(page, sign, (50, 150), cv2.FONT_HERSHEY_SIMPLEX, 4, 0, 10, cv2.LINE_AA)
    assert read(page, shipped) == ""


def typed(text: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    left, top, right, bottom = font.getbbox(text)
    page = Image.new("L", (right - left + 160, bottom - top + 160), 255)
    ImageDraw.Draw(page).text((80 - left, 80 - top), text, 30, font)
    return page


@pytest.fixture(scope="module")
def hands() -> list[ImageFont.FreeTypeFont]:
    """Fonts made of handwriting."""
    paths = sorted((utils.DATA / "fonts").glob("*-latin.woff2"))
    return [ImageFont.truetype(path, 160) for path in paths]


def test_words_are_no_digits(shipped, hands):
    """Their s looks like a 5, their o like a 0, their i and l like a 1."""
    words = ["sun", "river", "mouse", "Apfel"]
    pages = [typed(word, hand) for word in words for hand in hands]
    assert share_read(pages, [""] * len(pages), shipped) >= 0.75


def test_digits_beside_a_word_are_read(shipped, hands):
    """A word ends where there is a space."""
    pages = [typed(f"Haus   {n}", hand) for n, hand in enumerate(hands, 10)]
    assert share_read(pages, [str(n) for n in range(10, 10 + len(pages))], shipped) >= 0.6


def test_one_letter_beside_a_digit_makes_no_word_of_it(shipped, hands):
    pages = [typed(f"{n % 10}x", hand) for n, hand in enumerate(hands)]
    assert share_read(pages, [str(n % 10) for n in range(len(pages))], shipped) >= 0.8


def test_noise_is_no_writing(shipped):
    rng = np.random.default_rng(0)
    for shape in ((60, 60), (200, 200), (300, 500)):
        assert read(rng.integers(0, 256, shape).astype(np.uint8), shipped) == ""
        assert read((255 * (rng.random(shape) < 0.05)).astype(np.uint8), shipped) == ""


def test_a_faint_disc_between_dark_lines_is_no_writing(shipped):
    """What the lines leave has less ink than any digit."""
    page = np.full((400, 600), 255, np.uint8)
    page[::60] = 0
    cv2.circle(page, (300, 150), 15, 220, -1)
    assert read(page, shipped) == ""


def test_lines_alone_are_no_writing(shipped):
    page = np.full((400, 500), 240, np.uint8)
    page[40::40] = 120
    assert read(page, shipped) == ""


def test_a_network_with_ten_answers_serves_as_well():
    assert read(SAMPLES / "pin.jpg", utils.load_model("cnn")) == "0386"


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (28, 28), (500, 700)])
def test_blank_paper_is_empty(value, shape):
    assert utils.read_digits(np.full(shape, value, np.uint8)) == []


def test_blank_transparent_canvas_is_empty():
    assert utils.read_digits(np.zeros((100, 100, 4), np.uint8)) == []


def test_blank_paper_under_uneven_light_is_empty():
    y, x = np.mgrid[0:400, 0:500]
    assert utils.read_digits((120 + 0.1 * x + 0.15 * y).astype(np.uint8)) == []


# --- no picture ---


def a_bomb() -> bytes:
    """A PNG of 40,000 x 40,000 pixels in 1.6 MB of zeros, 4.8 GB decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc

    header = (40_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    body = zlib.compress(bytes(1_600_000), 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (b"", "is empty"),
        (b"these are no pixels", "no picture that can be read"),
        (b"%PDF-1.7 and so on", "no picture that can be read"),
        (a_bomb(), "more than 50 megapixels"),
        (encoded(Image.new("1", (8000, 8000))), "8000 x 8000 pixels, more than 50 megapixels"),
        (np.zeros((0, 10), np.uint8), "no pixels"),
        (np.zeros((10, 0, 3), np.float32), "no pixels"),
        (np.zeros(10, np.uint8), "Expected shape"),
        (np.zeros((4, 4, 2), np.uint8), "Expected shape"),
        (np.zeros((2, 4, 4, 3), np.uint8), "Expected shape"),
        (np.full((4, 4), np.nan), "NaN or infinite"),
        (np.full((4, 4), np.inf, np.float32), "NaN or infinite"),
        (np.full((4, 4), 255.0), r"must lie in \[0, 1\]"),
        (np.full((4, 4), -0.1), r"must lie in \[0, 1\]"),
        (np.zeros((4, 4), np.int64), "uint8 or float, not int64"),
        (np.zeros((4, 4), complex), "uint8 or float, not complex"),
        (np.array([["a", "b"]]), "uint8 or float"),
        (np.broadcast_to(np.uint8(0), (8000, 8000)), "more than 50"),
        (None, "not NoneType"),
        (42, "not int"),
        ("no/such/picture.png", "Cannot read"),
        ("bad\0name.png", "Cannot read"),
        (str(ROOT / "data"), "is a folder"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(picture, message):
    with pytest.raises(utils.ImageError, match=message):
        utils.read_digits(picture)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated_files_are_refused(seven, form, share):
    data = encoded(Image.fromarray(seven), form)
    with pytest.raises(utils.ImageError, match=r"damaged|no picture"):
        utils.read_digits(data[: int(len(data) * share)])


def test_unreadable_exif_data_do_not_hide_the_picture(seven, shipped):
    data = encoded(Image.fromarray(seven), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\xff")
    assert read(data, shipped) == "7"


def check_any(picture) -> None:
    try:
        digits = utils.read_digits(picture)
    except utils.ImageError as error:
        assert str(error)
    else:
        assert all(0 <= d.digit <= 9 and 0 <= d.probability <= 1 for d in digits)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.float32, np.float64, np.int32, np.bool_]),
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=40),
    )
)
def test_any_array_gives_digits_or_an_image_error(array):
    check_any(array)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_give_digits_or_an_image_error(data):
    check_any(data)


def test_damaged_files_give_digits_or_an_image_error():
    """In a process apart, since a decoder's crash would take this one with it."""
    table = fuzz.run(500)
    broken = fuzz.failures(table)
    assert broken.empty, broken.to_string()
    assert table["memory"].max() < fuzz.MOST_MEMORY
    assert (table["outcome"] == "read").sum() > 50 and (table["outcome"] == "refused").sum() > 50


def test_a_damaged_file_follows_from_its_number():
    files = fuzz.originals()
    some = [fuzz.damaged(number, files) for number in range(100)]
    assert some == [fuzz.damaged(number, files) for number in range(100)]
    assert len(set(some)) > 90
    assert len(set(some) & set(files)) < 10  # now and then no field is found to damage


def test_a_killed_reader_is_noticed_and_the_others_are_read(tmp_path, monkeypatch):
    """The reader that stands in for the real one dies on picture 2."""
    reader = tmp_path / "reader.py"
    reader.write_text(
        "import json, os, sys\n"
        "first, count = map(int, sys.argv[2:])\n"
        "print('ready', flush=True)\n"
        "for number in range(first, first + count):\n"
        "    if number == 2: os.kill(os.getpid(), 9)\n"
        "    print(json.dumps([number, 'read', 0.1, 0]), flush=True)\n"
    )
    monkeypatch.setattr(fuzz, "__file__", str(reader))
    table = fuzz.run(5)
    assert list(table["number"]) == [0, 1, 2, 3, 4]
    assert list(fuzz.failures(table)["number"]) == [2]
    assert "died with status -9" in table["outcome"][2]


# --- large pictures ---

SIDES = 8160, 6120  # 49.9 megapixels, as the largest phone cameras take them


@pytest.mark.parametrize(
    ("mode", "form", "options"),
    [
        ("RGB", "JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0"}),
        ("RGB", "JPEG", {"progressive": True, "subsampling": 0}),
        ("RGB", "PNG", {"compress_level": 1}),
        ("RGBA", "PNG", {"compress_level": 1}),
        ("I;16", "PNG", {"compress_level": 1}),
        ("RGB", "WEBP", {"method": 0}),
    ],
)
def test_fifty_megapixels_are_read_within_a_gigabyte(tmp_path, mode, form, options):
    path = tmp_path / "large"
    page = Image.new("L", SIDES, 225)
    line = (2000, 4000, 4000, 4100) if "exif" in options else (4000, 2000, 4100, 4000)
    ImageDraw.Draw(page).line(line, 30, 120)
    if mode == "I;16":
        page = Image.fromarray(np.asarray(page).astype(np.uint16) * 257)
    (page if page.mode == mode else page.convert(mode)).save(path, form, **options)
    del page
    assert utils.read_digits(encoded(Image.new("L", (40, 40)))) == []  # what is loaded once
    before = fuzz.reset_peak_memory()
    picture = utils.open_picture(path)
    assert execute.peak_memory() - before < 1e9
    assert picture.shape[:2] == (SIDES if "exif" in options else SIDES[::-1])
    del picture
    assert len(utils.read_digits(path)) == 1
    assert execute.peak_memory() - before < 1e9


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no /dev/zero")
def test_a_file_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(decode, "MAX_BYTES", 1_000_000)
    with pytest.raises(utils.ImageError, match="/dev/zero has more than 1 MB"):
        utils.read_digits("/dev/zero")


def test_a_jpeg_of_endless_scans_is_refused():
    """A few bytes more a scan let a decoder go over all pixels once more."""
    data = encoded(Image.new("L", (64, 64), 200), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert utils.read_digits(data[:-2] + 40 * scan + data[-2:]) == []
    with pytest.raises(utils.ImageError, match="more than 50 scans"):
        utils.read_digits(data[:-2] + 50 * scan + data[-2:])
    # What follows a picture's end, such as the film of a moving photo, is no part of it.
    assert utils.read_digits(data + 100 * scan) == []


# --- HEIC, as iPhones take them ---


def a_heic_start(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(100)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1"])
def test_heic_without_its_package_says_how_to_get_it(monkeypatch, brand):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as if it were not installed
    with pytest.raises(utils.ImageError, match=r"HEIC picture.* pip install pillow-heif"):
        utils.read_digits(a_heic_start(brand))


def test_damaged_heic_with_its_package_is_refused_as_damaged(monkeypatch):
    monkeypatch.setattr(decode, "_heif_formats", lambda: ("HEIF",))
    with pytest.raises(utils.ImageError, match="no picture that can be read"):
        utils.read_digits(a_heic_start(b"heic"))


def test_heic_is_read_where_its_package_is_installed(seven, shipped):
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is optional")
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(seven).transpose(Image.Transpose.ROTATE_90)
    assert read(encoded(image, "HEIF", exif=exif.tobytes()), shipped) == "7"


# --- the command line ---


def run_cli(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "utils.py", *arguments], cwd=ROOT, capture_output=True, text=True
    )


def test_command_line():
    result = run_cli("data/samples/pin.jpg", "README.md", "data/samples/chalk.jpg")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 2 and lines[0].startswith("data/samples/pin.jpg: ")
    assert lines[0].count("%") == 4
    assert result.stderr.startswith("README.md is no picture") and "Traceback" not in result.stderr


def test_command_line_names_the_damaged_file(tmp_path):
    path = tmp_path / "half.jpg"
    path.write_bytes((SAMPLES / "pin.jpg").read_bytes()[:5000])
    result = run_cli(str(path), "data/samples/chalk.jpg")
    assert result.stderr.startswith(f"{path} cannot be decoded")
    assert result.stdout.startswith("data/samples/chalk.jpg: ")


def test_command_line_finds_what_a_pattern_means(tmp_path, capsys):
    for name in ("2.jpg", "10.jpg", "a[2].jpg", "a2.jpg", "b2.jpg"):
        (tmp_path / name).write_bytes(b"no picture")
    same = [(name, name) for name in ("a[2].jpg", "b[2].jpg", "*.png")]
    for pattern, named in [("*0.jpg", "10.jpg"), *same]:
        assert utils.main([str(tmp_path / pattern)]) == 1
        (problem,) = capsys.readouterr().err.splitlines()
        assert named in problem
    assert utils.main([str(tmp_path / "*.jpg")]) == 1
    problems = capsys.readouterr().err.splitlines()
    assert len(problems) == 5 and "10.jpg" in problems[0]


def test_command_line_json():
    result = run_cli("--json", "data/samples/pin.jpg", "nowhere.png")
    good, bad = map(json.loads, result.stdout.splitlines())
    assert len(good["digits"]) == 4 and good["error"] is None
    assert set(good["digits"][0]) == {"digit", "probability", "box"}
    assert bad["digits"] == [] and "Cannot read nowhere.png" in bad["error"]
    assert result.stderr == "" and result.returncode == 1


def test_command_line_prints_a_name_that_is_no_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.png"
    Path(os.fsdecode(path)).write_bytes((SAMPLES / "inverted.png").read_bytes())
    result = run_cli(os.fsdecode(path))
    assert result.returncode == 0 and r"\udcff.png: " in result.stdout


def test_command_line_csv(tmp_path):
    target = tmp_path / "new" / "predictions.csv"
    pictures = ["data/samples/pin.jpg", "README.md", "data/samples/inverted.png"]
    result = run_cli(*pictures, "--csv", str(target))
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr == f"1 of 3 pictures could not be read, see {target}.\n"
    table = pd.read_csv(target, dtype={"digits": str}, keep_default_na=False)
    assert list(table) == ["picture", "digits", "lowest probability", "problem"]
    assert list(table["picture"]) == pictures
    assert list(table["digits"]) == [read(pictures[0]), "", read(pictures[2])]
    lowest = min(d.probability for d in utils.read_digits(pictures[0]))
    assert float(table["lowest probability"][0]) == pytest.approx(lowest, abs=1e-5)
    assert table["lowest probability"][1] == ""
    assert table["problem"][0] == table["problem"][2] == ""
    assert table["problem"][1].startswith("README.md is no picture")
    assert [path.name for path in target.parent.iterdir()] == ["predictions.csv"]


def test_command_line_csv_of_good_pictures_is_silent(tmp_path, capsys):
    target = tmp_path / "predictions.csv"
    assert utils.main([str(SAMPLES / "pin.jpg"), "--csv", str(target)]) == 0
    assert len(pd.read_csv(target)) == 1
    assert capsys.readouterr() == ("", "")


def test_csv_takes_a_name_that_is_no_text(tmp_path, capsys):
    target = tmp_path / "predictions.csv"
    assert utils.main(["bad\udcff.png", "--csv", str(target)]) == 1
    assert "bad\\udcff.png" in target.read_text(encoding="utf-8")


def test_csv_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "predictions.csv"
    target.write_text("as it was")

    def interrupted(picture):
        raise KeyboardInterrupt

    monkeypatch.setattr(utils, "read_digits", interrupted)
    with pytest.raises(KeyboardInterrupt):
        utils.main(["a.png", "--csv", str(target)])
    assert target.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", [".", "file/predictions.csv"])
def test_a_csv_that_cannot_be_written_is_said_before_reading(tmp_path, monkeypatch, capsys, name):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(utils, "read_digits", lambda picture: pytest.fail("a picture was read"))
    target = tmp_path / name
    assert utils.main(["a.png", "--csv", str(target)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"Cannot write {target}: ")


def test_csv_and_json_exclude_each_other(capsys):
    with pytest.raises(SystemExit, match="2"):
        utils.main(["a.png", "--json", "--csv", "predictions.csv"])
    assert "--csv: not allowed with argument --json" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("count", "stream", "shown"),
    [(21, Terminal, True), (20, Terminal, False), (21, io.StringIO, False)],
)
def test_many_pictures_get_a_progress_bar_on_a_terminal(
    tmp_path, monkeypatch, capsys, count, stream, shown
):
    monkeypatch.setattr(utils, "read_digits", lambda picture: [])
    monkeypatch.setattr(sys, "stderr", stream())
    assert utils.main(["a.png"] * count + ["--csv", str(tmp_path / "predictions.csv")]) == 0
    assert (f"{count}/{count}" in sys.stderr.getvalue()) is shown
    assert len(pd.read_csv(tmp_path / "predictions.csv")) == count
    assert capsys.readouterr().out == ""
