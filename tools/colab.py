"""Run all notebooks with the versions that Colab and Kaggle have, in an environment of its own.

    python -m tools.colab [PYTHON]

makes build/colab/ from tools/colab.txt with PYTHON (a Python 3.13; without it, this one, or
python3.13), adds what those two lack, and calls tools/run.py there. Models go to
build/colab-models/.
"""

import os
import shutil
import subprocess
import sys

from reading.files import ROOT

LACKING = ("optuna", "ai-edge-litert")  # the notebooks that need them say so in their first cell
RUNNING = ("nbclient", "nbconvert", "psutil")  # for tools/run.py
FOLDER = ROOT / "build" / "colab"


def main(arguments: list[str]) -> int:
    python = arguments[0] if arguments else sys.executable
    if not arguments and sys.version_info[:2] != (3, 13):
        python = shutil.which("python3.13")
    if not python:
        print("[FAIL] Colab has Python 3.13; name one: python -m tools.colab /path/to/python3.13")
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    subprocess.run([python, "-m", "venv", FOLDER], check=True)
    inside = FOLDER / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    packages = ["-r", ROOT / "tools" / "colab.txt", *LACKING, *RUNNING]
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([inside, "-m", "pip", "install", *quiet, *packages], check=True)
    environment = os.environ | {"DIGITS_MODELS": str(ROOT / "build" / "colab-models")}
    return subprocess.run([inside, "-m", "tools.run"], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
