"""The pictures that people made, and what the README says of them."""

import re

import pandas as pd
import pytest
import reading
from conftest import ROOT
from PIL import Image

FOLDER = ROOT / "data" / "people"


def test_the_readme_beside_them_counts_them():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.M))
    found = {
        folder.name: len([*folder.iterdir()]) for folder in FOLDER.iterdir() if folder.is_dir()
    }
    assert {name: int(number) for name, number in listed.items()} == found
    assert set(reading.PEOPLE) == set(found)
    (total, one, two, none) = re.search(
        r"^(\d+) pictures .* (\d+) of one digit, (\d+) of two, and (\d+) in", text, re.M
    ).groups()
    assert int(total) == sum(found.values())
    assert int(one) == found["scans"] + found["crops"] + found["drawings"]
    assert (int(two), int(none)) == (found["pairs"], found["no_digits"])
    for page in ("README.md", "data/people/README.md"):
        assert f"{total} pictures" in (ROOT / page).read_text(encoding="utf-8")


def test_each_name_says_what_is_written():
    for path in FOLDER.glob("*/*"):
        digits = {"pairs": r"\d\d", "no_digits": r"[a-z]+(-[A-Za-z]+)?"}.get(
            path.parent.name, r"\d"
        )
        assert re.fullmatch(digits + r"_\d{3}", path.stem), path
        with Image.open(path) as picture:
            assert picture.format == {".jpg": "JPEG", ".png": "PNG"}[path.suffix]


@pytest.fixture(scope="module")
def measured():
    return reading.by_people().set_index("what")


def test_they_are_read_as_the_readme_says(measured):
    stored = pd.read_csv(ROOT / "models/shipped/people.csv", index_col="what")
    assert list(stored.index) == list(measured.index)
    assert (stored["number"] == measured["number"]).all()
    for column in ("share", "the usual way"):
        differences = (stored[column] - measured[column]).abs() * stored["number"]
        # Another processor may round one picture's probabilities to the other side.
        assert differences.fillna(0).max() < 1.01, column
