"""Measure how well pictures are read, on MNIST test digits that nothing was chosen by.

    python tools/reading.py [--store] [COUNT]

takes COUNT photos of one digit and of five (2,000 if none is given), and as many digits through
files of three sizes. With --store the table goes to models/shipped/reading.csv, from where the
README takes it.
"""

import io
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
from execute import ROOT
from PIL import Image
from scipy.stats import binomtest

sys.path[:0] = [str(ROOT), str(ROOT / "data")]

SEED = 20_000  # far from the seeds that notebooks and tests use
CHALK = 0.15  # share of the photos that show chalk on a board
SIDES = (28, 100, 600)


def photo(seed: int, digits: int) -> tuple[list, str]:
    """A photo of test digits as `data/make_samples.py` takes them: what was read, and written."""
    import make_samples

    import utils

    images, labels = test_digits()
    rng = np.random.default_rng([SEED, seed, digits])
    fixed = {"paper": make_samples.BOARD, "pen": make_samples.CHALK, "shadow": 0, "texture": 5}
    fixed = fixed if rng.random() < CHALK else {}
    if digits > 1:
        gap, slope = rng.uniform(0.05, 0.3), rng.uniform(-0.05, 0.05)
        fixed |= {"gap": gap, "slope": slope, "rotation": rng.uniform(-4, 4)}
        fixed |= {"height": int(rng.integers(110, 220))}
    chosen = rng.choice(len(images), digits, replace=False)
    scene = make_samples.random_scene(rng, **fixed)
    picture = make_samples.photograph([images[chosen]], scene, rng)
    return utils.read_digits(picture), "".join(map(str, labels[chosen]))


def test_digits() -> tuple[np.ndarray, np.ndarray]:
    import utils

    if not hasattr(test_digits, "kept"):  # read once in each process
        test_digits.kept = utils.load_mnist()[1]
    return test_digits.kept


def agrees(index: int, side: int, light: bool) -> bool:
    """Whether a test digit is read from a PNG file as it is read directly."""
    import utils

    image = test_digits()[0][index]
    model = utils.load_model("reader")
    direct = model.predict_on_batch(utils.to_input(image[None]))[0, :10].argmax()
    picture = Image.fromarray(image if light else 255 - image).resize((side, side), Image.BICUBIC)
    picture.save(buffer := io.BytesIO(), "PNG")
    return [d.digit for d in utils.read_digits(buffer.getvalue())] == [direct]


def row(what: str, right: list[bool]) -> dict:
    """A share with its 95 % interval (Wilson)."""
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
    """All rows of the table; `count` pictures for each."""
    rows = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
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
                rows.append(row("of those, read with 90 % or more", [right for _, right in sure]))
                rows[-1]["mean probability"] = np.mean([probability for probability, _ in sure])
        for side in SIDES:
            for light, name in ((False, "dark on light"), (True, "light on dark")):
                arguments = range(count), [side] * count, [light] * count
                right = list(pool.map(agrees, *arguments, chunksize=50))
                rows.append(row(f"{side} x {side} PNG, {name}, as read directly", right))
    return pd.DataFrame(rows)


def main(arguments: list[str]) -> int:
    counts = [int(argument) for argument in arguments if argument.isdigit()]
    table = measure(counts[0] if counts else 2000)
    print(table.round(4).to_string(index=False))
    if "--store" in arguments:
        table.round(4).to_csv(ROOT / "models" / "shipped" / "reading.csv", index=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
