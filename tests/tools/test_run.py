"""Executing notebooks headless."""

import os
import re
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from conftest import ROOT

from tools import execute, run


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


# --- Several notebooks ----------------------------------------------------------------------------

HERE = "from pathlib import Path; import os, subprocess, time\n"
# Waits for a file of another notebook; fails where that one does not run meanwhile.
MEET = """
until = time.time() + 60
while not Path("{}").exists():
    assert time.time() < until, "alone"
    time.sleep(0.05)
"""
# Starts a process of its own, says both numbers, and goes on for ever.
ENDLESS = """
child = subprocess.Popen(["sleep", "600"])
Path("draft").write_text(f"{os.getpid()} {child.pid}")
os.rename("draft", "pids")
time.sleep(600)
"""
COMMAND = [sys.executable, "-m", "tools.run"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "notebooks").mkdir()
    return tmp_path / "notebooks"


def run_all(folder, kernels=2, **environment):
    return subprocess.run(
        [*COMMAND, folder, "--kernels", str(kernels)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def running(folder):
    """Those processes of the endless notebook that run."""
    found = []
    for pid in map(int, (folder / "pids").read_text().split()):
        if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            found.append(pid)
    return found


def test_independent_notebooks_run_side_by_side(folder):
    small_notebook(folder / "01_a.ipynb", HERE + "Path('a').touch()" + MEET.format("b"))
    small_notebook(folder / "02_b.ipynb", HERE + "Path('b').touch()" + MEET.format("a"))
    done = run_all(folder)
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"^01_a +\d+\.\d +\d\.\d\d GB\n02_b .*\ntogether .*\nfrom start", done.stdout, re.M
    )
    steps = done.stderr.splitlines()  # nothing but progress: no warnings of libraries
    assert len(steps) == 2 and all(re.search(r"0\d_[ab] +cell  1 of 1$", step) for step in steps)
    kept = folder.with_name("build") / "notebooks"
    assert {path.name for path in kept.iterdir()} == {"01_a.ipynb", "02_b.ipynb"}


def test_a_home_that_cannot_be_written_adds_no_line(folder):
    """Matplotlib would tell on a learner's page where it keeps its files instead, IPython here."""
    source = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport utils, matplotlib.pyplot"
    small_notebook(folder / "01_a.ipynb", source, "print('all is well')")
    done = run_all(folder, HOME="/proc/nowhere", MPLCONFIGDIR="")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"(.*01_a +cell  \d of 2\n){2}", done.stderr)
    kept = folder.with_name("build") / "notebooks" / "01_a.ipynb"
    page = kept.read_text(encoding="utf-8")
    assert "all is well" in page and "nowhere" not in page and "temporary" not in page


def test_one_kernel_runs_them_one_at_a_time(folder):
    for name in "ab":
        source = f"Path('{name}').write_text(f'{{time.time()}} ')"
        more = f"time.sleep(0.5); open('{name}', 'a').write(str(time.time()))"
        small_notebook(folder / f"01_{name}.ipynb", HERE + source, more)
    done = run_all(folder, kernels=1)
    assert done.returncode == 0, done.stderr
    (start_a, end_a), (start_b, end_b) = (
        map(float, (folder / name).read_text().split()) for name in "ab"
    )
    assert end_a < start_b or end_b < start_a


def test_kernels_at_once_fit_cores_and_memory():
    assert run.kernels_at_once(2, 20e9) == 2
    assert run.kernels_at_once(8, 5e9) == 3
    assert run.kernels_at_once(8, 3e9) == 1
    assert run.kernels_at_once(1, 0.5e9) == 1
    assert 0 < run.free_memory() <= psutil.virtual_memory().total


def test_a_notebook_that_loads_a_model_waits_for_the_one_that_saves_it(folder):
    (folder / "utils.py").write_text(
        "import time\nfrom pathlib import Path\n"
        "def save_model(model, name): time.sleep(3); Path(name).touch()\n"
        "def load_model(name): assert Path(name).exists(), name\n"
    )
    small_notebook(folder / "01_saves.ipynb", "import utils", "utils.save_model(0, 'dense')")
    small_notebook(
        folder / "02_loads.ipynb", "import utils", "for n in ['dense']:\n    utils.load_model(n)"
    )
    small_notebook(folder / "03_loads.ipynb", "import utils; utils.load_model('dense')")
    done = run_all(folder)
    assert done.returncode == 0, done.stderr


def test_models_are_found_in_code():
    assert run.models_named("utils.load_model('cnn')", "load_model") == {"cnn"}
    assert run.models_named('save_model(net, "cnn.h5"); x = "dense"', "save_model") == {"cnn.h5"}
    assert run.models_named("map(load_model, ['a', 'b'])", "load_model") == {"a", "b"}
    assert run.models_named("reload_model('a')", "load_model") == set()


@pytest.mark.parametrize("number", ["03", "04", "10"])
def test_the_notebooks_that_make_models_are_found(number):
    import utils

    made = {name for name, notebook in utils.MADE_BY.items() if notebook.startswith(number)}
    (path,) = (path for path in execute.NOTEBOOKS if path.name.startswith(number))
    assert made and made <= run.models_named(run.code_of(path), "save_model")


def test_the_longest_way_starts_first():
    needed = {"long": set(), "saves": set(), "short": set(), "loads": {"saves"}}
    minutes = {"long": 3, "saves": 1, "short": 1, "loads": 2.5}
    assert run.most_urgent_first(needed, minutes) == ["saves", "long", "loads", "short"]


def test_a_failure_is_named_and_ends_the_others(folder):
    small_notebook(folder / "07_broken.ipynb", HERE + MEET.format("pids"), "1 / 0")
    small_notebook(folder / "08_endless.ipynb", HERE + ENDLESS)
    done = run_all(folder)
    assert done.returncode == 1
    message = "[FAIL] 07_broken.ipynb, code cell 2 of 2: ZeroDivisionError: division by zero"
    assert done.stderr.splitlines()[-1] == message
    assert "Traceback" not in done.stderr
    assert running(folder) == []


def test_a_notebook_with_conflict_markers_is_named(folder):
    small_notebook(folder / "01_a.ipynb", "a = 1")
    path = small_notebook(folder / "02_conflict.ipynb", "a = 1")
    path.write_text(path.read_text().replace('"a = 1"', '<<<<<<< HEAD\n"a = 1"'))
    done = run_all(folder)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "[FAIL] 02_conflict.ipynb cannot be read as a notebook" in done.stderr
    assert "conflict markers" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process(folder, number):
    small_notebook(folder / "08_endless.ipynb", HERE + ENDLESS)
    small_notebook(folder / "09_also.ipynb", HERE + "time.sleep(600)")
    command = [*COMMAND, folder, "--kernels", "2"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until = time.time() + 60
    while not (folder / "pids").exists():
        assert process.poll() is None and time.time() < until
        time.sleep(0.05)
    assert len(running(folder)) == 2
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    *steps, last = said.splitlines()
    assert last == "Stopped." and all(" cell " in step for step in steps)
    assert running(folder) == []


def test_a_terminal_shows_one_line_that_rewrites_itself(folder):
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    small_notebook(folder / "01_a.ipynb", "a = 1", "b = 2")
    reader, terminal = pty.openpty()
    assert run_on(terminal, folder) == 0
    said = os.read(reader, 10_000).decode()
    os.close(reader)
    assert "0 of 1 done   01 cell 2/2" in said and "1 of 1 done" in said
    assert said.count("\n") == 1


def run_on(terminal, folder):
    """Run with standard error on a terminal; gives the exit status."""
    command = [*COMMAND, folder]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=terminal, timeout=60)
    os.close(terminal)
    return done.returncode


# --- Without packages -----------------------------------------------------------------------------


@pytest.mark.parametrize("tool", sorted(ROOT.glob("tools/**/*.py")), ids=lambda path: path.stem)
def test_a_tool_without_its_packages_names_one_and_the_remedy(tool):
    """`python -S` finds nothing that was installed, as a learner's other Python does."""
    module = ".".join(tool.relative_to(ROOT).with_suffix("").parts)
    code = "import runpy, sys; runpy.run_module(sys.argv[1], run_name='imported')"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, module], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        assert re.fullmatch(r"The package '\w+' is missing in .*requirements\.txt.*\n", done.stderr)
    else:  # it needs none
        assert tool.name in ("__init__.py", "check.py", "conf.py", "litert.py")
