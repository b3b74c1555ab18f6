"""The cells for Colab and Kaggle: with them the notebooks keep their form, and they fetch."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT

from tools import badges
from tools.execute import execute

URL = "https://github.com/you/course"
# What checks the form of the notebooks, and starts no kernel.
STRUCTURAL = (
    *("tests/course/test_notebooks.py", "tests/course/test_hints_and_quiz.py"),
    *("tests/course/test_glossary.py", "tests/tools/test_teaching.py"),
    "tests/course/test_exercises.py::test_there_are_enough_and_each_has_its_solution",
    "tests/tools/test_tables.py::test_tables_are_those_of_the_stored_figures",
)
# Two notebooks stand for all: the cells are the same in each.
LEFT_OUT = (
    "utils_is_found",
    "setup_cell_says",
    *(path.stem for path in badges.NOTEBOOKS if not path.stem.startswith(("01", "06"))),
)
KEPT = " and ".join(f"not {name}" for name in LEFT_OUT)
SETUP = "import sys; sys.path[:0] = ['..']; import utils; print(utils.ROOT.name)"


@pytest.fixture
def notebooks(tmp_path) -> list[Path]:
    """Copies of the first two notebooks, with none of the cells in question."""
    copies = []
    for path in badges.NOTEBOOKS[:2]:
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if not badges.is_online(cell)]
        nbformat.write(notebook, tmp_path / path.name)
        copies.append(tmp_path / path.name)
    return copies


def texts(paths: list[Path]) -> list[str]:
    return [path.read_text("utf-8") for path in paths]


def test_a_second_call_replaces_what_the_first_wrote(notebooks):
    before = texts(notebooks)
    assert badges.main([URL], notebooks) == 0
    first = texts(notebooks)
    assert badges.main([URL + ".git", ""], notebooks) == 0 and texts(notebooks) == first
    assert badges.main(["https://github.com/me/mine/", "dev"], notebooks) == 0
    for path, old in zip(notebooks, before):
        opening, links, fetch, *rest = nbformat.read(path, as_version=4).cells
        place = f"me/mine/blob/dev/notebooks/{path.name}"
        assert f"(https://colab.research.google.com/github/{place})" in links.source
        assert (
            f"(https://kaggle.com/kernels/welcome?src=https://github.com/{place})" in links.source
        )
        assert f"/me/mine/dev?urlpath=lab/tree/notebooks/{path.name})" in links.source
        assert '"https://github.com/me/mine"' in fetch.source and "you/" not in fetch.source
        assert [opening, *rest] == nbformat.reads(old, as_version=4).cells


@pytest.mark.parametrize("url", ["", "course", "https://github.com/you", "https://x.org/you/a b"])
def test_an_address_that_is_none_is_told_what_is_wanted(url, notebooks, capsys):
    before = texts(notebooks)
    assert badges.main([url], notebooks) == 1
    assert capsys.readouterr().err == f"[FAIL] {badges.WANTED}\n"
    assert texts(notebooks) == before


def test_where_one_notebook_is_none_all_stay_as_they_were(notebooks, capsys):
    notebooks[1].write_text("no notebook")
    before = texts(notebooks)
    assert badges.main([URL, "a b"], notebooks) == badges.main([URL], notebooks) == 1
    branch, notebook = capsys.readouterr().err.splitlines()
    assert "'a b' is no name of a branch" in branch and "cannot be read" in notebook
    assert texts(notebooks) == before


def test_with_the_cells_the_notebooks_keep_their_form(tmp_path):
    copy = tmp_path / "course"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "data", "models")
    )
    for folder in ("data", "models"):
        (copy / folder).symlink_to(ROOT / folder)
    done = subprocess.run([sys.executable, "-m", "tools.badges", URL], cwd=copy)
    assert done.returncode == 0
    for command in (
        ["pytest", "-q", "-o", "addopts=", "-k", KEPT, *STRUCTURAL],
        ["ruff", "check", "--no-cache", "notebooks"],
        ["ruff", "format", "--check", "--no-cache", "notebooks"],
    ):
        command = [sys.executable, "-m", *command]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:]


def test_where_the_course_is_the_cell_is_not_run(tmp_path):
    cells = [nbformat.v4.new_code_cell("1 / 0", metadata={"tags": ["online"]})]
    cells += [nbformat.v4.new_code_cell("print(7)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "07_online.ipynb")
    fetch, first = execute(tmp_path / "07_online.ipynb").notebook.cells
    assert fetch.execution_count is None and first.execution_count == 1


@pytest.fixture
def repository(tmp_path) -> str:
    """The address of a local repository with what `import utils` needs."""
    folder = tmp_path / "repository"
    for name in ("reading", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "utils.py", folder)
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    git += ["-c", "commit.gpgsign=false"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "A"]):
        subprocess.run([*git, *command], check=True)
    return folder.as_uri()


def run(code: str, folder: Path, recorder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run Python code in a folder of its own, with a `pip` that only notes what it is asked."""
    recorder.mkdir(exist_ok=True)
    (recorder / "pip.py").write_text(
        "import os, sys\nopen(os.environ['ASKED'], 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
    )
    folder.mkdir(exist_ok=True)
    base = {k: v for k, v in os.environ.items() if not k.startswith(("COLAB_", "KAGGLE_"))}
    base |= {"PYTHONPATH": str(recorder), "ASKED": str(recorder / "asked")}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=folder, env=base | environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("place", ["COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"])
def test_where_the_notebook_lies_alone_the_cell_fetches_the_course(place, repository, tmp_path):
    code = badges.fetching(repository, "main")
    alone, recorder = tmp_path / "alone", tmp_path / "recorder"
    for _ in ("first", "after the kernel was started anew"):
        done = run(f"{code}\n{SETUP}", alone, recorder, **{place: "1"})
        assert done.returncode == 0 and done.stdout == "course\n", done.stderr
    asked = (recorder / "asked").read_text().splitlines()
    assert asked == ["install --quiet optuna ai-edge-litert"] * 2
    # Run again in the same kernel, it finds the course and does nothing.
    done = run(code, alone / "course" / "notebooks", recorder, **{place: "1"})
    assert done.returncode == 0 and len((recorder / "asked").read_text().splitlines()) == 2


def test_on_another_computer_the_cell_does_nothing(tmp_path):
    code = badges.fetching("file:///nowhere", "main")
    done = run(code, tmp_path / "alone", tmp_path / "recorder")
    assert done.returncode == 0 and not any((tmp_path / "alone").iterdir())
    assert not (tmp_path / "recorder" / "asked").exists()
