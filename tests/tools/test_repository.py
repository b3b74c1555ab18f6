"""The Makefile, and the form of the code."""

import http.server
import os
import shutil
import subprocess
import sys
import threading

import pytest
from conftest import ROOT


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_alone_lists_the_commands():
    out = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True).stdout
    names = "run test lab app check refresh finder judge reader pages experiments bench results"
    for command in (
        *names.split(),
        "wheelhouse",
        "site",
        "slides",
        "badges",
        "fuzz",
        "lint",
        "clean",
    ):
        assert f"make {command} " in out


def test_lint_is_clean():
    for arguments in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "."]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("wheels, asked", [((), True), (("WHEELS=wheels",), False)])
def test_with_a_wheelhouse_no_index_is_asked_for_packages(wheels, asked, tmp_path):
    requests = []

    class Index(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "nothing-1-py3-none-any.whl").touch()
    for name in ("Makefile", "requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/simple"
        index = dict.fromkeys(("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), address)
        command = ["make", "setup", "VENV=.venv", f"PYTHON={sys.executable}", *wheels]
        done = subprocess.run(command, cwd=tmp_path, env=os.environ | index, capture_output=True)
        server.shutdown()
    assert done.returncode and not (tmp_path / ".venv" / "ready").exists()
    assert bool(requests) == asked


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("wheels, said", [("my wheels", "without spaces"), ("none", "no packages")])
def test_a_wheelhouse_that_cannot_be_used_is_told(wheels, said):
    command = ["make", "setup", f"WHEELS={wheels}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and said in done.stderr
