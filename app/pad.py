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
from reading import CourseError, Digit, network, open_picture, read_digits
from reading.decode import to_grey
from reading.find import find_places
from reading.read import Model

HERE = Path(__file__).resolve().parent
PAD_SIZE = (480, 320)  # width and height in pixels; a small screen shows the pad smaller
PEN_WIDTH = 16  # pixels; as thick as MNIST's strokes where a digit is half as high as the pad
MIN_DRAWN_SIDE = 40  # pixels; a drawing that is smaller both ways is hard to make out
MAX_SHOWN_SIDE = 900  # pixels of the longer side of an uploaded picture on the page
MAX_UNFOLDED = 6  # digits of a picture whose details are shown at once
DOUBT = 0.6  # a digit that is less probable looks doubtful
SEEN = (
    0.3  # the finder's score of what a person sees as well; letters reach it, blank paper does not
)
NO_DIGIT = "but no digit: is it a letter?"
SAMPLES = HERE.parent / "data" / "samples"
EXAMPLES = ("photo_07.jpg", "postcode.jpg", "chalk_row.jpg")  # small files
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
    note = traitlets.Unicode().tag(sync=True)  # on the reader of your own, where there is one


def drawing_pad(model: Model | None = None) -> DrawingPad:
    """A pad that reads what is drawn on it, each time the pen is lifted.

    Args:
        model: as `reading.read_digits` takes it; None: the networks that ship, with your own
            reader if there is one.

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
            pad.answer = _pad_answer(pad.strokes, digits)
            pad.note = _note(model)

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
    examples = traitlets.List().tag(sync=True)  # of names and pictures, as data URLs


def upload_button(model: Model | None = None) -> PictureUpload:
    """A button to choose one or several pictures; each is shown below with what is read in it.

    Args:
        model: as `reading.read_digits` takes it; None: the networks that ship, with your own
            reader if there is one.
    """
    samples = [SAMPLES / name for name in EXAMPLES]
    upload = PictureUpload(
        examples=[(path.name, _data_url(path.read_bytes(), path.suffix)) for path in samples],
    )

    read: dict[int, list[Digit]] = {}  # in each picture on the page, by its number

    def answer(_, asked: dict, buffers: list) -> None:
        number = asked["number"]
        if "written" in asked:
            _, said = _keep(read[number], asked["written"])
            upload.send({"number": number, "kept": said})
            return
        html, digits = _reading_html(asked["name"], bytes(buffers[0]), model)
        read[number] = digits
        answered = {"number": number, "html": html, "digits": digits_text(digits)}
        upload.send(answered | {"probabilities": [d.probability for d in digits]})

    upload.on_msg(answer)
    return upload


def _note(model: Model | None) -> str:
    """What to say of the reader of your own; nothing where another model is asked."""
    return network.about_my_reader() if model is None else ""


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


def _is_doubtful(digit: Digit) -> bool:
    return digit.probability < DOUBT


def _doubt(digits: list[Digit]) -> str:
    """What was read, such as "perhaps 47, not sure of the 7"; empty where nothing is doubtful."""
    doubtful = [i for i, digit in enumerate(digits) if _is_doubtful(digit)]
    if not doubtful:
        return ""
    text = digits_text(digits)
    if len(digits) == 1:
        return f"perhaps {text}"
    if len(doubtful) > 1:
        return f"perhaps {text}, not sure of {len(doubtful)} of the {len(digits)} digits"
    (place,) = doubtful
    which = f"the {text[place]}" if text.count(text[place]) == 1 else f"digit number {place + 1}"
    return f"perhaps {text}, not sure of {which}"


def _pad_answer(strokes: list, digits: list[Digit]) -> str:
    """What the pad says of strokes in which these digits were read."""
    if not strokes:
        return "Draw a digit here, or several side by side."
    if digits:
        doubt = _doubt(digits)
        return f"{doubt[0].upper()}{doubt[1:]}." if doubt else f"Read: {digits_text(digits)}"
    if np.ptp(np.concatenate(strokes), axis=0).max() < MIN_DRAWN_SIDE:
        return "Too small to read. Draw it larger."
    return f"I see something, {NO_DIGIT} A digit needs a gap to the next one."


def _picture_answer(picture: np.ndarray, digits: list[Digit]) -> str:
    """What is said of a picture, RGB of shape (H, W, 3), in which these digits were read."""
    if digits:
        return _doubt(digits) or f"read {digits_text(digits)}"
    places = find_places(to_grey(picture), network.finder().predict_on_batch)
    if any(place.score > SEEN for place in places):
        return f"I see something, {NO_DIGIT}"
    return "no digit found"


def _details_html(digits: list[Digit]) -> str:
    """What the network sees of each digit, and the ten probabilities of the least sure one."""
    if not digits:
        return ""
    pictures = "".join(_digit_html(d, 140 if len(digits) == 1 else 64) for d in digits)
    unsure = min(digits, key=lambda d: d.probability)
    which = f", for the least sure digit, the {unsure.digit}" if len(digits) > 1 else ""
    bars = "".join(_bar_html(i, p, i == unsure.digit) for i, p in enumerate(unsure.probabilities))
    return (
        f'<div class="seen"><p>What the network sees</p><div>{pictures}</div></div>'
        f'<div class="probabilities"><p>Its probabilities{which}</p>{bars}</div>'
    )


def _digit_html(digit: Digit, side: int) -> str:
    text = f"{digit.digit}, {digit.probability:.0%}"
    source = _encoded(255 - digit.image, ".png")  # ink dark on white, as `show_digits` does
    return (
        f'<figure><img src="{source}" width="{side}" height="{side}"{_doubtful_class(digit)} '
        f'alt="The 28 by 28 pixels that the network sees, read as {text}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _doubtful_class(digit: Digit, *others: str) -> str:
    """The attribute with the classes of what shows a digit; empty where there are none."""
    classes = [*others, *["doubtful"] * _is_doubtful(digit)]
    return f' class="{" ".join(classes)}"' if classes else ""


def _bar_html(digit: int, probability: float, best: bool) -> str:
    return (
        f'<div><span>{digit}</span><span><span class="bar{" best" * best}" '
        f'style="width:{probability:.1%}"></span></span><span>{probability:.0%}</span></div>'
    )


def _reading_html(name: str, content: bytes, model: Model | None) -> tuple[str, list[Digit]]:
    """A picture with a box around each digit and what was read above it, or why there is none.

    Args:
        name: of the file.
        content: the file's bytes.
        model: as `reading.read_digits` takes it.

    Returns:
        HTML, and the digits in reading order.
    """
    name = html.escape(name)
    try:
        picture = open_picture(content)
        digits = read_digits(picture, model)
    except CourseError as error:
        return f'<p role="alert"><b>{name}</b>: {html.escape(str(error))}</p>', []
    height, width = picture.shape[:2]
    answer = _picture_answer(picture, digits)
    boxes = "".join(_box_html(d, width, height) for d in digits)
    return (
        f'<figure class="reading" role="status"><figcaption><b>{name}</b>: {answer}'
        f'</figcaption><div class="photo"><img src="{_shown(picture)}" alt="{name}: {answer}">'
        f"{boxes}</div></figure>{_folded_details_html(digits)}",
        digits,
    )


def _shown(picture: np.ndarray) -> str:
    """A picture, RGB of shape (H, W, 3), as a data URL of no more pixels than the page shows."""
    height, width = picture.shape[:2]
    scale = min(1, MAX_SHOWN_SIDE / max(height, width))
    size = [max(1, round(length * scale)) for length in (width, height)]
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return _encoded(cv2.cvtColor(small, cv2.COLOR_RGB2BGR), ".jpg")


def _folded_details_html(digits: list[Digit]) -> str:
    """`_details_html` below a picture; of many digits it is folded, for it is long."""
    details = f'<div class="details">{_details_html(digits)}</div>' if digits else ""
    if len(digits) <= MAX_UNFOLDED:
        return details
    return f"<details><summary>What the network sees of each digit</summary>{details}</details>"


def _box_html(digit: Digit, width: int, height: int) -> str:
    """A box in per cent of the picture, so that it fits whatever size the picture is shown at."""
    left, top, box_width, box_height = (
        f"{100 * length / whole:.2f}%"
        for length, whole in zip(digit.box, (width, height) * 2, strict=True)
    )
    label = f"{digit.digit}, {digit.probability:.0%}" if _is_doubtful(digit) else f"{digit.digit}"
    # What stands above a box at the right edge grows to the left, not out of the page.
    side = ["at-right"] * (digit.box[0] > width / 2)
    return (
        f'<span{_doubtful_class(digit, "box", *side)} title="{digit.probability:.0%}" '
        f'aria-hidden="true" style="left:{left};top:{top};width:{box_width};height:{box_height}">'
        f"<b>{label}</b></span>"
    )


def _encoded(image: np.ndarray, ending: str) -> str:
    """An image as a data URL; `ending` is .png or .jpg."""
    return _data_url(cv2.imencode(ending, image)[1].tobytes(), ending)


def _data_url(content: bytes, ending: str) -> str:
    """A picture's file as a data URL, which holds it within the page; it ends in .png or .jpg."""
    kind = {".png": "png", ".jpg": "jpeg"}[ending]
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
