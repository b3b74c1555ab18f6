"""The tables in README.md, results/RESULTS.md and models/README.md, and the pages' links."""

import re
import subprocess
import sys

import pandas as pd
import pytest
from conftest import ROOT

from tools.ship import cards, tables

PAGES = (
    *("README.md", "TEACHING.md", "GLOSSARY.md", "CONTRIBUTING.md"),
    *("results/RESULTS.md", "models/README.md"),
)
MAX_README_BYTES = 6_000  # a screen and a half


@pytest.mark.parametrize(
    ("page", "filled"),
    [*tables.PAGES.items(), (cards.README, cards.filled)],
    ids=["README", "RESULTS", "TEACHING", "models"],
)
def test_tables_are_those_of_the_stored_figures(page, filled):
    text = page.read_text(encoding="utf-8")
    assert filled(text) == text


def test_every_measured_table_is_shown():
    shown = {name for block in tables.IN_RESULTS.values() for name in block.files}
    assert shown == {path.stem for path in tables.RESULTS.glob("*.csv")}


def test_a_page_without_a_block_is_told_which():
    with pytest.raises(ValueError, match="one block <!-- seeds -->"):
        tables.with_block("<!-- race --> <!-- end -->", "seeds", "")


def test_a_page_whose_block_fails_stays_as_it_was(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- race --> old <!-- end -->", encoding="utf-8")
    with pytest.raises(ValueError, match="one block"):
        tables.rewrite(page, lambda text: tables.with_block(text, "seeds", "new"))
    assert page.read_text(encoding="utf-8") == "<!-- race --> old <!-- end -->"
    tables.rewrite(page, lambda text: tables.with_block(text, "race", "new"))
    assert page.read_text(encoding="utf-8") == "<!-- race -->\nnew\n<!-- end -->"


def test_a_cell_is_a_dash_where_nothing_was_measured():
    frame = pd.DataFrame({"name": ["a", "b"], "bytes": [1234567, None], "share": [0.5, None]})
    columns = {
        "network": tables.as_is("name"),
        "kB": tables.number("bytes", unit=1000),
        "right": tables.share("share", 1),
    }
    expected = "| network | kB | right |\n|---|---|---|\n| a | 1,235 | 50.0 % |\n| b | – | – |"
    assert tables.table(frame, columns) == expected


def test_picture_and_pages_are_made_without_tensorflow(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tools.ship import tables; "
        "tables.draw_picture(Path(sys.argv[1])); "
        "[change(page.read_text(encoding='utf-8')) for page, change in tables.PAGES.items()]; "
        "assert 'tensorflow' not in sys.modules"
    )
    picture = tmp_path / "images" / "reading.png"
    subprocess.run([sys.executable, "-c", code, str(picture)], cwd=ROOT, check=True)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_pictures_of_one_digit_are_counted_together():
    columns = ["group", "pictures", "exact", "the usual way"]
    rows = [("scans", 30, 1.0, 0.5), ("crops", 10, 0.6, 0.1), ("pairs", 50, 0.2, None)]
    what, ours, usual = tables.unseen_digits(pd.DataFrame(rows, columns=columns))
    assert what.startswith("40 ")
    assert ours.startswith("90.0 % (") and usual.endswith(" 40.0 %")


def test_an_aim_is_reached_only_if_all_trainings_together_reach_it():
    assert tables.aim_reached(0.9966, 0.9965, 0.9965) == "yes"
    assert tables.aim_reached(0.9966, 0.9964, 0.9965) == "by those that ship only"
    assert tables.aim_reached(0.9964, 0.9966, 0.9965) == "no"


def test_minutes_that_a_notebook_promises_are_those_of_the_stored_figures():
    for row in pd.read_csv(ROOT / "results/times.csv").itertuples():
        text = (ROOT / "notebooks" / f"{row.notebook}.ipynb").read_text(encoding="utf-8")
        (promised,) = re.findall(r"About (?:\d+ to )?(\d+|half a) minutes?", text)
        longest = float(promised.replace("half a", "0.5"))
        assert 0.9 * row.minutes <= longest <= 2 * row.minutes + 0.5, row.notebook


def test_the_readme_stays_short():
    assert (ROOT / "README.md").stat().st_size <= MAX_README_BYTES


def anchors(text: str) -> set[str]:
    """What `#...` may name: headings in lower case, without punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    path = ROOT / page
    targets = re.findall(r"\]\(([^):]+)\)", path.read_text(encoding="utf-8"))
    assert targets
    for target in targets:
        file, _, anchor = target.partition("#")
        place = path.parent / file if file else path
        assert place.exists(), target
        if anchor:
            assert anchor in anchors(place.read_text(encoding="utf-8")), target
