"""The drawing pad and the upload button: what they say to what is drawn and uploaded."""

import os
import subprocess
import sys

from conftest import ROOT
from strokes import SEVEN, ZERO

from app import pad


def on_pad(points: list[tuple[float, float]]) -> list[list[int]]:
    width, height = pad.PAD_SIZE
    return [[round(x * width / 100), round(y * height / 100)] for x, y in points]


def test_pad_answers_what_is_drawn():
    drawn = pad.drawing_pad()
    assert "Draw" in drawn.answer and drawn.details == ""
    drawn.strokes = [on_pad(SEVEN)]
    assert drawn.answer == "Read: 7"
    assert drawn.details.count('class="bar"') == 10 and drawn.details.count("<img") == 1
    drawn.strokes = [on_pad(SEVEN), on_pad(ZERO)]
    assert drawn.answer == "Read: 70" and drawn.details.count("<img") == 2
    drawn.strokes = []
    assert "Draw" in drawn.answer and drawn.details == ""


def test_pad_says_when_it_finds_no_digit(monkeypatch):
    drawn = pad.drawing_pad()
    monkeypatch.setattr(pad, "read_digits", lambda *_: [])
    drawn.strokes = [[[5, 5]]]
    assert drawn.answer.startswith("No digit found") and drawn.details == ""


def test_a_tap_is_a_dot():
    drawn = pad._draw_strokes([[[100, 100]]])
    assert drawn[100, 100] == 0 and drawn[100, 120] == 255


def test_upload_escapes_the_file_s_name():
    page = pad._reading_html("<script>.jpg", b"no picture", None)
    assert "<script>" not in page and "&lt;script&gt;.jpg</b>: " in page


def test_the_pad_starts_without_tensorflow_and_says_nothing():
    """As in the app's notebook, where nothing else has been imported before."""
    code = (
        "import sys\n"
        "from app import pad\n"
        "pad.drawing_pad()\n"
        "pad.upload_button()\n"
        "assert 'reading.network' in sys.modules\n"
        "slow = {'tensorflow', 'keras', 'utils', 'pandas', 'matplotlib'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
