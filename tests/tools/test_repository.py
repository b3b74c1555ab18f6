"""The Makefile, and the form of the code."""

import shutil
import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_alone_lists_the_commands():
    out = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True).stdout
    names = "run test lab app check refresh finder judge reader pages experiments bench results"
    for command in (*names.split(), "fuzz", "lint", "clean"):
        assert f"make {command} " in out


def test_lint_is_clean():
    for arguments in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "."]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout
