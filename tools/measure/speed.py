"""Measure the milliseconds that `read_digits` takes, beside the usual way to read one digit.

The usual way decodes, turns to grey, inverts, resizes the whole picture to 28 x 28 pixels and calls
`model.predict`. It reads one digit a picture, and only if the digit fills it.
"""

import io
import os
import sys
import time
from dataclasses import dataclass
from unittest import mock

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

import utils
from reading import read
from tools.execute import ROOT

sys.path.append(str(ROOT / "data"))
import make_samples

PICTURES = 8  # pictures of each kind
ROUNDS = 12  # times that each picture is read


@dataclass
class Kind:
    """A kind of picture.

    Attributes:
        name: as the table shows it.
        rows: number of digits in each row.
        size: width and height in pixels.
        form: the file's format, as Pillow calls it.
    """

    name: str
    rows: list[int]
    size: tuple[int, int]
    form: str = "JPEG"


KINDS = [
    Kind("thumbnail, 28 x 28 PNG", [1], (28, 28), "PNG"),
    Kind("photo, 1 megapixel JPEG", [1], (1152, 864)),
    Kind("photo, 1 megapixel JPEG", [7, 7, 6], (1152, 864)),
    Kind("photo, 12 megapixel JPEG", [1], (4000, 3000)),
    Kind("photo, 12 megapixel JPEG", [7, 7, 6], (4000, 3000)),
]


def make_picture(kind: Kind, images: np.ndarray, rng: np.random.Generator) -> bytes:
    """A file of this kind, with digits chosen from `images`, uint8 of shape (n, 28, 28)."""
    rows = [images[rng.choice(len(images), count, replace=False)] for count in kind.rows]
    if kind.size == (28, 28):
        scene = make_samples.Scene(height=28, margin=0.05, noise=1)
    else:  # margin, rows and the gaps between them fill the height
        margin = 0.9
        height = kind.size[1] / (2 * margin + 1.25 * len(rows) - 0.25)
        fixed = {"height": round(height), "margin": margin, "gap": 0.1, "rotation": 0}
        scene = make_samples.random_scene(rng, **fixed)
    photo = Image.fromarray(make_samples.photograph(rows, scene, rng))
    buffer = io.BytesIO()
    ImageOps.fit(photo, kind.size).save(buffer, kind.form, quality=85)
    return buffer.getvalue()


def read_the_usual_way(data: bytes, model) -> int:
    """One digit, as most tutorials read it."""
    grey = Image.open(io.BytesIO(data)).convert("L")
    image = np.asarray(ImageOps.invert(grey).resize((28, 28)))
    return int(model.predict(image[None, ..., None] / np.float32(255), verbose=0).argmax())


def milliseconds(function, *arguments) -> tuple[float, object]:
    """How long the call took, and what it returned."""
    start = time.perf_counter()
    result = function(*arguments)
    return 1000 * (time.perf_counter() - start), result


def read_timed(data: bytes) -> tuple[float, float, int]:
    """Milliseconds of decoding and of the rest of `read_digits`, and the number of digits found."""
    decoding = []
    decode = read.open_picture

    def timed(picture):
        taken, result = milliseconds(decode, picture)
        decoding.append(taken)
        return result

    with mock.patch.object(read, "open_picture", timed):
        total, digits = milliseconds(read.read_digits, data)
    (once,) = decoding
    return once, total - once, len(digits)


def measure_kind(kind: Kind, images: np.ndarray, cnn, rng: np.random.Generator) -> dict:
    """One row of the table; both ways take turns, so that a busy machine slows both.

    Args:
        cnn: the network of the usual way.
    """
    files = [make_picture(kind, images, rng) for _ in range(PICTURES)]
    one = sum(kind.rows) == 1
    for data in files[:2]:  # not measured: the first calls load and build things
        read_timed(data)
        read_the_usual_way(data, cnn)
    runs, usual = [], []
    for _ in range(ROUNDS):
        for data in files:
            runs.append(read_timed(data))
            if one:
                usual.append(milliseconds(read_the_usual_way, data, cnn)[0])
    decoding, rest, found = np.array(runs).T
    if found.mean() < 0.9 * sum(kind.rows):
        raise ValueError(f"{kind}: {found.mean():.1f} digits found a picture, too few to compare.")
    row = {"picture": kind.name, "digits": sum(kind.rows)}
    times = {"decoding": decoding, "rest": rest, "together": decoding + rest, "usual": usual}
    for name, values in times.items():
        row[f"{name}, median"] = np.median(values) if len(values) else np.nan
        row[f"{name}, 95th percentile"] = np.percentile(values, 95) if len(values) else np.nan
    return row | {"runs": len(runs), "cores": os.cpu_count()}


def measure() -> pd.DataFrame:
    """A row for each kind of picture; times in milliseconds."""
    _, (images, _) = utils.load_mnist()
    cnn = utils.load_model("cnn")
    rng = np.random.default_rng(0)
    rows = []
    for number, kind in enumerate(KINDS, 1):
        print(f"speed: kind {number} of {len(KINDS)}, {kind.name}", file=sys.stderr, flush=True)
        rows.append(measure_kind(kind, images, cnn, rng))
    return pd.DataFrame(rows).round(2)
