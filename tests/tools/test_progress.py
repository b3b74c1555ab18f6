"""Which exercises are done."""

import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT

from tools import progress


def run(folder) -> str:
    command = [sys.executable, "-m", "tools.progress"]
    environment = os.environ | {"DIGITS_MODELS": str(folder)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr
    return done.stdout


def test_what_a_check_finds_right_is_noted_and_reported(models, capsys):
    import utils

    assert "0 of 49" in run(models)
    for answer in (None, 1, 2):  # not begun, wrong, right
        utils.check("1.2", lambda answer=answer: answer, {"it is 2": lambda given: given == 2})
    utils.check("16.3", lambda: 2, {"it is 2": lambda given: given == 2})
    assert json.loads((models / "exercises.json").read_text()) == ["1.2", "16.3"]
    said = run(models)
    assert "\n02 " in said and "1 of 3, left: 1.1, 1.3\n" in said and "2 of 49 exercises" in said


def test_a_wrong_answer_is_not_noted(models, capsys):
    import utils

    utils.check("1.2", lambda: 1, {"it is 2": lambda given: given == 2})
    assert not (models / "exercises.json").exists()


@pytest.mark.parametrize("content", ["", "{", "5", "null"])
def test_a_damaged_file_stops_neither_check_nor_report(content, models, capsys):
    import utils

    models.mkdir()
    (models / "exercises.json").write_text(content)
    utils.check("1.2", lambda: 2, {"it is 2": lambda given: given == 2})
    assert "Exercise 1.2: done." in capsys.readouterr().out
    assert "1 of 49 exercises are done." in run(models)


def test_all_done():
    names = {name for path in progress.NOTEBOOKS for name in progress.exercises_of(path)}
    assert len(names) == 49
    assert "all done" in progress.report(names) and "left" not in progress.report(names)
