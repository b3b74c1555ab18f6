"""Reading in the browser: a drawing pad and an upload button, for notebook 06 and the app.

In a notebook:

    from app import pad
    pad.drawing_pad()
    pad.upload_button()
"""

import base64
import html
from pathlib import Path

import anywidget
import cv2
import numpy as np
import traitlets

from reading import CourseError, Digit, open_picture, read_digits
from reading.read import Model

HERE = Path(__file__).resolve().parent
PAD_SIZE = (480, 320)  # width and height in pixels; a small screen shows the pad smaller
PEN_WIDTH = 16  # pixels; as thick as MNIST's strokes where a digit is half as high as the pad
BLUE, GREY = "#1f6fb2", "#767676"  # of bars and boxes; the pad's own colours are in pad.css
MAX_SHOWN_SIDE = 900  # pixels of the longer side of an uploaded picture on the page


class DrawingPad(anywidget.AnyWidget):
    """The pad in the browser (pad.js): sends strokes, shows an answer and its details."""

    _esm = HERE / "pad.js"
    _css = HERE / "pad.css"
    width, height = (traitlets.Int(length).tag(sync=True) for length in PAD_SIZE)
    pen_width = traitlets.Int(PEN_WIDTH).tag(sync=True)
    strokes = traitlets.List().tag(sync=True)  # of lists of points (x, y)
    answer = traitlets.Unicode().tag(sync=True)
    details = traitlets.Unicode().tag(sync=True)  # HTML


def drawing_pad(model: Model | None = None) -> DrawingPad:
    """A pad that reads what is drawn on it, each time the pen is lifted.

    Args:
        model: as `reading.read_digits` takes it; None: the networks that ship.

    Raises:
        ModelError: there is no model, or it is damaged.
    """
    pad = DrawingPad()

    def read(_=None) -> None:
        digits = read_digits(_draw_strokes(pad.strokes), model) if pad.strokes else []
        with pad.hold_sync():  # both reach the browser in one message
            pad.details = _details_html(digits)
            if digits:
                pad.answer = f"Read: {digits_text(digits)}"
            elif pad.strokes:
                pad.answer = "No digit found. Draw it larger, with a gap to the next one."
            else:
                pad.answer = "Draw a digit here, or several side by side."

    # A model's first answers take long, so it is asked before the learner's first stroke.
    for count in (1, 2):
        bars = [[[100 * i, 80], [100 * i, 240]] for i in range(1, count + 1)]
        read_digits(_draw_strokes(bars), model)
    read()
    pad.observe(read, names="strokes")
    return pad


class PictureUpload(anywidget.AnyWidget):
    """The button in the browser (upload.js): sends pictures one by one, shows what comes back."""

    _esm = HERE / "upload.js"
    _css = HERE / "pad.css"


def upload_button(model: Model | None = None) -> PictureUpload:
    """A button to choose one or several pictures; each is shown below with what is read in it.

    Args:
        model: as `reading.read_digits` takes it; None: the networks that ship.
    """
    upload = PictureUpload()

    def read(_, picture: dict, buffers: list) -> None:
        html = _reading_html(picture["name"], bytes(buffers[0]), model)
        upload.send({"number": picture["number"], "html": html})

    upload.on_msg(read)
    return upload


def _draw_strokes(strokes: list) -> np.ndarray:
    """Black strokes on white paper, whatever colours the pad has: uint8, the pad's shape."""
    paper = np.full(PAD_SIZE[::-1], 255, np.uint8)
    for points in strokes:
        line = np.array([*points, points[-1]], np.int32)  # a dot needs two points to be a line
        cv2.polylines(paper, [line], False, 0, PEN_WIDTH, cv2.LINE_AA)
    return paper


def digits_text(digits: list[Digit]) -> str:
    """The digits read, without spaces between them."""
    return "".join(str(d.digit) for d in digits)


def _details_html(digits: list[Digit]) -> str:
    """What the network sees of each digit, and the ten probabilities of the least sure one."""
    if not digits:
        return ""
    pictures = "".join(_digit_html(d, 140 if len(digits) == 1 else 64) for d in digits)
    unsure = min(digits, key=lambda d: d.probability)
    which = f", for the least sure digit, the {unsure.digit}" if len(digits) > 1 else ""
    bars = "".join(_bar_html(i, p, i == unsure.digit) for i, p in enumerate(unsure.probabilities))
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:16px">'
        '<div><p style="margin:0 0 4px">What the network sees</p>'
        f'<div style="display:flex;flex-wrap:wrap;gap:8px">{pictures}</div></div>'
        f'<div style="flex:1 1 240px"><p style="margin:0 0 4px">Its probabilities{which}</p>'
        f"{bars}</div></div>"
    )


def _digit_html(digit: Digit, side: int) -> str:
    text = f"{digit.digit}, {digit.probability:.0%}"
    source = _data_url(255 - digit.image, ".png")  # ink dark on white, as `show_digits` does
    return (
        f'<figure style="margin:0"><img src="{source}" width="{side}" height="{side}" '
        f'alt="The 28 by 28 pixels that the network sees, read as {text}" '
        f'style="image-rendering:pixelated;border:1px solid {GREY}">'
        f'<figcaption style="text-align:center">{text}</figcaption></figure>'
    )


def _bar_html(digit: int, probability: float, best: bool) -> str:
    colour = BLUE if best else GREY
    return (
        '<div style="display:flex;align-items:center;gap:8px;line-height:20px">'
        f'<span style="width:1ch">{digit}</span><span style="flex:1;background:#e6e6e6">'
        f'<span class="bar" style="display:block;height:14px;background:{colour};'
        f'width:{probability:.1%}"></span></span>'
        f'<span style="width:5ch;text-align:right">{probability:.0%}</span></div>'
    )


def _reading_html(name: str, content: bytes, model: Model | None) -> str:
    """A picture with a box around each digit and what was read above it, or why there is none."""
    name = html.escape(name)
    try:
        picture = open_picture(content)
        digits = read_digits(picture, model)
    except CourseError as error:
        return (
            f'<p role="alert" style="font-size:16px"><b>{name}</b>: {html.escape(str(error))}</p>'
        )
    height, width = picture.shape[:2]
    scale = min(1, MAX_SHOWN_SIDE / max(height, width))
    size = [max(1, round(length * scale)) for length in (width, height)]
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    read = f"read {digits_text(digits)}" if digits else "no digit found"
    boxes = "".join(_box_html(d, width, height) for d in digits)
    source = _data_url(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), ".jpg")
    return (
        f'<figure role="status" style="margin:16px 0;font-size:16px"><figcaption><b>{name}</b>: '
        f'{read}</figcaption><div style="position:relative;display:inline-block;margin-top:20px">'
        f'<img src="{source}" alt="{name}: {read}" style="display:block;max-width:100%">{boxes}'
        "</div></figure>"
    )


def _box_html(digit: Digit, width: int, height: int) -> str:
    """A box in per cent of the picture, so that it fits whatever size the picture is shown at."""
    left, top, box_width, box_height = (
        f"{100 * length / whole:.2f}%"
        for length, whole in zip(digit.box, (width, height) * 2, strict=True)
    )
    return (
        f'<span title="{digit.probability:.0%}" aria-hidden="true" style="position:absolute;'
        f"left:{left};top:{top};width:{box_width};height:{box_height};box-sizing:border-box;"
        f'border:2px solid {BLUE}"><b style="position:absolute;left:-2px;bottom:100%;padding:0 4px;'
        f'background:{BLUE};color:white;font-size:14px;line-height:18px">{digit.digit}</b></span>'
    )


def _data_url(image: np.ndarray, ending: str) -> str:
    """A picture as a data URL, which holds it within the page; `ending` is .png or .jpg."""
    kind = {".png": "png", ".jpg": "jpeg"}[ending]
    content = cv2.imencode(ending, image)[1].tobytes()
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
