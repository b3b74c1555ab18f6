"""Measure how well pictures are read.

    python -m tools.measure.pictures [--store] [--people] [COUNT]

reads the pictures of data/people, and pictures made from MNIST test digits: COUNT photos of one
digit and of five (2,000 if no COUNT is given), and as many PNG files of each of three sizes.
No choice was made by these test digits. With --store the tables go to results/people.csv and
reading.csv, from where RESULTS.md takes them; with --people only the first is made.
"""

import io
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd
from PIL import Image
from scipy.stats import binomtest

from reading.files import write_whole
from tools.execute import ROOT

sys.path.append(str(ROOT / "data"))  # make_samples.py

SEED = 20_000  # far from the seeds that notebooks and tests use
CHALK_SHARE = 0.15  # of the photos; they show chalk on a board
PNG_SIDES = (28, 100, 600)  # pixels


def photo(seed: int, digits: int) -> tuple[list, str]:
    """A photo made by `data/make_samples.py`: the digits read, and the text of those written."""
    import make_samples

    import utils

    images, labels = test_digits()
    rng = np.random.default_rng([SEED, seed, digits])
    fixed = {"paper": make_samples.BOARD, "pen": make_samples.CHALK, "shadow": 0, "texture": 5}
    fixed = fixed if rng.random() < CHALK_SHARE else {}
    if digits > 1:
        gap, slope = rng.uniform(0.05, 0.3), rng.uniform(-0.05, 0.05)
        fixed |= {"gap": gap, "slope": slope, "rotation": rng.uniform(-4, 4)}
        fixed |= {"height": int(rng.integers(110, 220))}
    chosen = rng.choice(len(images), digits, replace=False)
    scene = make_samples.random_scene(rng, **fixed)
    picture = make_samples.photograph([images[chosen]], scene, rng)
    return utils.read_digits(picture), "".join(map(str, labels[chosen]))


def test_digits() -> tuple[np.ndarray, np.ndarray]:
    """MNIST's test images, uint8, shape (10000, 28, 28), and labels, uint8, shape (10000,)."""
    import utils

    if not hasattr(test_digits, "kept"):  # read once in each process
        test_digits.kept = utils.load_mnist()[1]
    return test_digits.kept


def agrees(index: int, side: int, light: bool) -> bool:
    """Whether a test digit is read from a PNG file as it is read directly."""
    import utils
    from reading import network

    image = test_digits()[0][index]
    direct = network.reader().predict_on_batch(utils.to_input(image[None]))[0, :10].argmax()
    picture = Image.fromarray(image if light else 255 - image).resize((side, side), Image.BICUBIC)
    picture.save(buffer := io.BytesIO(), "PNG")
    return [d.digit for d in utils.read_digits(buffer.getvalue())] == [direct]


PEOPLE = {  # folder of data/people -> what its pictures show
    "scans": "scans and tablet drawings, one digit",
    "crops": "28 x 28 crops of photographed sheets, one digit",
    "drawings": "drawings in an app, one digit",
    "pairs": "scans and tablet drawings, two digits, both right",
    "no_digits": "letters, signs, scribbles, blank paper: nothing is read",
}


def by_people() -> pd.DataFrame:
    """A row for each folder of data/people: the share read correctly, here and in the usual way.

    The usual way, with net (c), reads one digit in every picture; so it is only asked about those.
    """
    import cv2

    import utils  # before Keras, as it silences TensorFlow's start-up lines
    import keras  # isort: skip

    # Net (c) as it ships, not one that was trained here.
    usual = keras.models.load_model(utils.SHIPPED / "cnn.keras", compile=False)
    rows, sure = [], []
    for folder, what in PEOPLE.items():
        paths = sorted((utils.DATA / "people" / folder).glob("*_*.*"))
        written = [path.stem.split("_")[0] for path in paths]
        written = [text if text.isdigit() else "" for text in written]
        read = [utils.read_digits(path) for path in paths]
        right = []
        for digits, text in zip(read, written, strict=True):
            right.append("".join(str(d.digit) for d in digits) == text)
            if len(digits) == len(text):
                pairs = zip(digits, text, strict=True)
                sure += [
                    (d.probability, str(d.digit) == t) for d, t in pairs if d.probability >= 0.9
                ]
        rows.append(row(what, right))
        if {len(text) for text in written} == {1}:
            pictures = [cv2.cvtColor(utils.open_picture(p), cv2.COLOR_RGB2GRAY) for p in paths]
            small = [cv2.resize(p, (28, 28), interpolation=cv2.INTER_AREA) for p in pictures]
            answers = usual.predict(utils.to_input(255 - np.stack(small)), verbose=0).argmax(axis=1)
            rows[-1]["the usual way"] = np.mean([*map(str, answers)] == np.array(written))
    rows.append(
        row("digits read with 90 % or more, where as many were found", [right for _, right in sure])
    )
    rows[-1]["mean probability"] = np.mean([probability for probability, _ in sure])
    return pd.DataFrame(rows)


def row(what: str, right: list[bool]) -> dict:
    """The share of `right` that is true, with its 95 % interval (Wilson)."""
    interval = binomtest(sum(right), len(right)).proportion_ci(method="wilson")
    share = np.mean(right)
    return {
        "what": what,
        "number": len(right),
        "share": share,
        "from": interval[0],
        "to": interval[1],
    }


def measure(count: int) -> pd.DataFrame:
    """A row for each kind of picture made from test digits; `count` pictures of each kind."""
    rows = []
    # Not forked: this process may have TensorFlow's threads, which would make a fork hang.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for digits, name in ((1, "one digit"), (5, "five digits, all right")):
            results = list(pool.map(photo, range(count), [digits] * count, chunksize=20))
            right = ["".join(str(d.digit) for d in read) == text for read, text in results]
            rows.append(row(f"photos of {name}", right))
            if digits == 1:
                lone = [(read[0], text) for read, text in results if len(read) == 1]
                sure = [
                    (d.probability, str(d.digit) == text)
                    for d, text in lone
                    if d.probability >= 0.9
                ]
                rows.append(
                    row(
                        "of those with one found, read with 90 % or more",
                        [right for _, right in sure],
                    )
                )
                rows[-1]["mean probability"] = np.mean([probability for probability, _ in sure])
        for side in PNG_SIDES:
            for light, name in ((False, "dark on light"), (True, "light on dark")):
                arguments = range(count), [side] * count, [light] * count
                right = list(pool.map(agrees, *arguments, chunksize=50))
                rows.append(row(f"{side} x {side} PNG, {name}, as read directly", right))
    return pd.DataFrame(rows)


def tables(count: int = 2000, people_only: bool = False, store: bool = False) -> dict:
    """Make the tables people and reading, print them, and with `store` write them to results/."""
    made = {"people": by_people()}
    if not people_only:
        made["reading"] = measure(count)
    for name, table in made.items():
        print(table.round(4).to_string(index=False))
        if store:
            path = ROOT / "results" / f"{name}.csv"
            write_whole(path, partial(table.round(6).to_csv, index=False))
    return made


def main(arguments: list[str]) -> int:
    counts = [int(argument) for argument in arguments if argument.isdigit()]
    tables(*counts, people_only="--people" in arguments, store="--store" in arguments)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
