"""The whole way: samples, photos and pages; and what `reading` needs for it."""

import ast
import json
import subprocess
import sys

import cv2
import make_samples
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from pictures import SAMPLES, photos_of, read, share_found, share_read, some_digits

from reading import network, open_picture, read_digits
from reading.find import Place, suppressed
from reading.read import Digit, are_digits, evidence, in_reading_order

# --- the samples ---


def test_samples_are_read():
    table = pd.read_csv(SAMPLES / "labels.csv", dtype=str)
    assert len(table) >= 20
    assert set(table["picture"]) == {p.name for p in SAMPLES.iterdir()} - {"labels.csv"}
    right = total = 0
    for picture, digits in zip(table["picture"], table["digits"], strict=True):
        found = read(SAMPLES / picture)
        total += len(digits)
        if len(found) == len(digits):
            right += sum(a == b for a, b in zip(found, digits, strict=True))
    assert right / total >= 0.97


def test_samples_are_what_the_script_makes(tmp_path):
    make_samples.main(tmp_path)
    assert (tmp_path / "labels.csv").read_text() == (SAMPLES / "labels.csv").read_text()
    for path in SAMPLES.glob("*.[jp][pn]g"):
        stored, made = (open_picture(p).astype(int) for p in (path, tmp_path / path.name))
        assert np.abs(stored - made).mean() < 2, path.name


def test_probabilities_and_boxes():
    digits = read_digits(SAMPLES / "turned.jpg")
    height, width = open_picture(SAMPLES / "turned.jpg").shape[:2]
    assert width > height  # two digits side by side, though the file stores them upright
    for d in digits:
        left, top, box_width, box_height = d.box
        assert isinstance(d.digit, int) and isinstance(d.probability, float)
        assert all(isinstance(number, int) for number in d.box)
        assert left >= 0 and left + box_width <= width
        assert top >= 0 and top + box_height <= height
        assert d.probability == pytest.approx(d.probabilities.max())
        assert 0.5 < d.probabilities.sum() <= 1 + 1e-4  # what is missing is that there is none
    assert [d.box[0] for d in digits] == sorted(d.box[0] for d in digits)


def test_box_lies_on_the_ink_of_a_large_picture():
    page = np.full((3000, 4000), 255, np.uint8)
    corners = np.array([[1700, 1000], [2300, 1000], [1900, 2000]])
    cv2.polylines(page, [corners], False, 0, 60)
    (digit,) = read_digits(page)
    left, top, wide, high = digit.box
    assert digit.digit == 7
    # The finder sees it 33 pixels high, so one of its pixels is 32 of the picture's: each side is
    # right to three of them.
    box = np.array([left, top, left + wide, top + high])
    assert np.abs(box - [1670, 970, 2330, 2030]).max() < 96


# --- reading order ---


def in_order(boxes: dict[int, tuple]) -> str:
    """The digits of these boxes in the order in which they are read."""
    empty = np.empty(0)
    digits = [Digit(digit, 0.9, box, empty, empty) for digit, box in boxes.items()]
    return "".join(str(d.digit) for d in in_reading_order(digits))


def test_rows_are_read_one_after_the_other():
    rows = {3: (0, 100, 20, 30), 1: (5, 0, 20, 30), 4: (30, 96, 20, 30), 2: (40, 8, 20, 30)}
    assert in_order(rows) == "1234"
    # A row that slants: its end stands as high as the beginning of the one above.
    slanting = {k: (40 * k, 100 - 12 * k, 20, 30) for k in range(5)}
    slanting |= {5 + k: (40 * k, 150 - 12 * k, 20, 30) for k in range(5)}
    assert in_order(slanting) == "0123456789"


def test_small_and_large_digits_stand_in_one_row():
    assert in_order({1: (0, 0, 40, 60), 2: (50, 25, 20, 30), 3: (80, 2, 40, 55)}) == "123"
    assert in_order({}) == ""


# --- many pictures ---


def test_photos_are_read():
    assert share_read(*photos_of(100)) >= 0.95
    pictures, expected = photos_of(40, digits=5, gap=0.15, rotation=2, height=150)
    assert share_read(pictures, expected) >= 0.85


@pytest.mark.parametrize("wider", [-0.02, 0.06])
def test_thin_and_thick_pens(wider):
    assert share_read(*photos_of(60, wider=wider)) >= 0.85


def test_a_page_of_many_digits():
    """25 rows of 20: all found in order, nearly all read."""
    images, text = some_digits(500, seed=1)
    scene = make_samples.Scene(height=50, gap=0.35, margin=0.6)
    rows = list(images.reshape(25, 20, 28, 28))
    found = read(make_samples.photograph(rows, scene, np.random.default_rng(0)))
    assert share_found(found, text) >= 0.9


# --- what the networks say, together ---


def say(some_digit: float) -> np.ndarray:
    """What a network answers that sees a 3 with this probability."""
    answer = np.zeros((1, 11), np.float32)
    answer[0, 3], answer[0, 10] = some_digit, 1 - some_digit
    return answer


def test_each_network_has_a_say_in_whether_there_is_a_digit():
    def digit(score, read, judged):
        place = Place(np.array([0.0, 0, 20, 30]), score)
        return float(are_digits(evidence([place], say(read), say(judged)))[0])

    assert digit(0.9, 0.9, 0.9) > 0.9 and digit(0.1, 0.1, 0.1) < 0.1
    for less in ((0.5, 0.9, 0.9), (0.9, 0.5, 0.9), (0.9, 0.9, 0.5)):
        assert digit(*less) < digit(0.9, 0.9, 0.9)
    assert 0 < digit(0.5, 0, 0) < digit(0.5, 1, 1) < 1  # no network is surer than sure


def test_a_network_of_your_own_says_which_digit_it_is():
    class SaysNine:
        def predict_on_batch(self, x):
            return np.eye(10, dtype=np.float32)[np.full(len(x), 9)]

    assert read(SAMPLES / "pin.jpg", SaysNine()) == "9999"


def test_a_network_of_your_own_has_the_readers_say_in_whether_there_is_a_digit():
    picture = SAMPLES / "pin.jpg"
    usual, own = read_digits(picture), read_digits(picture, network.reader())
    assert [d.box for d in usual] == [d.box for d in own]
    for a, b in zip(usual, own, strict=True):
        assert a.probabilities.sum() == pytest.approx(b.probabilities.sum(), abs=1e-4)

    class SaysNone:
        def predict_on_batch(self, x):
            return np.tile(np.append(np.full(10, 1e-3), 0.99).astype(np.float32), (len(x), 1))

    for a, b in zip(usual, read_digits(picture, SaysNone()), strict=False):
        assert b.probabilities.sum() < a.probabilities.sum()


def test_which_digit_it_is_the_reader_and_the_judge_say_together(monkeypatch):
    class Says:
        def __init__(self, three, five):
            self.answer = np.zeros(11, np.float32)
            self.answer[[3, 5]] = three, five

        def predict_on_batch(self, x):
            return np.tile(self.answer, (len(x), 1))

    for reader, judge, digit in (((0.9, 0.1), (0.4, 0.6), 3), ((0.6, 0.4), (0.1, 0.9), 5)):
        monkeypatch.setattr(network, "reader", lambda answers=reader: Says(*answers))
        monkeypatch.setattr(network, "judge", lambda answers=judge: Says(*answers))
        assert {d.digit for d in read_digits(SAMPLES / "pin.jpg")} == {digit}


def test_of_boxes_that_overlap_the_judge_is_asked_before_one_is_dropped(monkeypatch):
    """The finder likes the left box better, the judge takes it for none."""
    left, right = (Place(np.array([x, 40.0, 40, 60]), p) for x, p in ((50.0, 0.9), (60.0, 0.8)))
    assert suppressed(np.array([left.box, right.box]), [left.score, right.score]) == [0]

    class Says:
        def __init__(self, *answers):
            self.answers = np.array(answers, np.float32)

        def predict_on_batch(self, x):
            return self.answers

    five, none = np.eye(11)[5] * 0.98 + 0.002, np.eye(11)[10] * 0.98 + 0.002
    monkeypatch.setattr("reading.read.find_candidates", lambda grey, finder: [left, right])
    monkeypatch.setattr(network, "reader", lambda: Says(five, five))
    monkeypatch.setattr(network, "judge", lambda: Says(none, five))
    (digit,) = read_digits(np.full((200, 200), 255, np.uint8))
    assert digit.digit == 5 and digit.box == (60, 40, 40, 60)


# --- other networks ---


def test_a_network_with_ten_answers_serves_as_well():
    import utils  # here, so that the other tests run without TensorFlow

    assert read(SAMPLES / "pin.jpg", utils.load_model("cnn")) == "0386"


def test_keras_reads_the_same_in_all_samples():
    import utils

    for path in SAMPLES.glob("*.[jp][pn]g"):
        ours, theirs = (
            read_digits(path, model) for model in (network.reader(), utils.load_model("reader"))
        )
        assert [(d.digit, d.box) for d in ours] == [(d.digit, d.box) for d in theirs], path.name
        for one, other in zip(ours, theirs, strict=True):
            assert np.abs(one.probabilities - other.probabilities).max() < 1e-4, path.name


# --- rooms ---

# All that `reading` needs; pillow_heif is optional.
PACKAGES = {"numpy", "cv2", "PIL", "ai_edge_litert", "pillow_heif"}
# The rest of the course, and what only the notebooks need.
OTHER_ROOMS = {"utils", "app", "tools", "tensorflow", "keras", "pandas", "matplotlib"}


def imported_by(path) -> set[str]:
    """The packages that a Python file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return {name.split(".")[0] for name in names}


def test_rooms_reading_imports_no_other():
    imported = {path.name: imported_by(path) for path in (ROOT / "reading").glob("*.py")}
    assert "reading" in imported["__init__.py"] and "numpy" in imported["read.py"]
    allowed = {"reading", *PACKAGES, *sys.stdlib_module_names}
    assert {name: found for name, found in imported.items() if found - allowed} == {}


def test_rooms_reading_loads_no_other():
    """Not through another package either; and it says nothing while it starts."""
    code = (
        "import json, sys, reading\n"
        "digits = reading.read_digits('data/samples/pin.jpg')\n"
        "print(json.dumps([[d.digit for d in digits], sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    digits, loaded = json.loads(done.stdout)
    assert digits == [0, 3, 8, 6] and "reading.network" in loaded
    assert OTHER_ROOMS & set(loaded) == set()
