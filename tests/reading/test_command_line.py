"""The command line: python -m reading."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from pictures import SAMPLES, read

from reading import __main__ as command_line
from reading import read_digits


def run_cli(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "reading", *arguments], cwd=ROOT, capture_output=True, text=True
    )


def test_command_line():
    result = run_cli("data/samples/pin.jpg", "README.md", "data/samples/chalk.jpg")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 2 and lines[0].startswith("data/samples/pin.jpg: ")
    assert lines[0].count("%") == 4
    assert result.stderr.startswith("README.md is no picture") and "Traceback" not in result.stderr


def test_command_line_names_the_damaged_file(tmp_path):
    path = tmp_path / "half.jpg"
    path.write_bytes((SAMPLES / "pin.jpg").read_bytes()[:5000])
    result = run_cli(str(path), "data/samples/chalk.jpg")
    assert result.stderr.startswith(f"{path} cannot be decoded")
    assert result.stdout.startswith("data/samples/chalk.jpg: ")


def test_command_line_finds_what_a_pattern_means(tmp_path, capsys):
    for name in ("2.jpg", "10.jpg", "a[2].jpg", "a2.jpg", "b2.jpg"):
        (tmp_path / name).write_bytes(b"no picture")
    same = [(name, name) for name in ("a[2].jpg", "b[2].jpg", "*.png")]
    for pattern, named in [("*0.jpg", "10.jpg"), *same]:
        assert command_line.main([str(tmp_path / pattern)]) == 1
        (problem,) = capsys.readouterr().err.splitlines()
        assert named in problem
    assert command_line.main([str(tmp_path / "*.jpg")]) == 1
    problems = capsys.readouterr().err.splitlines()
    assert len(problems) == 5 and "10.jpg" in problems[0]


def test_command_line_json():
    result = run_cli("--json", "data/samples/pin.jpg", "nowhere.png")
    good, bad = map(json.loads, result.stdout.splitlines())
    assert len(good["digits"]) == 4 and good["error"] is None
    assert set(good["digits"][0]) == {"digit", "probability", "box"}
    assert bad["digits"] == [] and "Cannot read nowhere.png" in bad["error"]
    assert result.stderr == "" and result.returncode == 1


def test_command_line_prints_a_name_that_is_no_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.png"
    Path(os.fsdecode(path)).write_bytes((SAMPLES / "inverted.png").read_bytes())
    result = run_cli(os.fsdecode(path))
    assert result.returncode == 0 and r"\udcff.png: " in result.stdout


# --- CSV ---


def test_command_line_csv(tmp_path):
    target = tmp_path / "new" / "predictions.csv"
    pictures = ["data/samples/pin.jpg", "README.md", "data/samples/inverted.png"]
    result = run_cli(*pictures, "--csv", str(target))
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr == f"1 of 3 pictures could not be read, see {target}.\n"
    table = pd.read_csv(target, dtype={"digits": str}, keep_default_na=False)
    assert list(table) == ["picture", "digits", "lowest probability", "problem"]
    assert list(table["picture"]) == pictures
    assert list(table["digits"]) == [read(pictures[0]), "", read(pictures[2])]
    lowest = min(d.probability for d in read_digits(pictures[0]))
    assert float(table["lowest probability"][0]) == pytest.approx(lowest, abs=1e-5)
    assert table["lowest probability"][1] == ""
    assert table["problem"][0] == table["problem"][2] == ""
    assert table["problem"][1].startswith("README.md is no picture")
    assert [path.name for path in target.parent.iterdir()] == ["predictions.csv"]


def test_command_line_csv_of_good_pictures_is_silent(tmp_path, capsys):
    target = tmp_path / "predictions.csv"
    assert command_line.main([str(SAMPLES / "pin.jpg"), "--csv", str(target)]) == 0
    assert len(pd.read_csv(target)) == 1
    assert capsys.readouterr() == ("", "")


def test_csv_takes_a_name_that_is_no_text(tmp_path, capsys):
    target = tmp_path / "predictions.csv"
    assert command_line.main(["bad\udcff.png", "--csv", str(target)]) == 1
    assert "bad\\udcff.png" in target.read_text(encoding="utf-8")


def test_csv_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "predictions.csv"
    target.write_text("as it was")

    def interrupted(picture):
        raise KeyboardInterrupt

    monkeypatch.setattr("reading.read.read_digits", interrupted)
    with pytest.raises(KeyboardInterrupt):
        command_line.main(["a.png", "--csv", str(target)])
    assert target.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", [".", "file/predictions.csv"])
def test_a_csv_that_cannot_be_written_is_said_before_reading(tmp_path, monkeypatch, capsys, name):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(
        "reading.read.read_digits", lambda picture: pytest.fail("a picture was read")
    )
    target = tmp_path / name
    assert command_line.main(["a.png", "--csv", str(target)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"Cannot write {target}: ")


def test_csv_and_json_exclude_each_other(capsys):
    with pytest.raises(SystemExit, match="2"):
        command_line.main(["a.png", "--json", "--csv", "predictions.csv"])
    assert "--csv: not allowed with argument --json" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("count", "stream", "shown"),
    [(21, Terminal, True), (20, Terminal, False), (21, io.StringIO, False)],
)
def test_many_pictures_get_a_line_of_progress_on_a_terminal(
    tmp_path, monkeypatch, capsys, count, stream, shown
):
    monkeypatch.setattr("reading.read.read_digits", lambda picture: [])
    monkeypatch.setattr(sys, "stderr", stream())
    assert command_line.main(["a.png"] * count + ["--csv", str(tmp_path / "predictions.csv")]) == 0
    assert (f"{count}/{count}" in sys.stderr.getvalue()) is shown
    assert len(pd.read_csv(tmp_path / "predictions.csv")) == count
    assert capsys.readouterr().out == ""


# --- how it ends ---


def test_whoever_has_read_enough_ends_it_quietly():
    """As `... | head -1` does."""
    command = [sys.executable, "-m", "reading", *["data/samples/pin.jpg"] * 40]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline().startswith(b"data/samples/pin.jpg: ")
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal")
def test_an_interrupt_is_one_line():
    command = [sys.executable, "-u", "-m", "reading", *["data/samples/pin.jpg"] * 4000]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Stopped.\n")
