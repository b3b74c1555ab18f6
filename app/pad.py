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

from app import my_hand
from reading import CourseError, Digit, open_picture, read_digits
from reading.read import Model

HERE = Path(__file__).resolve().parent
PAD_SIZE = (480, 320)  # width and height in pixels; a small screen shows the pad smaller
PEN_WIDTH = 16  # pixels; as thick as MNIST's strokes where a digit is half as high as the pad
BLUE, GREY = "#1f6fb2", "#767676"  # of bars and boxes; the pad's own colours are in pad.css
MAX_SHOWN_SIDE = 900  # pixels of the longer side of an uploaded picture on the page
CORRECTION = (HERE / "correction.js").read_text(encoding="utf-8")


class DrawingPad(anywidget.AnyWidget):
    """The pad in the browser (pad.js): sends strokes, shows an answer and its details."""

    _esm = CORRECTION + (HERE / "pad.js").read_text(encoding="utf-8")
    _css = HERE / "pad.css"
    width, height = (traitlets.Int(length).tag(sync=True) for length in PAD_SIZE)
    pen_width = traitlets.Int(PEN_WIDTH).tag(sync=True)
    strokes = traitlets.List().tag(sync=True)  # of lists of points (x, y)
    answer = traitlets.Unicode().tag(sync=True)
    details = traitlets.Unicode().tag(sync=True)  # HTML
    digits = traitlets.Unicode().tag(sync=True)  # that were read


def drawing_pad(model: Model | None = None) -> DrawingPad:
    """A pad that reads what is drawn on it, each time the pen is lifted.

    Args:
        model: as `reading.read_digits` takes it; None: the networks that ship.

    Raises:
        ModelError: there is no model, or it is damaged.
    """
    pad = DrawingPad()

    digits: list[Digit] = []

    def read(_=None) -> None:
        digits[:] = read_digits(_draw_strokes(pad.strokes), model) if pad.strokes else []
        with pad.hold_sync():  # all reach the browser in one message
            pad.details = _details_html(digits)
            pad.digits = digits_text(digits)
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

    def keep(_, message: dict, __) -> None:
        is_kept, said = _keep(digits, message["written"])
        if is_kept:  # the next ones are drawn on an empty pad, or these would be kept again
            pad.strokes = []
            pad.answer = said
        else:
            pad.send({"kept": said})

    pad.on_msg(keep)
    return pad


class PictureUpload(anywidget.AnyWidget):
    """The button in the browser (upload.js): sends pictures one by one, shows what comes back."""

    _esm = CORRECTION + (HERE / "upload.js").read_text(encoding="utf-8")
    _css = HERE / "pad.css"


def upload_button(model: Model | None = None) -> PictureUpload:
    """A button to choose one or several pictures; each is shown below with what is read in it.

    Args:
        model: as `reading.read_digits` takes it; None: the networks that ship.
    """
    upload = PictureUpload()

    read: dict[int, list[Digit]] = {}  # in each picture on the page, by its number

    def answer(_, asked: dict, buffers: list) -> None:
        number = asked["number"]
        if "written" in asked:
            _, said = _keep(read[number], asked["written"])
            upload.send({"number": number, "kept": said})
            return
        html, read[number] = _reading_html(asked["name"], bytes(buffers[0]), model)
        upload.send({"number": number, "html": html, "digits": digits_text(read[number])})

    upload.on_msg(answer)
    return upload


def _keep(digits: list[Digit], written: str) -> tuple[bool, str]:
    """Keep digits with what was really written: whether that was done, and what to say."""
    try:
        number = my_hand.keep(digits, written)
    except CourseError as error:
        return False, str(error)
    except OSError as error:
        return False, f"Cannot keep it: {error.strerror}."
    return True, f"Kept, {number} in all. Notebook 16 teaches them."


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


def _reading_html(name: str, content: bytes, model: Model | None) -> tuple[str, list[Digit]]:
    """A picture with a box around each digit and what was read above it, or why there is none."""
    name = html.escape(name)
    try:
        picture = open_picture(content)
        digits = read_digits(picture, model)
    except CourseError as error:
        return (
            f'<p role="alert" style="font-size:16px"><b>{name}</b>: {html.escape(str(error))}</p>',
            [],
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
        "</div></figure>",
        digits,
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
