"""The settings of `make lab`."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
from conftest import ROOT
from traitlets.config import PyFileConfigLoader

from tools.execute import NOTEBOOKS

CONFIG = PyFileConfigLoader("lab.py", path=str(ROOT / "tools")).load_config()


def test_saving_keeps_the_metadata_as_they_are_stored():
    """JupyterLab would write the version of the Python that ran the notebook into it."""
    stored = nbformat.read(NOTEBOOKS[0], as_version=4)
    content = nbformat.from_dict(stored)
    content.metadata = {"language_info": {"name": "python", "version": "3.12.1"}, "kernelspec": {}}
    model = {"type": "notebook", "content": content}
    CONFIG.ContentsManager.pre_save_hook(model=model, path="a.ipynb", contents_manager=None)
    assert content.metadata == stored.metadata
    CONFIG.ContentsManager.pre_save_hook(model={"type": "file", "content": "text"}, path="a.txt")


def test_no_news_are_asked_for():
    settings = json.loads((Path(CONFIG.LabApp.app_settings_dir) / "overrides.json").read_text())
    (asked,) = settings.values()
    assert asked == {"fetchNews": "false", "checkForUpdates": False}


def test_it_prints_the_address_and_no_warning():
    makefile = (ROOT / "Makefile").read_text()
    (arguments,) = re.findall(r"^lab:.*\n\t@\$\(PY\) (.+)$", makefile, re.M)
    command = [sys.executable, *shlex.split(arguments), "--no-browser", "--allow-root"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if "127.0.0.1" in line:
                break
    finally:
        process.terminate()
        process.communicate()
    assert "127.0.0.1" in said[-1], said
    assert not [line for line in said if re.search("warn", line, re.I)], said
