"""The hints of the exercises, and the quiz at the end of each notebook."""

import re
import sys
from types import SimpleNamespace

import pytest
from test_notebooks import NAMES, NOTEBOOKS, course_of

from tools.hints import SOLUTIONS, hints_of, solution_file, with_hints

MAX_TOLD = 0.75  # share of the words of a solution that one hint may name
MIN_SAID = 25  # characters of a hint, a question, an explanation
# Figures in a quiz that the notebook has to hold as well; what is smaller is counted on fingers.
FIGURE = re.compile(r"\d+\.\d+|\d{2,}")
MAX_COUNTED = 12


@pytest.fixture(params=NOTEBOOKS, ids=NAMES)
def notebook(request):
    return course_of(request.param)


# --- Hints ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*.py")), ids=lambda path: path.stem)
def test_each_solution_begins_with_two_hints(path):
    text = path.read_text("utf-8")
    hints = hints_of(text)
    assert len(hints) == 2 and min(map(len, hints)) >= MIN_SAID
    assert "Hint" not in text.split("\n\n", 1)[1]


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*.py")), ids=lambda path: path.stem)
def test_no_hint_is_the_solution(path):
    """Of the names and numbers of the code, a hint leaves some to be found."""
    text = path.read_text("utf-8")
    code = re.sub(r"#.*", "", text.split("\n\n", 1)[1])
    words = set(re.findall(r"[\w.]+", code)) - {"def", "return", "for", "in", "if", "else"}
    for hint in hints_of(text):
        told = {word for word in words if re.search(rf"(?<![\w.]){re.escape(word)}(?![\w])", hint)}
        assert len(told) <= MAX_TOLD * len(words), sorted(told)


def test_below_each_exercise_stand_the_hints_of_its_solution(notebook):
    text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    tasks = re.split(r"^### Exercise (?=\d)", text, flags=re.M)[1:]
    assert 2 <= len(tasks) <= 4
    for task in tasks:
        for hint in hints_of(solution_file(task.split(":")[0]).read_text("utf-8")):
            assert task.count(hint) == 1, task


def test_the_hints_are_written_as_they_are_stored(notebook):
    stored = [cell.source for cell in notebook.cells]
    assert [cell.source for cell in with_hints(notebook).cells] == stored


def test_hints_of_a_text():
    text = "# Hint 1: Look\n# there.\n# Hint 2: Call `f`.\n\n# y\nx = 1\n"
    assert hints_of(text) == ["Look there.", "Call `f`."]
    assert hints_of("# y\nx = 1\n\ny = 2\n") == []


@pytest.mark.parametrize("hints", ["", "# Hint 1: a\n# b.\n# Hint 2: c.\n\n"])
def test_a_solution_is_shown_whole_and_without_its_hints(hints, tmp_path, monkeypatch, capsys):
    import utils

    code = "# Why\nfirst = 1\n\nsecond = first + 1\n"
    (tmp_path / "notebooks" / "solutions").mkdir(parents=True)
    (tmp_path / "notebooks" / "solutions" / "01_9.py").write_text(hints + code)
    shown, names = [], {}
    monkeypatch.setattr(utils, "ROOT", tmp_path)
    monkeypatch.setattr(utils, "display", lambda what: shown.append(what.data))
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__dict__=names))
    monkeypatch.setattr(utils, "vars", lambda module: names, raising=False)
    utils.solution("1.9", show=True)
    assert shown == [code] and names["second"] == 2


# --- Quiz -----------------------------------------------------------------------------------------


def questions(notebook) -> list[str]:
    """The cells with a question."""
    return [c.source for c in notebook.cells if c.id.startswith("quiz-question")]


def choices(question: str) -> list[tuple[str, str]]:
    """Each choice of a question with its explanation."""
    return re.findall(
        r"<details><summary>(.+?)</summary>\n\n(.+?)\n\n</details>", question, flags=re.S
    )


def rest_of(notebook) -> str:
    """What a notebook says, shows and computes outside its quiz."""
    parts = []
    for cell in notebook.cells:
        if not cell.id.startswith("quiz-question"):
            parts.append(cell.source)
            for output in cell.get("outputs", []):
                parts += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
    return "\n".join(parts)


def test_each_notebook_has_a_quiz(notebook):
    asked = questions(notebook)
    assert 4 <= len(asked) <= 6
    assert [text.startswith(f"**{n}. ") for n, text in enumerate(asked, 1)] == [True] * len(asked)
    rights = [
        [explanation.startswith("**Right.**") for _, explanation in choices(question)].index(True)
        for question in asked
    ]
    assert len(set(rights)) > 1, "the right answer always stands at the same place"


def test_one_choice_is_right_and_each_is_explained(notebook):
    for question in questions(notebook):
        offered = choices(question)
        assert 3 <= len(offered) <= 4, question
        assert question.count("<details>") == question.count("</details>") == len(offered)
        assert [text[:3] for text, _ in offered] == ["a. ", "b. ", "c. ", "d. "][: len(offered)]
        assert len({text[3:] for text, _ in offered}) == len(offered)
        starts = [re.match(r"\*\*Right\.\*\* |No\. ", explanation)[0] for _, explanation in offered]
        assert starts.count("**Right.** ") == 1, question
        assert all(len(e) - len(s) >= MIN_SAID for (_, e), s in zip(offered, starts))


def figures_of(text: str) -> set[float]:
    """The numbers in a text; thousands may be set apart, as in 60,000 and 60_000."""
    text = re.sub(r"(?<=\d)[,_](?=\d{3})", "", text)
    return {float(figure) for figure in FIGURE.findall(text)}


def test_figures_of_a_quiz_stand_in_its_notebook(notebook):
    known = figures_of(rest_of(notebook))
    for question in questions(notebook):
        unknown = {f for f in figures_of(question) if f > MAX_COUNTED or f % 1} - known
        assert not unknown, f"{unknown} in {question}"
