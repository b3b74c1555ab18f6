"""Execute a notebook headless, with progress; what run, refresh and bench share."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(  # without the copies that JupyterLab makes, such as 01_exploration-Copy1.ipynb
    path for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb") if "-" not in path.name
)


class NotebookError(Exception):
    """A notebook failed; the message names the notebook, the cell and the error."""


@dataclass
class Execution:
    """An executed notebook, its seconds of wall time, and its kernel's peak memory in bytes."""

    name: str
    notebook: nbformat.NotebookNode
    seconds: float
    peak_memory: int


def execute(
    path: Path, change: Callable[[str], str] = str, environment: dict | None = None
) -> Execution:
    """Run all cells of a notebook in a fresh kernel.

    Args:
        path: the notebook; its file is not written.
        change: takes a code cell's source, gives the source to run instead.
        environment: variables that the kernel gets besides those of this process.

    Raises:
        NotebookError: a cell raised, or the kernel died.
    """
    notebook = nbformat.read(path, as_version=4)
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
    )
    codes = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    start, peak = time.perf_counter(), 0
    try:
        with client.setup_kernel(env=os.environ | (environment or {})):
            for number, i in enumerate(codes, 1):
                show_progress(path.stem, number, len(codes), time.perf_counter() - start)
                client.execute_cell(notebook.cells[i], i)
                peak = max(peak, peak_memory(client.km.provisioner.pid))
    except CellExecutionError as error:
        problem = f"{error.ename}: {error.evalue}"
        raise NotebookError(
            f"{path.name}, code cell {number} of {len(codes)}: {problem}"
        ) from error
    except DeadKernelError as error:
        raise NotebookError(
            f"{path.name}, code cell {number} of {len(codes)}: the kernel died. Most often the "
            "memory was used up: close other programs and try again."
        ) from error
    finally:
        print(file=sys.stderr, flush=True)
    return Execution(path.stem, notebook, time.perf_counter() - start, peak)


def show_progress(name: str, number: int, count: int, seconds: float) -> None:
    """One line that rewrites itself on a terminal; a line a cell elsewhere."""
    line = f"{name:24s} cell {number:2d} of {count}   {seconds:4.0f} s"
    if sys.stderr.isatty():
        print(f"\r{line}", end="", file=sys.stderr, flush=True)
    else:
        print(line, file=sys.stderr, flush=True)


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
