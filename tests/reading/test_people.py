"""The pictures that people made, and what the README says of them."""

import re
import subprocess
import sys

import pandas as pd
import pytest
from conftest import ROOT
from PIL import Image

from tools.measure import pictures

FOLDER = ROOT / "data" / "people"
GREEK = ("chi", "eta", "omega", "phi", "pi")


def pictures_in(folder: str) -> list:
    return sorted((FOLDER / folder).glob("*_*.*"))


def test_the_readme_beside_them_counts_them():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.M))
    found = {
        folder.name: len(pictures_in(folder.name)) for folder in FOLDER.iterdir() if folder.is_dir()
    }
    assert {name: int(number) for name, number in listed.items()} == found
    assert set(pictures.PEOPLE) == {folder.name for folder in FOLDER.iterdir() if folder.is_dir()}
    (total, one, two, none) = re.search(
        r"^(\d+) pictures.* (\d+) of one digit, (\d+) of two, and (\d+) in", text, re.M
    ).groups()
    assert int(total) == sum(found.values())
    assert int(one) == found["scans"] + found["crops"] + found["drawings"]
    assert (int(two), int(none)) == (found["pairs"], found["no_digits"])
    kinds = [path.stem.split("_")[0] for path in pictures_in("no_digits")]
    greek = sum(kind in {f"letter-{sign}" for sign in GREEK} for kind in kinds)
    small = sum(kind.startswith(("letter-", "symbol-")) for kind in kinds) - greek
    printed = sum(kind.startswith("printed-") for kind in kinds)
    made = len(kinds) - greek - small
    for words in (
        f"{greek} Greek",
        f"{small} letters and signs",
        f"{made} blank",
        f"{printed} of them",
    ):
        assert words in text


def test_each_name_says_what_is_written():
    for path in FOLDER.glob("*/*_*.*"):
        digits = {"pairs": r"\d\d", "no_digits": r"[a-z]+(-[A-Za-z]+)?"}.get(
            path.parent.name, r"\d"
        )
        assert re.fullmatch(digits + r"_\d{3}", path.stem), path
        with Image.open(path) as picture:
            assert picture.format == {".jpg": "JPEG", ".png": "PNG"}[path.suffix]


def test_a_disk_that_ignores_case_keeps_all():
    names = [str(path).lower() for path in FOLDER.glob("*/*")]
    assert len(set(names)) == len(names)


@pytest.fixture(scope="module")
def measured():
    return pictures.by_people().set_index("what")


def test_they_are_read_as_the_readme_says(measured):
    stored = pd.read_csv(ROOT / "results/people.csv", index_col="what")
    assert list(stored.index) == list(measured.index)
    assert (stored["number"] == measured["number"])[:-1].all()
    # Another processor may round one picture's probabilities to the other side.
    assert (stored["number"] - measured["number"]).abs().iloc[-1] <= 1
    for column in ("share", "the usual way", "mean probability"):
        assert (stored[column].isna() == measured[column].isna()).all()
        differences = (stored[column] - measured[column]).abs() * stored["number"]
        assert differences.max() < 1.01, column


def test_the_measurement_of_the_readme_s_tables_comes_to_its_end():
    """On two digits of each kind. A pool of processes hangs where it is forked from TensorFlow."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.measure.pictures", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "600 x 600 PNG, light on dark" in done.stdout
