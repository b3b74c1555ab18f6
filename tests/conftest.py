"""Settings of the test run; pytest reads this before it collects anything."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "data")]

# The notebooks train into a folder of the test run, so that models which you trained stay yours.
# Processes that share the run (pytest -n 2) inherit it from the first one.
_folder = None
if "PYTEST_XDIST_WORKER" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="digits-models-")
    os.environ["DIGITS_MODELS"] = _folder.name


def pytest_collection_modifyitems(items: list) -> None:
    """Give slow machines time between two outputs of a cell; nbval's own 5 s are few."""
    for item in items:
        if hasattr(item, "output_timeout"):
            item.output_timeout = 60


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell the other processes of the run whether it is the whole suite."""
    node.workerinput["whole suite"] = is_whole_suite(node.config)


def is_whole_suite(config: pytest.Config) -> bool:
    if hasattr(config, "workerinput"):
        return config.workerinput["whole suite"]
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS


def pytest_unconfigure() -> None:
    if _folder:
        _folder.cleanup()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models/ folder for one test."""
    import utils

    monkeypatch.setattr(utils, "MODELS", tmp_path / "models")
    return tmp_path / "models"
