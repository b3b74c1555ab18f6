"""The drawing pad and the upload button: what they say to what is drawn and uploaded."""

import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from conftest import ROOT
from strokes import SEVEN, ZERO

from app import my_hand, pad
from reading import CourseError, Digit, network, read_digits
from reading.read import Box


def on_pad(points: list[tuple[float, float]]) -> list[list[int]]:
    width, height = pad.PAD_SIZE
    return [[round(x * width / 100), round(y * height / 100)] for x, y in points]


def test_pad_answers_what_is_drawn():
    drawn = pad.drawing_pad()
    assert "Draw" in drawn.answer and drawn.details == ""
    drawn.strokes = [on_pad(SEVEN)]
    assert drawn.answer == "Read: 7"
    assert drawn.details.count('class="bar') == 10 and drawn.details.count("<img") == 1
    drawn.strokes = [on_pad(SEVEN), on_pad(ZERO)]
    assert drawn.answer == "Read: 70" and drawn.details.count("<img") == 2
    drawn.strokes = []
    assert "Draw" in drawn.answer and drawn.details == ""


def test_pad_says_why_it_reads_no_digit(monkeypatch):
    drawn = pad.drawing_pad()
    drawn.strokes = [on_pad([(40, 20), (60, 80)]), on_pad([(60, 20), (40, 80)])]  # an X
    assert drawn.answer.startswith("I see something, but no digit") and drawn.details == ""
    monkeypatch.setattr(pad, "read_digits", lambda *_: [])
    drawn.strokes = [[[5, 5], [9, 9]]]
    assert drawn.answer.startswith("Too small") and drawn.details == ""


def digit(value: int, probability: float, box: Box = (10, 10, 20, 30)) -> Digit:
    """A digit as if it had been read, the rest of its probability on the 0."""
    probabilities = np.zeros(10, np.float32)
    probabilities[[0, value]] = 1 - probability, probability
    return Digit(value, probability, box, np.zeros((28, 28), np.uint8), probabilities)


@pytest.mark.parametrize(
    "digits, answer",
    [
        ([digit(7, 0.6)], "Read: 7"),
        ([digit(7, 0.59)], "Perhaps 7."),
        ([digit(4, 0.9), digit(7, 0.5)], "Perhaps 47, not sure of the 7."),
        ([digit(7, 0.9), digit(7, 0.5)], "Perhaps 77, not sure of digit number 2."),
        (
            [digit(4, 0.5), digit(7, 0.5), digit(1, 0.9)],
            "Perhaps 471, not sure of 2 of the 3 digits.",
        ),
    ],
)
def test_a_doubtful_answer_sounds_doubtful(digits, answer, monkeypatch):
    drawn = pad.drawing_pad()
    monkeypatch.setattr(pad, "read_digits", lambda *_: digits)
    drawn.strokes = [on_pad(SEVEN)]
    assert drawn.answer == answer


def page_of(picture: np.ndarray, name: str = "x.png") -> str:
    """The HTML that is shown below the upload button for a picture."""
    return pad._reading_html(name, cv2.imencode(".png", picture)[1].tobytes(), None)[0]


def test_a_doubtful_digit_of_a_picture_looks_doubtful(monkeypatch):
    digits = [digit(4, 0.9), digit(7, 0.5, (60, 10, 20, 30))]
    monkeypatch.setattr(pad, "read_digits", lambda *_: digits)
    page = page_of(np.full((100, 100), 255, np.uint8))
    assert "</b>: perhaps 47, not sure of the 7</figcaption>" in page
    sure, doubtful = re.findall(r'<span class="(box[^"]*)".*?<b>(.*?)</b>', page)
    assert sure == ("box", "4") and doubtful == ("box at-right doubtful", "7, 50%")


def test_a_picture_without_a_digit_says_whether_something_is_there():
    blank = np.full((200, 300), 255, np.uint8)
    assert "</b>: no digit found<" in page_of(blank)
    letter = pad._draw_strokes([on_pad([(40, 20), (60, 80)]), on_pad([(60, 20), (40, 80)])])
    assert "</b>: I see something, but no digit: is it a letter?<" in page_of(letter)


def test_a_picture_tells_as_much_as_the_pad(monkeypatch):
    """The 28 x 28 pixels of each digit and ten bars, folded where there are many digits."""
    for count, is_folded in ((1, False), (6, False), (7, True)):
        digits = [digit(3, 0.9, (10 * i, 10, 8, 20)) for i in range(count)]
        monkeypatch.setattr(pad, "read_digits", lambda *_, d=digits: d)
        page = page_of(np.full((100, 100), 255, np.uint8))
        assert page.count('class="bar') == 10 and page.count("The 28 by 28 pixels") == count
        assert ("<details>" in page) == is_folded


def luminance(grey: np.ndarray | str) -> np.ndarray:
    """Relative luminance by WCAG 2.2 of greys, 0 to 1, or of a colour such as #0b3d6b."""
    if isinstance(grey, str):
        parts = np.array([int(grey[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        return luminance(parts) @ [0.2126, 0.7152, 0.0722]
    return np.where(grey <= 0.04045, grey / 12.92, ((grey + 0.055) / 1.055) ** 2.4)


def test_one_line_of_a_box_is_seen_on_any_grey():
    style = (pad.HERE / "pad.css").read_text(encoding="utf-8")
    dark = re.search(r"--dark: (#\w{6})", style)[1]
    ground = luminance(np.arange(256) / 255) + 0.05
    contrasts = [
        np.maximum(line / ground, ground / line)
        for line in (luminance(dark) + 0.05, luminance("#ffffff") + 0.05)
    ]
    assert "--light: white" in style and np.max(contrasts, axis=0).min() >= 3


def test_a_tap_is_a_dot():
    drawn = pad._draw_strokes([[[100, 100]]])
    assert drawn[100, 100] == 0 and drawn[100, 120] == 255


def test_upload_escapes_the_file_s_name():
    page, _ = pad._reading_html("<script>.jpg", b"no picture", None)
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


@pytest.fixture
def folder(tmp_path, monkeypatch):
    # As in the home of somebody called so: OpenCV cannot open such paths on every system.
    monkeypatch.setattr(my_hand, "FOLDER", tmp_path / "Jürgen")
    return tmp_path / "Jürgen"


def ask(widget, message: dict, *buffers) -> dict:
    """Send a widget a message as the browser does; what it sends back."""
    answers = []
    widget.send = answers.append
    widget._handle_custom_msg(message, list(buffers))
    (answer,) = answers
    return answer


def test_what_was_drawn_is_kept_with_what_was_meant(folder):
    drawn = pad.drawing_pad()
    assert drawn.digits == ""
    drawn.strokes = [on_pad(SEVEN), on_pad(ZERO)]
    assert drawn.digits == "70"
    assert "typed 1" in ask(drawn, {"written": "7"})["kept"] and not folder.exists()
    assert "Type the digits" in ask(drawn, {"written": "7a"})["kept"] and not folder.exists()
    drawn._handle_custom_msg({"written": "1 0"}, [])
    assert drawn.answer.startswith("Kept, 2 in all") and drawn.strokes == []
    assert my_hand.kept()[1].tolist() == [0, 1]
    assert ask(drawn, {"written": "7"})["kept"] == "There is no digit to keep."
    for written in ("10", "70"):  # the same once more, and another opinion of the first one
        drawn.strokes = [on_pad(SEVEN), on_pad(ZERO)]
        drawn._handle_custom_msg({"written": written}, [])
        assert drawn.answer.startswith("Kept, 2 in all")
    assert my_hand.kept()[1].tolist() == [0, 7]


def test_what_was_uploaded_is_kept_picture_by_picture(folder):
    upload = pad.upload_button()
    for number, name in enumerate(("pin.jpg", "shadow.jpg")):
        content = (ROOT / "data" / "samples" / name).read_bytes()
        answer = ask(upload, {"name": name, "number": number}, memoryview(content))
        assert answer["number"] == number and answer["digits"].isdigit()
    answer = ask(upload, {"name": "x", "number": 2}, b"no picture")
    assert answer["digits"] == "" and "alert" in answer["html"]
    answer = ask(upload, {"number": 0, "written": "0386"})
    assert answer["number"] == 0 and answer["kept"].startswith("Kept, 4 in all")


def test_a_full_disk_is_told_in_a_sentence(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(my_hand, "write_whole", full)
    drawn = pad.drawing_pad()
    drawn.strokes = [on_pad(SEVEN)]
    assert ask(drawn, {"written": "7"})["kept"] == "Cannot keep it: No space left on device."


def test_kept_digits_are_those_that_the_network_saw_and_can_be_deleted(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(my_hand, "MY_READER_FILE", tmp_path / "my_hand.tflite")
    assert my_hand.kept()[0].shape == (0, 28, 28) and my_hand.forget() == 0
    digits = read_digits(ROOT / "data" / "samples" / "pin.jpg")
    my_hand.keep(digits, "0386")
    (tmp_path / "my_hand.tflite").touch()
    (folder / ".writing-abc").mkdir()
    images, labels = my_hand.kept()
    assert images.dtype == labels.dtype == np.uint8
    by_label = dict(zip(labels, images, strict=True))
    assert all(np.array_equal(by_label[int(c)], d.image) for c, d in zip("0386", digits))
    assert my_hand.forget() == 4
    assert not [*folder.iterdir()] and not (tmp_path / "my_hand.tflite").exists()


def test_a_damaged_file_of_the_kept_is_named(folder):
    folder.mkdir()
    (folder / "3_abc.png").write_bytes(b"no picture")
    with pytest.raises(CourseError, match=r"3_abc\.png is damaged\. Delete it"):
        my_hand.kept()


def test_the_pad_says_when_a_reader_of_one_s_own_answers(tmp_path, monkeypatch):
    path = tmp_path / "my_hand.tflite"
    monkeypatch.setattr(network, "MY_READER_FILE", path)
    monkeypatch.setattr(network, "asks_my_reader", True)
    assert pad.drawing_pad().note == ""
    path.write_bytes(network.READER_FILE.read_bytes() + network.mark_of_reader())
    assert pad.drawing_pad().note == network.MY_READER_ANSWERS
    assert pad.drawing_pad(network.reader()).note == ""
    path.write_bytes(network.READER_FILE.read_bytes())
    os.utime(path, ns=(1, 1))
    assert pad.drawing_pad().note == network.MY_READER_IS_OLD
