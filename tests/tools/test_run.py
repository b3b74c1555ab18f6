"""Executing notebooks headless."""

import re
import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT

from tools import execute


def small_notebook(path, *sources):
    cells = list(map(nbformat.v4.new_code_cell, sources))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_a_notebook_of_the_run_trains_where_other_tests_do_not_look(tmp_path):
    path = small_notebook(
        tmp_path / "07_trains.ipynb",
        "import os; print(os.path.basename(os.environ['DIGITS_MODELS']))",
    )
    notebook = nbformat.read(path, as_version=4)
    stored = nbformat.v4.new_output("stream", name="stdout", text="trained\n")
    notebook.cells[0].outputs, notebook.cells[0].execution_count = [stored], 1
    nbformat.write(notebook, path)
    other = "tests/course/test_exercises.py::test_there_are_enough_and_each_has_its_solution"
    command = [sys.executable, "-m", "pytest", "-q", f"--rootdir={ROOT}", "-c", "pyproject.toml"]
    done = subprocess.run([*command, other, path], cwd=ROOT, capture_output=True, text=True)
    assert re.search(r"^2 passed", done.stdout, re.M), done.stdout


def test_a_failing_notebook_is_named_with_cell_and_error(tmp_path):
    path = small_notebook(tmp_path / "07_broken.ipynb", "a = 1", "a / 0")
    message = r"07_broken\.ipynb, code cell 2 of 2: ZeroDivisionError: division by zero"
    with pytest.raises(execute.NotebookError, match=message):
        execute.execute(path)


def test_a_killed_kernel_is_named(tmp_path):
    path = small_notebook(tmp_path / "07_killed.ipynb", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(execute.NotebookError, match=r"code cell 1 of 1: the kernel died"):
        execute.execute(path)


def test_an_execution_is_measured(tmp_path):
    path = small_notebook(tmp_path / "07_good.ipynb", "x = bytearray(200_000_000)", "print(SEED)")
    done = execute.execute(path, change=lambda source: source.replace("SEED", "7"))
    assert done.notebook.cells[1].outputs[0].text == "7\n"
    assert done.peak_memory > 200_000_000 and done.seconds > 0
