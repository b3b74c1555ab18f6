"""Settings of the test run; pytest reads this before it collects anything."""

import os
import sys
import tempfile
from pathlib import Path

import nbval.kernel
import pytest
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "data")]

# The notebooks train into a folder of the test run, so that models which you trained stay yours.
# The other tests see no trained models, only those that ship.
# Processes that share the run (pytest -n 2) inherit the folder from the first one.
_folder = None
if "PYTEST_XDIST_WORKER" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="digits-models-")
    os.environ["DIGITS_MODELS"] = str(Path(_folder.name) / "none")
    os.environ["DIGITS_MINE"] = str(Path(_folder.name) / "mine")  # nor digits that you have kept
NONE = Path(os.environ["DIGITS_MODELS"])
TRAINED = NONE.with_name("trained")


def pytest_collection_modifyitems(items: list) -> None:
    """Give slow machines time between two outputs of a cell; nbval's own 5 s are few."""
    for item in items:
        if hasattr(item, "output_timeout"):
            item.output_timeout = 60


class Folders:
    """Tells each test where models are kept, before the kernel of a notebook starts.

    A plugin of its own: pytest asks the hooks of this file only about the tests beside it.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        is_notebook = item.path.suffix == ".ipynb"
        os.environ["DIGITS_MODELS"] = str(TRAINED if is_notebook else NONE)
        # What the tests of the app keep is nothing to the notebooks.
        os.environ["DIGITS_MINE"] = str(NONE.with_name("nobody's" if is_notebook else "mine"))


class KernelWithoutPorts(KernelManager):
    """Talks to its kernel through files: ports may be taken by another process of the run."""

    def __init__(self, **options) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="digits-kernel-")
        super().__init__(transport="ipc", ip=str(Path(self._folder.name) / "socket"), **options)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Folders())
    if os.name == "posix":
        nbval.kernel.KernelManager = KernelWithoutPorts


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell the other processes of the run whether it is the whole suite."""
    node.workerinput["whole suite"] = is_whole_suite(node.config)


def is_whole_suite(config: pytest.Config) -> bool:
    if hasattr(config, "workerinput"):
        return config.workerinput["whole suite"]
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS


def work_unit(nodeid: str) -> str:
    """Tests with the same work unit stay in one process, in their order.

    Those of a file do, and those of all notebooks that hand trained models on to one another.
    """
    file = nodeid.split("::")[0]
    if not file.endswith(".ipynb"):
        return file
    text = (ROOT / file).read_text(encoding="utf-8")
    return "models" if "utils.load_model" in text or "utils.save_model" in text else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Share the tests out by work units (pytest -n 2 --dist loadfile)."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return work_unit(nodeid)

    return Scheduling(config, log)


def pytest_unconfigure() -> None:
    if _folder:
        _folder.cleanup()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models/ folder for one test."""
    import utils

    monkeypatch.setattr(utils, "MODELS", tmp_path / "models")
    return tmp_path / "models"
