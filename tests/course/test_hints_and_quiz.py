"""The hints of the exercises, and the quiz at the end of each notebook."""

import re

import nbformat
import pytest
from test_notebooks import NAMES, NOTEBOOKS

from tools.hints import SOLUTIONS, code_of, hints_of, with_hints

MIN_SAID = 25  # characters of a hint, a question, an explanation
# Figures in a quiz that the notebook has to hold as well; what is smaller is counted on fingers.
FIGURE = re.compile(r"\d+\.\d+|\d{2,}")
MAX_COUNTED = 12


@pytest.fixture(params=NOTEBOOKS, ids=NAMES)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


# --- Hints ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*.py")), ids=lambda path: path.stem)
def test_each_exercise_has_two_hints_and_none_is_the_solution(path):
    text = path.read_text("utf-8")
    hints = hints_of(text)
    assert len(hints) == 2 and min(map(len, hints)) >= MIN_SAID
    assert "Hint" not in code_of(text)
    lines = [" ".join(line.split()) for line in code_of(text).splitlines()]
    for line in lines:
        if len(line) >= MIN_SAID and not line.startswith(("def ", "#")):
            assert not any(line in hint for hint in hints), line


def test_the_notebooks_show_the_hints_of_the_solutions(notebook):
    stored = [cell.source for cell in notebook.cells]
    assert [cell.source for cell in with_hints(notebook).cells] == stored


def test_hints_of_a_text():
    text = "# Hint 1: Look\n# there.\n# Hint 2: Call `f`.\n\n# y\nx = 1\n"
    assert hints_of(text) == ["Look there.", "Call `f`."]
    assert code_of(text) == "# y\nx = 1\n"


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
