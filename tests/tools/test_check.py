"""The pins, and what `make check` says."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT

from tools import check
from tools.ship import cards, manifest


def test_every_package_is_pinned_once_with_a_reason():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+ +# .+", line) for line in packages)
    assert len(check.pins()) == len(packages) >= 10
    environment = (ROOT / "environment.yml").read_text()
    assert "-r requirements.txt" in environment and "-c constraints.txt" in environment
    assert re.findall(r"\d+\.\d+", environment) == ["3.12"]


def test_every_package_that_gets_installed_is_locked():
    locked = check.pins("constraints.txt")
    assert check.pins().items() <= locked.items()
    assert check.needed(list(check.pins())) - locked.keys() == set()
    assert len(locked) > 100


def test_the_lock_holds_for_other_systems_and_pythons():
    text = (ROOT / "constraints.txt").read_text()
    for condition in ("sys_platform == 'win32'", "sys_platform == 'darwin'"):
        assert condition in text


def test_a_package_that_the_lock_lacks_is_found(tmp_path, monkeypatch):
    (tmp_path / "requirements.txt").write_text((ROOT / "requirements.txt").read_text())
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    less = [line for line in lines if not line.startswith("tornado==")]
    assert len(less) == len(lines) - 1
    (tmp_path / "constraints.txt").write_text("\n".join(less))
    monkeypatch.setattr(check, "ROOT", tmp_path)
    failed = [(what, remedy) for holds, what, remedy in check.packages() if not holds]
    assert failed == [("tornado is not in constraints.txt", "make lock")]


def test_a_package_of_another_version_is_found(tmp_path, monkeypatch):
    for name in ("requirements.txt", "constraints.txt"):
        text = (ROOT / name).read_text()
        (tmp_path / name).write_text(re.sub(r"^tornado==.*$", "tornado==0.1", text, flags=re.M))
    monkeypatch.setattr(check, "ROOT", tmp_path)
    ((what, remedy),) = ((w, r) for holds, w, r in check.packages() if not holds)
    assert what.startswith("tornado 0.1 (found: ") and "-c constraints.txt" in remedy


def test_the_manifest_is_that_of_the_files_that_ship():
    text = (ROOT / check.MANIFEST).read_text(encoding="utf-8")
    assert text == manifest.manifest(), "run: python -m tools.ship.manifest"
    names = {line.split("  ")[1] for line in text.splitlines()}
    assert {f"models/shipped/{name}.keras" for name in check.NETWORKS} <= names
    assert {f"models/shipped/{name}.tflite" for name in check.AS_LITERT} <= names
    assert set(check.NETWORKS) == set(cards.CARDS)


def test_doctor_is_content_here():
    """But for memory and disk, which are the machine's."""
    result = subprocess.run(
        [sys.executable, "-m", "tools.check"], cwd=ROOT, capture_output=True, text=True
    )
    lines = [line for line in result.stdout.splitlines() if line.startswith("[")]
    about_the_course = [line for line in lines if " free" not in line]
    assert len(about_the_course) == 5 and len(lines) == 7
    assert all(line.startswith("[ OK ]") for line in about_the_course), result.stdout


@pytest.mark.parametrize("damage", ["empty", "missing"])
@pytest.mark.parametrize(
    "name", ["models/shipped/cnn.keras", "models/shipped/reader.tflite", "results/times.csv"]
)
def test_a_damaged_file_is_named_with_its_remedy(tmp_path, monkeypatch, name, damage):
    digest = check.hashlib.sha256(b"whole").hexdigest()
    lines = []
    for file in (name, "data/other.png"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(b"whole")
        lines.append(f"{digest}  {file}")
    (tmp_path / check.MANIFEST).parent.mkdir(parents=True)
    (tmp_path / check.MANIFEST).write_text("\n".join(lines))
    monkeypatch.setattr(check, "ROOT", tmp_path)
    assert all(holds for holds, _, _ in check.files())
    (tmp_path / name).unlink()
    if damage == "empty":
        (tmp_path / name).touch()
    ((what, remedy),) = ((w, r) for holds, w, r in check.files() if not holds)
    assert what.startswith(name) and name in remedy


def test_a_folder_that_cannot_be_written_is_found(tmp_path):
    assert check.can_write(tmp_path / "new")
    (tmp_path / "file").touch()
    assert not check.can_write(tmp_path / "file")


def test_doctor_counts_what_is_wrong(monkeypatch, capsys):
    monkeypatch.setattr(check, "findings", lambda: [(True, "a", ""), (False, "b", "mend b")])
    assert check.main() == 1
    assert (
        capsys.readouterr().out
        == "[ OK ] a\n[FAIL] b\n       -> mend b\n1 to fix, see the arrows.\n"
    )


def test_an_old_python_is_named(tmp_path):
    """Its first lines run there; nothing behind them does."""
    source = (ROOT / "tools" / "check.py").read_text()
    old = source.replace("sys.version_info < (3, 11)", "(3, 8, 1) < (3, 11)").replace(
        "% sys.version_info[:2]", "% (3, 8)"
    )
    code = old.replace("import hashlib", "raise RuntimeError")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1 and result.stderr == ""
    assert result.stdout.startswith("[FAIL] This is Python 3.8; the course needs 3.11")
