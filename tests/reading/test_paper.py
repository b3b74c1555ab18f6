"""The second step: light, shadows, sheets on a table, bars and frames beside the paper."""

import cv2
import numpy as np
import pytest
from pictures import photos_of, read, share_read, some_digits

from reading import paper, read_digits

# --- smaller pictures ---


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


# --- light ---


@pytest.mark.parametrize("shape", [(72, 96), (96, 3), (1, 5), (1, 1)])
def test_the_plane_is_that_of_least_squares(shape):
    around = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    rows, columns = np.indices(shape)
    places = np.stack([np.ones(around.size), rows.ravel(), columns.ravel()], axis=1)
    expected = places @ np.linalg.lstsq(places, around.ravel(), rcond=None)[0]
    assert np.abs(paper._plane_through(around).ravel() - expected).max() < 0.01


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (28, 28), (500, 700)])
def test_blank_paper_is_empty(value, shape):
    assert read_digits(np.full(shape, value, np.uint8)) == []


def test_blank_paper_under_uneven_light_is_empty():
    y, x = np.mgrid[0:400, 0:500]
    assert read_digits((120 + 0.1 * x + 0.15 * y).astype(np.uint8)) == []


def test_what_shines_through_the_paper_is_no_writing():
    page = np.full((200, 400), 240, np.uint8)
    for x, pen in ((100, 30), (300, 190)):
        cv2.putText(page, "7", (x - 40, 150), cv2.FONT_HERSHEY_SIMPLEX, 4, pen, 10, cv2.LINE_AA)
    assert read(page) == "7"


# --- frames along the border ---


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
def test_a_frame_along_the_border_is_no_writing(sides, side, thickness, ink, light_on_dark):
    images, text = some_digits(20, 3)
    pictures = [framed(image, side, sides, thickness, ink) for image in images]
    pictures = [255 - picture for picture in pictures] if light_on_dark else pictures
    assert share_read(pictures, list(text)) >= 0.95


def test_paper_around_thick_ink_is_no_frame():
    rows, columns = np.mgrid[-48:48, -48:48]
    disc = np.where(rows**2 + columns**2 < 46**2, 30, 250).astype(np.uint8)
    assert not paper._without_frame(disc)[0]
    frame = np.pad(np.full((88, 88), 250, np.uint8), 4)
    is_framed, without = paper._without_frame(frame)
    assert is_framed and (without == 250).all()


# --- bars beside the picture ---

BARS = {  # rows and columns of a picture of 600 x 480 that are a bar
    "left and right": [np.s_[:, :70], np.s_[:, -90:]],
    "top and bottom": [np.s_[:90], np.s_[-90:]],
    "top": [np.s_[:60]],
    "all around": [np.s_[:110], np.s_[-70:], np.s_[:, :85], np.s_[:, -85:]],
}


@pytest.mark.parametrize(("paper_level", "bar_level"), [(250, 0), (235, 120), (30, 255)])
@pytest.mark.parametrize("sides", BARS)
def test_bars_beside_the_picture_are_no_writing(sides, paper_level, bar_level):
    images, text = some_digits(12, 6)
    pictures = []
    for image in images:
        ink = np.zeros((600, 480), np.float32)
        ink[190:410, 130:350] = cv2.resize(image / np.float32(255), (220, 220))
        picture = paper_level + ink * (20 - paper_level if paper_level > 100 else 200)
        for place in BARS[sides]:
            picture[place] = bar_level
        pictures.append(np.uint8(picture))
    assert share_read(pictures, list(text)) >= 0.9
    bars = np.zeros((600, 480), bool)
    for place in BARS[sides]:
        bars[place] = True
    rows, columns = (np.flatnonzero(~bars.all(axis=axis)) for axis in (1, 0))
    for picture in pictures:
        between = paper.between_bars(picture)
        for found, ends in zip(between, (rows, columns), strict=True):
            assert ends[0] <= found.start <= ends[0] + 14
            assert ends[-1] - 13 <= found.stop <= ends[-1] + 1
    left, top, width, height = read_digits(pictures[0])[0].box
    inked = abs(pictures[0][190:410, 130:350] - float(paper_level)) > 60
    rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    found = [top, left, top + height, left + width]
    ends = [rows[0] + 190, columns[0] + 130, rows[-1] + 190, columns[-1] + 130]
    assert found == pytest.approx(ends, abs=6)


@pytest.mark.parametrize("lean", [0, 3])
@pytest.mark.parametrize(
    ("height", "width", "pen"), [(100, 60, 20), (200, 120, 40), (300, 200, 65)]
)
def test_a_thick_one_has_a_margin_and_no_bars(height, width, pen, lean):
    picture = np.full((height, width), 255, np.uint8)
    ends = (
        (width // 2 + lean, height // 6 + pen // 2),
        (width // 2 - lean, 5 * height // 6 - pen // 2),
    )
    cv2.line(picture, *ends, 0, pen)
    assert read(picture) == read(255 - picture) == "1"


def test_a_margin_is_no_bar():
    picture = np.full((120, 160), 255, np.uint8)
    everything = slice(0, 120), slice(0, 160)
    assert paper.between_bars(picture) == everything  # one colour
    cv2.putText(picture, "7", (40, 100), cv2.FONT_HERSHEY_SIMPLEX, 3, 0, 12)
    assert paper.between_bars(picture) == everything
    picture[:] = 255
    picture[:, 60:100] = 0  # a stroke from top to bottom
    assert paper.between_bars(picture) == everything


# --- sheets on a table ---


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
def test_what_lies_beside_the_sheet_is_left_out(draw, least):
    assert share_read(*photos_of(30, draw=draw, margin=0.8, shadow=0)) >= least


def test_the_edge_of_a_shadow_is_no_sheets():
    """Where a digit is doubtful, what lies in the light is not taken for all that there is."""
    pictures, _ = photos_of(60, digits=5, gap=0.2, height=140, shadow=0.5)
    assert [len(read(picture)) for picture in pictures] == [5] * 60


def test_a_rectangle_with_ink_along_its_edge_is_no_sheet():
    """Paper between strokes, as a thick pen leaves it, is not the only paper."""
    page = np.full((300, 300), 245, np.uint8)
    cv2.rectangle(page, (60, 60), (240, 240), 20, -1)
    assert paper.find_sheets(page)[0] is not None  # an evenly dark sheet
    for x in (60, 150):
        cv2.rectangle(page, (x + 15, 40), (x + 60, 200), 245, -1)  # an E on its side
    assert paper.find_sheets(page) == [None]


def test_a_thumbnail_shows_no_table_and_a_strip_may():
    strip = np.full((200, 900), 60, np.uint8)
    cv2.rectangle(strip, (40, 30), (860, 170), 230, -1)
    assert len(paper.find_sheets(strip)) > 1
    assert paper.find_sheets(strip[::7, ::7][:28]) == [None]


def test_a_sheet_is_found_and_plain_paper_has_none():
    (picture,), _ = photos_of(1, height=200, shadow=0)
    assert paper.find_sheets(picture) == [None]
    sheet, whole, *_ = paper.find_sheets(on_a_table(picture, None))
    assert whole is None and 0.4 < sheet.mean() < 0.7
