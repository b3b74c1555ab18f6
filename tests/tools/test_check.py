"""The pins, and what `make check` says."""

import re
import subprocess
import sys

from conftest import ROOT

from tools import check
from tools.ship import cards


def test_every_package_is_pinned_once_with_a_reason():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+ +# .+", line) for line in packages)
    assert len(check.pins()) == len(packages) >= 10
    environment = (ROOT / "environment.yml").read_text()
    assert "-r requirements.txt" in environment
    assert re.findall(r"\d+\.\d+", environment) == ["3.12"]


def test_doctor_is_content_here():
    """But for memory and disk, which are the machine's."""
    result = subprocess.run(
        [sys.executable, "-m", "tools.check"], cwd=ROOT, capture_output=True, text=True
    )
    lines = [line for line in result.stdout.splitlines() if line.startswith("[")]
    about_the_course = [line for line in lines if " free" not in line]
    assert len(about_the_course) > 20 and len(lines) == len(about_the_course) + 2
    assert all(line.startswith("[ OK ]") for line in about_the_course), result.stdout


def test_doctor_names_what_is_wrong_and_the_remedy(tmp_path, monkeypatch, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "SHA256SUMS").write_text("0" * 64 + "  mnist.npz\n")
    (tmp_path / "data" / "mnist.npz").write_bytes(b"damaged")
    (tmp_path / "requirements.txt").write_text("numpy==0.1\nno-such-package==1.0\n")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    assert check.main() == 1 and set(check.NETWORKS) == set(cards.CARDS)
    out = capsys.readouterr().out
    assert "[FAIL] numpy 0.1 (found: " in out
    assert "[FAIL] no-such-package 1.0 (found: None)" in out
    assert "[FAIL] data/mnist.npz" in out and "-> git checkout -- data/mnist.npz" in out
    assert "[FAIL] models/shipped/cnn.keras" in out and "[FAIL] models/shipped/reader.tflite" in out
    assert "-m pip install -r requirements.txt" in out
