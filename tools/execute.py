"""Execute a notebook headless, with progress; what run, refresh and bench share."""

import logging
import os
import shutil
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent

# What went wrong is said by NotebookError, once.
logging.getLogger("traitlets").setLevel(logging.CRITICAL)
# Looking for kernels, IPython says where it would keep its files if the home cannot be written.
warnings.filterwarnings("ignore", module="IPython.paths")


def notebooks_in(folder: Path) -> list[Path]:
    """The notebooks of a folder in order, without JupyterLab's copies (01_name-Copy1.ipynb)."""
    return sorted(p for p in folder.glob("[0-9][0-9]_*.ipynb") if "-" not in p.name)


NOTEBOOKS = notebooks_in(ROOT / "notebooks")


class NotebookError(Exception):
    """A notebook failed; the message names the notebook, the cell and the error."""


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook's file.

    Raises:
        NotebookError: it is no notebook, as after a merge that git could not finish.
    """
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # of what is no notebook, each fault raises its own
        problem = f"{path.name} cannot be read as a notebook ({type(error).__name__})."
        if "<<<<<<<" in path.read_text(encoding="utf-8", errors="replace"):
            problem += " It holds conflict markers of git (<<<<<<<): choose one side of each."
        raise NotebookError(problem) from error


def is_online(cell: nbformat.NotebookNode) -> bool:
    """Tell the cells of tools/badges.py, for Colab and Kaggle, from those of the course."""
    return "online" in cell.metadata.get("tags", [])


@dataclass
class Execution:
    """An executed notebook, its seconds of wall time, and its kernel's peak memory in bytes."""

    name: str
    notebook: nbformat.NotebookNode
    seconds: float
    peak_memory: int


class Progress:
    """Says on standard error at which cell each notebook is that runs.

    That is one line that rewrites itself on a terminal, and a line a cell elsewhere.
    """

    def __init__(self, total: int = 1) -> None:
        """`total` is the number of notebooks to execute."""
        self.total, self.done = total, 0
        self.cells = {}  # name of a notebook -> the cell that runs
        self.start = time.perf_counter()
        self.lock = threading.Lock()  # notebooks report from threads of their own

    def at(self, name: str, number: int, count: int) -> None:
        """Code cell `number` of `count` begins."""
        with self.lock:
            self.cells[name] = f"cell {number}/{count}"
        if not sys.stderr.isatty():
            line = f"{self.seconds():5.0f} s  {name:24s} cell {number:2d} of {count}"
            print(line, file=sys.stderr, flush=True)
        self.show()

    def end(self, name: str) -> None:
        """The notebook is done, or has failed."""
        with self.lock:
            self.cells.pop(name, None)
            self.done += 1

    def show(self) -> None:
        """Rewrite the line on a terminal."""
        if not sys.stderr.isatty():
            return
        with self.lock:
            running = [f"{name[:2]} {cell}" for name, cell in sorted(self.cells.items())]
            parts = [f"{self.seconds():.0f} s", f"{self.done} of {self.total} done", *running]
            line = "   ".join(parts)[: shutil.get_terminal_size().columns - 1]
            print(f"\r{line}\033[K", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line on a terminal."""
        if sys.stderr.isatty():
            print(file=sys.stderr, flush=True)

    def seconds(self) -> float:
        """Seconds of wall time since the start."""
        return time.perf_counter() - self.start


def execute(
    path: Path,
    change: Callable[[str], str] = str,
    environment: dict | None = None,
    progress: Progress | None = None,
) -> Execution:
    """Run all cells of a notebook in a fresh kernel, but those that fetch the course elsewhere.

    Args:
        path: the notebook; its file is not written.
        change: takes a code cell's source, gives the source to run instead.
        environment: variables that the kernel gets besides those of this process.
        progress: told of each cell; without it the notebook shows its own progress.

    Raises:
        NotebookError: a cell raised, or the kernel died.
    """
    if progress is None:
        progress = Progress()
        try:
            return execute(path, change, environment, progress)
        finally:
            progress.close()
    notebook = read_notebook(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = change(cell.source)
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
        record_timing=False,
        # At its start a kernel warns that its messages are not encrypted; they stay on the machine.
        extra_arguments=["--log-level=ERROR"],
    )
    codes = [
        i
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and not is_online(cell)
    ]
    start, peak, number = time.perf_counter(), 0, 1
    try:
        with (
            # A run hangs neither on a learner's own profile nor on a home that can be written.
            tempfile.TemporaryDirectory(prefix="digits-profile-") as profile,
            client.setup_kernel(
                # Nor does it show or learn digits that a learner has kept.
                env=os.environ
                | {"IPYTHONDIR": profile, "DIGITS_MINE": str(Path(profile) / "none")}
                | (environment or {}),
            ),
        ):
            for number, i in enumerate(codes, 1):
                progress.at(path.stem, number, len(codes))
                client.execute_cell(notebook.cells[i], i)
                peak = max(peak, peak_memory(client.km.provisioner.pid))
    except CellExecutionError as error:
        problem = f"{error.ename}: {error.evalue}"
        raise NotebookError(
            f"{path.name}, code cell {number} of {len(codes)}: {problem}"
        ) from error
    except RuntimeError as error:  # DeadKernelError, and what is raised when it dies at its start
        raise NotebookError(
            f"{path.name}, code cell {number} of {len(codes)}: the kernel died. Most often the "
            "memory was used up: close other programs and try again."
        ) from error
    finally:
        progress.end(path.stem)
    return Execution(path.stem, notebook, time.perf_counter() - start, peak)


def peak_memory(pid: int | str = "self") -> int:
    """Peak resident memory of a process in bytes (where the system keeps no peak: the present)."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return psutil.Process(None if pid == "self" else pid).memory_info().rss


def table(executions: list[Execution]) -> str:
    """Notebook, minutes and peak memory, a line each."""
    lines = [f"{'notebook':24s} {'minutes':>8s} {'peak memory':>12s}"]
    for e in executions:
        lines.append(f"{e.name:24s} {e.seconds / 60:8.1f} {e.peak_memory / 1e9:9.2f} GB")
    lines.append(f"{'together':24s} {sum(e.seconds for e in executions) / 60:8.1f}")
    return "\n".join(lines)
