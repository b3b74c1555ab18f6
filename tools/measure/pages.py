"""Measure how well digits are found and read on pages and on pictures of hands that no network saw.

    python -m tools.measure.pages [--store] [--list KIND] [COUNT]

reads COUNT generated pages of each kind (50 if no COUNT is given) and the pictures of `data/open`
that are kept for measuring. With --store the table goes to results/pages.csv and results/open.csv,
from where RESULTS.md takes them; with --list each page of that kind, or each group, that is read
wrongly is named.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from reading.files import ROOT, write_whole
from reading.read import Digit, read_digits
from tools.pages.crops import MEASURED_GROUPS, overlaps, phone_paths
from tools.pages.ground import photo_paths
from tools.pages.hands import OPEN, Hands
from tools.pages.page import KINDS, Page, make_page

SEED = 30_000  # far from the seeds of the training


@cache
def hands() -> Hands:
    """The writers kept for measuring; read once in each process."""
    return Hands(measured=True)


def page_of(kind: str, number: int) -> Page:
    """The benchmark's page of this kind and number."""
    rng = np.random.default_rng([SEED, KINDS.index(kind), number])
    return make_page(rng, kind, hands(), measured=True)


def found_digits(page: Page, read: list[Digit]) -> int:
    """How many digits of a page were read as they are, where they are."""
    taken, found = set(), 0
    for digit, box in zip(page.digits, page.boxes, strict=True):
        for number, other in enumerate(read):
            if (
                number not in taken
                and other.digit == digit
                and overlaps(np.array(other.box), box[None])[0] > 0.4
            ):
                taken.add(number)
                found += 1
                break
    return found


def measure_page(kind: str, number: int) -> dict:
    """What was read on one page beside what is written."""
    page = page_of(kind, number)
    read = read_digits(page.picture)
    return {
        "kind": kind,
        "number": number,
        "written": "".join(map(str, page.digits)),
        "read": "".join(str(d.digit) for d in read),
        "found": found_digits(page, read),
    }


def open_pictures() -> list[tuple[str, object, str]]:
    """Group, picture and label ("" where nothing is to be read) of what is kept for measuring."""
    pack = np.load(OPEN / "swiss_numbers.npz")
    scans = zip(pack["scans_writer"], pack["scans"], pack["scans_y"], strict=True)
    pictures: list = [(f"Swiss writer {writer}", scan, str(label)) for writer, scan, label in scans]
    pack = np.load(OPEN / "hwd1000.npz")
    pictures += [("drawn", x, str(y)) for x, y in zip(pack["x"], pack["y"], strict=True)]
    for path in phone_paths():
        label, group, _ = path.stem.split("_")
        if group in MEASURED_GROUPS:
            kind = "phone, newsprint cells" if group.startswith("sud") else "phone, sheets"
            pictures.append((kind, path, label))
    for path in photo_paths(measured=True):
        pictures.append((f"no digit, {path.stem.split('_')[0]}", path, ""))
    return pictures


def measure_picture(item: tuple[str, object, str]) -> dict:
    """What was read on a picture beside what is written."""
    group, picture, label = item
    read = read_digits(picture)
    name = picture.name if isinstance(picture, Path) else ""
    text = "".join(str(d.digit) for d in read)
    lowest = min((d.probability for d in read), default=np.nan)
    return {
        "group": group, "name": name, "written": label, "read": text, "probability": lowest,
    }  # fmt: skip


def table_of_pages(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a kind: pages, share read exactly, and F1 of the digits (if there are any)."""

    def figures(part: pd.DataFrame) -> pd.Series:
        written, read = part["written"].str.len().sum(), part["read"].str.len().sum()
        exact = float((part["written"] == part["read"]).mean())
        f1 = 2 * part["found"].sum() / (written + read) if written else np.nan
        return pd.Series({"pages": len(part), "exact": exact, "f1": f1})

    by_kind = rows.groupby("kind", sort=False).apply(figures, include_groups=False)
    by_kind.loc["all"] = figures(rows)
    return by_kind.reset_index().astype({"pages": int})


def table_of_pictures(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a group: pictures, and the share of them read exactly."""
    right = rows["written"] == rows["read"]
    usual = (rows["written"] == rows["usual"]).where(rows["written"] != "")
    parts = rows.assign(right=right, usual=usual.astype(float)).groupby("group", sort=False)
    columns = {"exact": parts["right"].mean(), "the usual way": parts["usual"].mean()}
    return pd.DataFrame({"pictures": parts.size()} | columns).reset_index()


def usual_answers(pictures: list) -> list[str]:
    """What net (c) answers when each picture is shrunk and inverted: always one digit."""
    import cv2

    import utils  # before Keras, as it silences TensorFlow's start-up lines
    import keras  # isort: skip

    greys = [utils.to_grey(utils.open_picture(picture)) for picture in pictures]
    small = [cv2.resize(grey, (28, 28), interpolation=cv2.INTER_AREA) for grey in greys]
    network = keras.models.load_model(utils.SHIPPED / "cnn.keras", compile=False)
    answers = network.predict(utils.to_input(255 - np.stack(small)), verbose=0)
    return [str(answer) for answer in answers.argmax(axis=1)]


def main(arguments: list[str]) -> int:
    counts = [int(a) for a in arguments if a.isdigit()]
    count = counts[0] if counts else 50
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        jobs = [(kind, number) for kind in KINDS for number in range(count)]
        pages = pd.DataFrame(processes.map(partial(_star, measure_page), jobs, chunksize=10))
        pictures = pd.DataFrame(processes.map(measure_picture, open_pictures(), chunksize=50))
    pictures["usual"] = usual_answers([picture for _, picture, _ in open_pictures()])
    tables = {"pages": table_of_pages(pages), "open": table_of_pictures(pictures)}
    for name, table in tables.items():
        print(table.round(4).to_string(index=False), end="\n\n")
        if "--store" in arguments:
            text = table.round(4).to_csv(index=False)
            write_whole(ROOT / "results" / f"{name}.csv", lambda path, t=text: path.write_text(t))
    if "--list" in arguments:
        wanted = arguments[arguments.index("--list") + 1]
        wrong = pd.concat([pages.rename(columns={"kind": "group"}), pictures])
        wrong = wrong[(wrong["written"] != wrong["read"]) & wrong["group"].str.startswith(wanted)]
        print(wrong.to_string(index=False))
    return 0


def _star(function, arguments):
    return function(*arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
