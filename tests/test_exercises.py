"""Every exercise: its check says "not done yet" on the stub, and "done" on the solution."""

import re

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient
from test_notebooks import NAMES, NOTEBOOKS, is_heading

SOLUTIONS = ROOT / "notebooks" / "solutions"


def exercise_cells(path) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """The set-up cells, and number -> (stub, check) of each exercise of a notebook."""
    cells = nbformat.read(path, as_version=4).cells
    start = next(i for i, cell in enumerate(cells) if is_heading(cell, "## Exercises"))
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    sources = [cell.source for cell in cells[start:] if cell.cell_type == "code"]
    exercises = {}
    for stub, check in zip(sources[1::2], sources[2::2], strict=True):
        solution = re.match(r"# %load solutions/(\d\d_\d)\.py\n", stub)[1]
        exercises[solution] = (stub, check)
    return [first, sources[0]], exercises


def printed(cell) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_stub_is_not_done_and_solution_is(path):
    setup, exercises = exercise_cells(path)
    sources = list(setup)
    for name, (stub, check) in exercises.items():
        sources += [stub, check, (SOLUTIONS / f"{name}.py").read_text(), check]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    # A cell that raises, the untouched stub's or its check's among them, fails the test here.
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    cells = notebook.cells[len(setup) :]
    for i, name in enumerate(exercises):
        number = f"{int(name[:2])}.{name[3:]}"
        on_stub, on_solution = printed(cells[4 * i + 1]), printed(cells[4 * i + 3])
        assert on_stub == f"Exercise {number}: not done yet.\n"
        assert on_solution.endswith(f"Exercise {number}: done.\n"), on_solution


def test_there_are_enough_and_each_has_its_solution():
    names = [name for path in NOTEBOOKS for name in exercise_cells(path)[1]]
    assert len(names) == len(set(names)) >= 15
    assert set(names) == {path.stem for path in SOLUTIONS.glob("*.py")}


def test_check_speaks(capsys):
    """What a learner reads for an answer that raises, is half right, or has the wrong form."""
    import utils

    tests = {"it is 4": lambda a: a == 4, "it is even": lambda a: a % 2 == 0}
    utils.check("9.1", lambda: 1 / 0, tests)
    utils.check("9.1", lambda: 6, tests)
    utils.check("9.1", lambda: "four", tests)
    utils.check("9.1", lambda: 4, tests)
    raised, half, wrong, right = re.split(r"(?<=Exercise 9.1: )", capsys.readouterr().out)[1:]
    assert raised.startswith("your code raised ZeroDivisionError: division by zero\n")
    assert "[ -- ] it is 4\n[ OK ] it is even" in raised and half.startswith("not right yet.")
    assert "[ -- ] it is even (TypeError" in half and wrong.startswith("not right yet.")
    assert right == "done.\n"
