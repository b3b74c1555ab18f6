"""The teacher's guide: its timetables are counted, and what it says of a notebook is there."""

import re

import nbformat
import pandas as pd
import pytest
from conftest import ROOT

from tools.execute import NOTEBOOKS
from tools.teaching import GUIDE, PAUSE_MINUTES, QUIZ_MINUTES, exercise_minutes, needed

TEXT = GUIDE.read_text(encoding="utf-8")
NUMBERS = [path.stem[:2] for path in NOTEBOOKS]
TIMETABLES = "Half a day", "Two days", "A term of ten weeks"


def section(title: str) -> str:
    """What stands below a heading of the third level, up to the next heading."""
    return re.search(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", TEXT, flags=re.M | re.S)[1]


def rows(table: str) -> list[list[str]]:
    """The cells of a Markdown table, without its head."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.fixture(scope="module")
def minutes() -> pd.DataFrame:
    return needed(pd.read_csv(ROOT / "results" / "times.csv"), TEXT)


def needed_for(what: str, minutes: pd.DataFrame) -> float:
    """Minutes of what a row of a timetable names."""
    total = 0.0
    for part in map(str.strip, what.split(";")):
        if part in NUMBERS:
            total += minutes.loc[part, ["reading", "running"]].sum() + PAUSE_MINUTES
        elif part.startswith("exercise"):
            total += sum(exercise_minutes(TEXT)[name] for name in re.findall(r"\d+\.\d", part))
        elif part == "quiz":
            total += QUIZ_MINUTES
        else:  # a break, a bridge, a talk; not something that was meant to count
            assert not re.match(r"\d|ex|qui", part, flags=re.I), part
    return total


@pytest.mark.parametrize("title", TIMETABLES)
def test_what_a_timetable_plans_fits_into_its_minutes(title, minutes):
    planned = rows(section(title))
    assert len(planned) >= 6
    for at, given, what in planned:
        assert needed_for(what, minutes) <= int(given), f"{title}, {at}: {what}"


@pytest.mark.parametrize("title", TIMETABLES)
def test_what_a_notebook_builds_on_comes_before_it_or_has_a_bridge(title):
    seen = set()
    for _, _, what in rows(section(title)):
        seen |= set(re.findall(r"(?<![\d.])\d\d(?![\d.])", what))
        for number in set(map(str.strip, what.split(";"))) & set(NUMBERS):
            assert built_on()[number] <= seen, f"{title}: {what}"


@pytest.mark.parametrize("title", TIMETABLES[:2])
def test_a_timetable_has_no_gap(title):
    clock = None
    for at, given, _ in rows(section(title)):
        hours, at_minutes = map(int, at.split()[-1].split(":"))
        assert clock in (None, 60 * hours + at_minutes) or at.startswith("day")
        clock = 60 * hours + at_minutes + int(given)


def test_a_full_row_does_not_fit(minutes):
    assert needed_for("01; exercises 1.1, 1.2, 1.3; quiz", minutes) > 60
    assert needed_for("Lunch", minutes) == 0


def test_all_exercises_have_minutes():
    tasks = [
        name
        for path in NOTEBOOKS
        for name in re.findall(r"### Exercise (\d+\.\d)", path.read_text(encoding="utf-8"))
    ]
    assert sorted(exercise_minutes(TEXT)) == sorted(tasks)


def built_on() -> dict[str, set[str]]:
    """For each notebook, by its number, those that it builds on."""
    table = TEXT.split("## What builds on what")[1].split("\n## ")[0]
    return {number: set(re.findall(r"\d\d", others)) for number, others in rows(table)}


def test_what_builds_on_what_is_what_the_notebooks_say():
    said = built_on()
    assert list(said) == NUMBERS
    for path in NOTEBOOKS[1:]:
        needs = nbformat.read(path, as_version=4).cells[0].source.split("What you'll need")[1]
        linked = {other for other in re.findall(r"\]\((\d\d)_", needs) if other < path.stem[:2]}
        assert linked == said[path.stem[:2]], path.stem


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NUMBERS)
def test_each_notebook_has_its_guide(path):
    notebook = nbformat.read(path, as_version=4)
    title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
    guide = section(f"{path.stem[:2]} {title}")
    for part in ("Questions", "Objectives", "Key points", "Pause at", "skip", "Exercises"):
        assert re.search(rf"\*\*{part}\b", guide, flags=re.I), part
    headings = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    pauses = re.search(r"\*\*Pause at\*\* .+", guide)[0]
    for quoted in re.findall(r'(?:Pause at|again at|\*\*[Ss]kip\*\*)\W+"([^"]+)"', pauses):
        assert re.search(rf"^##+ {re.escape(quoted)}", headings, flags=re.M), quoted


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NUMBERS)
def test_what_learners_get_wrong_has_a_question_and_an_answer(path):
    guide = TEXT.split(f"### {path.stem[:2]} ")[1].split("\n### ")[0]
    wrong = [line for line in guide.splitlines() if line.startswith('- *"')]
    assert len(wrong) >= 4
    for line in wrong:
        assert re.fullmatch(r'- \*".+"\* Ask: .+\? .*Answer: .+', line), line
