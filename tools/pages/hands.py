"""Digits and other signs of real hands, drawn as ink at any size.

*Ink* is float32, shape (H, W), 0 (paper) to 1 (all of the pen's colour).
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.model_selection import train_test_split

from reading.files import ROOT
from tools.pages.forms import FORMS

OPEN = ROOT / "data" / "open"

# Whose hands are kept for measuring; no network is trained on them.
MEASURED_PEN = (*range(31, 45), *range(150, 160))  # UCI's own test writers, and ten of Valencia's
MEASURED_ALPHABETS = ("Greek", "Korean")
# Signs of those alphabets that a person could take for digits: they are left out.
LIKE_DIGITS = (
    "Japanese_(katakana)/character42", "Japanese_(katakana)/character45", "Korean/character23",
    "Korean/character27", "Korean/character28", "Sanskrit/character27", "Sanskrit/character34",
    "Tagalog/character14",
)  # fmt: skip
MEASURED_FONTS = "bad-script", "gaegu", "kalam", "mali", "playwrite-cz", "zeyada"

SIGNS = "+-=/().,:;%&#?!<>*€$§@[]{}"
LETTERS = "eeeetttaaaooiinnssrrhhldcumfpgwybvk"  # as often as in a text
NEVER_A_DIGIT = "ACDEFGHJKMNPQRTUVWXYacdefhkmnprtuvwxy"  # alone, these are read as what they are
GREEK = "αηκλμπρτφχψωΓΔΛΠΦΨΩ"  # the same; only in training


@dataclass(frozen=True)
class Pen:
    """How a pen draws.

    Attributes:
        width: of a stroke, as a share of a digit's height.
        grain: share of the stroke that stays dry, 0 to 1: pencil and chalk.
        dark: how much of the pen's colour arrives, 0 to 1.
    """

    width: float
    grain: float
    dark: float


def random_pen(rng: np.random.Generator, widest: float = 0.15) -> Pen:
    """A fine liner, ball pen, pencil, felt pen or marker; `widest` is a share of the height."""
    width = float(np.exp(rng.uniform(np.log(0.02), np.log(widest))))
    grain = rng.choice([0.0, 0.0, rng.uniform(0.1, 0.6)])
    return Pen(width, float(grain), float(rng.choice([1.0, rng.uniform(0.45, 1.0)])))


class Hands:
    """Digits of many writers.

    Args:
        measured: True: the writers that are kept for measuring; False: all the others.
    """

    def __init__(self, measured: bool) -> None:
        self.measured = measured
        pen = np.load(OPEN / "pen_strokes.npz")
        held = np.isin(pen["writer"], MEASURED_PEN)
        self._points = pen["pts"].astype(np.float32)
        self._stroke_ends, self._item_ends = pen["stroke_end"], pen["item_end"]
        # Writer -> digit -> numbers of the drawings.
        self._writers, self._signs = [], []
        for writer in np.unique(pen["writer"][held == measured]):
            own = (pen["writer"] == writer) & (pen["y"] < 10)
            self._writers.append([np.flatnonzero(own & (pen["y"] == d)) for d in range(10)])
        if not measured:
            # A slash alone is a 1.
            self._signs = list(np.flatnonzero((pen["y"] == 255) & (pen["symbol"] != "/")))
        # Writer -> digit -> pictures of ink, uint8, light on dark.
        # MNIST has some 250 writers; as one, they would be seen too seldom.
        self._scanned = _swiss(measured) + ([] if measured else 6 * [_mnist()] + 2 * [_cut_out()])
        self._marks = [*_alphabets(measured), *([] if measured else _cut_out_signs())]
        self._fonts = [p for p in _hand_fonts() if p.name.startswith(MEASURED_FONTS) == measured]
        self._greek_fonts = [] if measured else _hand_fonts("greek")
        self._signs_alone = NEVER_A_DIGIT + ("" if measured else GREEK)
        # Digits of the hands that were made into fonts.
        self._typed = [] if measured else [_typed(path) for path in self._fonts]

    def writer(self, rng: np.random.Generator) -> "Writer":
        """One of the writers with a pen."""
        share = rng.random()
        writers = self._scanned if share < 0.4 else self._writers
        if self._typed and share > 0.9:
            writers = self._typed
        own = writers[rng.integers(len(writers))]
        pen = random_pen(rng, 0.15 if self.measured else 0.22)  # learned from more than is asked
        scanned = writers is not self._writers
        return Writer(self, own, scanned, pen, not self.measured and rng.random() < 0.08)

    def drawing_of(self, digit: int, rng: np.random.Generator) -> list[np.ndarray]:
        """The strokes of a digit as one of the writers drew it."""
        choice: list = []
        while not len(choice):  # some writers left one out
            choice = self._writers[rng.integers(len(self._writers))][digit]
        return self.lines(choice[rng.integers(len(choice))])

    def lines(self, item: int) -> list[np.ndarray]:
        """The strokes of a drawing, each float32, shape (points, 2): x to the right, y down."""
        first = self._item_ends[item - 1] if item else 0
        strokes = []
        for stroke in range(first, self._item_ends[item]):
            start = self._stroke_ends[stroke - 1] if stroke else 0
            strokes.append(self._points[start : self._stroke_ends[stroke]])
        return strokes

    def mark(self, height: int, pen: Pen, rng: np.random.Generator) -> np.ndarray:
        """A sign that is no digit: a letter, one of a foreign alphabet, or drawn with a pen."""
        if rng.random() < 0.6:
            return self.word(height, pen, rng, str(rng.choice(list(self._signs_alone))))
        if self._signs and rng.random() < 0.2:
            return draw(self.lines(rng.choice(self._signs)), height, pen, rng)
        return stamp(self._marks[rng.integers(len(self._marks))], height, pen, rng)

    def word(
        self, height: int, pen: Pen, rng: np.random.Generator, text: str | None = None
    ) -> np.ndarray:
        """A word in one of the hands that were made into fonts; `height` of a tall letter."""
        fonts = self._greek_fonts if text and text in GREEK else self._fonts
        font = _font(str(fonts[rng.integers(len(fonts))]), 48)
        picture = _rendered(text or words(rng, int(rng.integers(2, 9))), font)
        if rng.random() < 0.3:  # a thicker pen
            side = 3 if self.measured else int(rng.integers(2, 11))
            picture = cv2.dilate(picture, np.ones((side, side), np.uint8))
        return stamp(picture, max(6, round(height * len(picture) / 40)), pen, rng)


class Writer:
    """One person's digits, with one pen; with `forms`, drawn ones where there are some."""

    def __init__(
        self, hands: Hands, digits: list, scanned: bool, pen: Pen, forms: bool = False
    ) -> None:
        self.hands, self.digits, self.scanned, self.pen = hands, digits, scanned, pen
        self.forms = forms

    def digit(self, value: int, height: int, rng: np.random.Generator) -> np.ndarray:
        """A digit's ink, `height` pixels high."""
        choice = self.digits[value]
        if not len(choice):  # some writers left one out
            return Writer(self.hands, self.hands._writers[0], False, self.pen).digit(
                value, height, rng
            )
        own = choice[rng.integers(len(choice))]
        if self.forms and value in FORMS:
            return draw(FORMS[value](rng), height, self.pen, rng)
        if self.scanned:
            return stamp(own, height, self.pen, rng)
        return draw(self.hands.lines(own), height, self.pen, rng)

    def mark(self, height: int, rng: np.random.Generator) -> np.ndarray:
        """The ink of a sign that is no digit."""
        return self.hands.mark(height, self.pen, rng)


def draw(
    lines: list[np.ndarray], height: int, pen: Pen, rng: np.random.Generator, wide: float = 0
) -> np.ndarray:
    """Draw strokes with a pen.

    Args:
        lines: strokes, float32, shape (points, 2).
        height: of the drawing in pixels.
        wide: its width in pixels; 0: as its height demands, a little varied.
    """
    points = np.concatenate(lines)
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-3)
    thick = max(pen.width * height, 0.7)
    scale = max(height - thick, 1) / max(size[1], 0.35 * size[0])
    across = (wide - thick) / size[0] if wide else scale * rng.uniform(0.85, 1.15)
    shear = 0 if wide else rng.normal(0, 0.08)
    fine = 1 if thick > 3 else 4  # a thin stroke is drawn larger, then shrunk
    placed, bend = [], bending(rng, 0.03 if not wide else 0)
    for line in lines:
        x, y = bend(((line - low) * [across, scale]).T / height) * height
        placed.append(np.stack([x + shear * (size[1] * scale - y), y], axis=1))
    points = np.concatenate(placed)
    points -= (low := points.min(axis=0))
    margin = thick / 2 + 1
    wide, high = (np.ceil(points.max(axis=0) + 2 * margin) * fine).astype(int)
    canvas = np.zeros((high, wide), np.uint8)
    for line in placed:
        path = np.round(((line - low + margin) * fine) * 16).astype(np.int32)
        width = max(1, round(thick * fine))
        cv2.polylines(canvas, [path.reshape(-1, 1, 2)], False, 255, width, cv2.LINE_AA, 4)
    ink = canvas.astype(np.float32) / 255
    if fine > 1:
        ink = cv2.resize(ink, (wide // fine, high // fine), interpolation=cv2.INTER_AREA)
    return _with_pen(trimmed(ink), pen, rng)


def stamp(picture: np.ndarray, height: int, pen: Pen, rng: np.random.Generator) -> np.ndarray:
    """A scanned drawing's ink, `height` pixels high; its own stroke is kept.

    Args:
        picture: uint8, shape (H, W), 0 (paper) to 255 (ink).
    """
    ink = trimmed(bent(picture.astype(np.float32) / 255, rng))
    scale = height / max(ink.shape[0], 0.35 * ink.shape[1])
    size = [max(2, round(length * scale)) for length in ink.shape[::-1]]
    size[0] = max(2, round(size[0] * rng.uniform(0.88, 1.12)))
    if scale < 1:
        ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    else:  # larger pixels would be blocks: the edge is drawn anew, as sharp as before
        ink = cv2.resize(cv2.GaussianBlur(ink, (0, 0), 0.6), size, interpolation=cv2.INTER_CUBIC)
        ink = np.clip((ink - 0.42) * min(scale, 4) + 0.42, 0, 1)
    if not ink.max() > 0.3:
        return np.ones((2, 2), np.float32)
    return _with_pen(trimmed(ink), pen, rng)


def bending(rng: np.random.Generator, most: float):
    """A function that moves places (x and y, shares of the height) as no two hands bend alike."""
    strength, phase = rng.uniform(0, most, 2), rng.uniform(0, 2 * np.pi, 2)
    waves = rng.uniform(-1.2, 1.2, (2, 2)) * 2 * np.pi

    def bend(places: np.ndarray) -> np.ndarray:
        x, y = places
        return np.stack(
            [
                axis + strength[i] * np.sin(waves[i, 0] * x + waves[i, 1] * y + phase[i])
                for i, axis in enumerate((x, y))
            ]
        )

    return bend


def bent(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ink, float32, its strokes bent a little."""
    edge = max(2, round(0.06 * len(ink)))
    ink = cv2.copyMakeBorder(ink, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
    y, x = np.indices(ink.shape, np.float32) / len(ink)
    x, y = (bending(rng, 0.03)(np.stack([x, y])) * len(ink)).astype(np.float32)
    return cv2.remap(ink, x, y, cv2.INTER_LINEAR)


def trimmed(ink: np.ndarray) -> np.ndarray:
    """The smallest box around the ink."""
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return ink
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _with_pen(ink: np.ndarray, pen: Pen, rng: np.random.Generator) -> np.ndarray:
    """Dry places in the strokes, and the pen's darkness."""
    if pen.grain:
        noise = rng.standard_normal(ink.shape).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), max(0.5, 0.01 * len(ink)))
        limit = np.quantile(noise, pen.grain * 0.6)
        soft = np.clip((noise - limit) / (noise.std() + 1e-6) + 0.5, 0, 1)
        ink = ink * (1 - pen.grain + pen.grain * soft)
    return np.clip(ink * pen.dark, 0, 1)


# --- Where they come from -------------------------------------------------------------------------


def _by_digit(pictures: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    return [pictures[labels == digit] for digit in range(10)]


def _swiss(measured: bool) -> list[list[np.ndarray]]:
    pack = np.load(OPEN / "swiss_numbers.npz")
    if measured:
        light = pack["scans"].astype(np.int16)
        ink = np.clip((245 - light) * 1.4, 0, 255).astype(np.uint8)
        labels, writers = pack["scans_y"], pack["scans_writer"]
    else:
        ink, labels, writers = pack["ink"], pack["y"], pack["writer"]
    return [_by_digit(ink[writers == w], labels[writers == w]) for w in np.unique(writers)]


def _mnist() -> list[np.ndarray]:
    """Digits of MNIST's training set, those of many writers as one; no validation digits."""
    with np.load(ROOT / "data" / "mnist.npz") as mnist:
        images, labels = mnist["x_train"], mnist["y_train"]
    # As the notebooks split it.
    images, _, labels, _ = train_test_split(
        images, labels, test_size=6000, stratify=labels, random_state=0
    )
    return _by_digit(images, labels)


@functools.cache
def _sheets() -> tuple[np.ndarray, np.ndarray]:
    pack = np.load(OPEN / "bhmsds.npz")
    light = pack["images"].astype(np.int16)
    return np.clip((235 - light) * 1.3, 0, 255).astype(np.uint8), pack["symbols"]


def _cut_out() -> list[np.ndarray]:
    ink, symbols = _sheets()
    return [ink[symbols == str(digit)] for digit in range(10)]


def _cut_out_signs() -> list[np.ndarray]:
    """Without the zs, some of which a person would take for a 2."""
    ink, symbols = _sheets()
    return list(ink[np.isin(symbols, ["plus", "w", "x", "y"])])


def _alphabets(measured: bool) -> list[np.ndarray]:
    """Letters of foreign alphabets; their thin lines are widened a little."""
    pack = np.load(OPEN / "omniglot_marks.npz")
    side = pack["shape"]
    held = [any(name in source for name in MEASURED_ALPHABETS) for source in pack["source"]]
    clear = [not any(name in source for name in LIKE_DIGITS) for source in pack["source"]]
    marks = []
    for packed in pack["x"][(np.array(held) == measured) & clear]:
        mark = np.unpackbits(packed)[: side.prod()].reshape(side)
        mark = mark if mark.mean() < 0.5 else 1 - mark
        mark = cv2.dilate(255 * mark, np.ones((4, 4), np.uint8))
        marks.append(mark)
    return marks


# --- Text -----------------------------------------------------------------------------------------


@functools.cache
def _hand_fonts(script: str = "latin") -> list[Path]:
    return sorted((ROOT / "data" / "fonts").glob(f"*-{script}.woff2"))


def _typed(path: Path) -> list[list[np.ndarray]]:
    """A font's digits as ink."""
    return [[_rendered(str(digit), _font(str(path), 64))] for digit in range(10)]


@functools.cache
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Italic",
    "DejaVuSansMono", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10",
    "cmtt10", "cmb10",
)  # fmt: skip


def _rendered(text: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    """Text as ink, uint8, 255 for ink."""
    left, top, right, bottom = (int(at) for at in font.getbbox(text))
    picture = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(picture).text((2 - left, 2 - top), text, fill=255, font=font)
    return np.asarray(picture)


def print_text(text: str, height: int, rng: np.random.Generator) -> np.ndarray:
    """Printed text as ink; `height` is that of a line in pixels."""
    folder, name = matplotlib.get_data_path(), FONTS[rng.integers(len(FONTS))]
    ink = _rendered(text, _font(f"{folder}/fonts/ttf/{name}.ttf", 40)) / np.float32(255)
    scale = height / 40
    size = [max(1, round(length * scale)) for length in ink.shape[::-1]]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.clip(cv2.resize(ink, size, interpolation=method), 0, 1)


def words(rng: np.random.Generator, letters: int) -> str:
    """Something like a line of text. Without numbers: a printed digit is a digit, too."""
    text = ""
    while len(text) < letters:
        length = int(rng.integers(2, 11))
        word = "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=length))
        style = rng.random()
        if style < 0.2:
            word = word.capitalize()
        elif style < 0.3:
            word = word.upper()
        text += word + rng.choice([" ", " ", " ", ", ", ". "])
    return text[:letters].strip(" ,.") or "ea"


def scrawl(width: int, height: int, pen: Pen, rng: np.random.Generator) -> np.ndarray:
    """A word in joined letters that nobody can read: loops and arches along a line."""
    count = max(2, int(width / height * rng.uniform(1.2, 2.2)))
    time = np.linspace(0, count, count * 14)
    tall = np.repeat(rng.choice([0.35, 0.45, 1.0], count + 1, p=[0.45, 0.35, 0.2]), 14)[: len(time)]
    deep = np.repeat(rng.choice([0.0, 0.5], count + 1, p=[0.85, 0.15]), 14)[: len(time)]
    swing = np.repeat(rng.uniform(-0.25, 0.45, count + 1), 14)[: len(time)]
    phase = 2 * np.pi * time
    y = -np.maximum(np.sin(phase), 0) * tall + np.maximum(-np.sin(phase), 0) * deep
    x = time + swing * np.cos(phase) * 0.9
    line = np.stack([x, y], axis=1).astype(np.float32)
    line[:, 0] -= 0.25 * line[:, 1]
    line = cv2.GaussianBlur(line, (1, 5), 0.8)
    return draw([line], height, pen, rng, wide=width)
