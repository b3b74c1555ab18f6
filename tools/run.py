"""Execute all notebooks on the full data, and keep them as executed.

    python -m tools.run [FOLDER] [--kernels N]

FOLDER holds the notebooks (default: notebooks/); as executed they go to build/notebooks/ beside it,
from where `python -m tools.site build/notebooks` makes pages of them. As many notebooks run at once
as cores and free memory allow, or N.
"""

import argparse
import csv
import os
import re
import shutil
import signal
import statistics
import sys
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path

import nbformat
import psutil

from reading.files import write_whole
from tools.execute import (
    ROOT,
    Execution,
    NotebookError,
    Progress,
    execute,
    notebooks_in,
    read_notebook,
    table,
)

KERNEL_MEMORY = 1.6e9  # bytes of free memory a kernel is started for; notebooks take up to 1.5 GB


def kernels_at_once(cores: int, free_memory: float) -> int:
    """How many kernels a machine runs side by side; `free_memory` in bytes."""
    return max(1, min(cores, int(free_memory / KERNEL_MEMORY)))


def free_memory() -> float:
    """Bytes of memory that are free, also where a container (Docker, Binder) may use less of it."""
    free = psutil.virtual_memory().available
    group = Path("/sys/fs/cgroup")  # Linux, control groups of version 2
    with suppress(OSError, ValueError):  # "max": no limit
        limit = int((group / "memory.max").read_text())
        free = min(free, limit - int((group / "memory.current").read_text()))
    return free


def cores() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# --- The order ------------------------------------------------------------------------------------


def code_of(path: Path) -> str:
    """The code of a notebook, without its comments' lines."""
    cells = read_notebook(path).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    return re.sub(r"^\s*#.*", "", code, flags=re.M)


def models_named(code: str, function: str) -> set[str]:
    """Names of the models that code may hand to `load_model` or `save_model`.

    Where the name is a variable, as in a loop, it may be any string that stands in the code.
    """
    names = re.findall(rf"\b{function}\b(?:\([^()\"']*[\"']([\w.]+)[\"']\))?", code)
    if all(names):  # "" stands for a name that is no string
        return set(names)
    return set(re.findall(r"[\"']([\w.]+)[\"']", code))


def waits_for(paths: list[Path]) -> dict[Path, set[Path]]:
    """For each notebook: the earlier ones that save a model which it loads."""
    saved, needed = {}, {}
    for path in paths:
        code = code_of(path)
        loads = models_named(code, "load_model")
        needed[path] = {earlier for earlier, names in saved.items() if names & loads}
        saved[path] = models_named(code, "save_model")
    return needed


def measured_minutes(paths: list[Path]) -> dict[Path, float]:
    """How long each notebook takes alone; one that was never measured, as long as most do."""
    try:
        with open(ROOT / "results" / "times.csv", newline="") as file:
            known = {row["notebook"]: float(row["minutes"]) for row in csv.DictReader(file)}
    except FileNotFoundError:
        known = {}
    usual = statistics.median(known.values()) if known else 1.0
    return {path: known.get(path.stem, usual) for path in paths}


def most_urgent_first(needed: dict[Path, set[Path]], minutes: dict[Path, float]) -> list[Path]:
    """Notebooks by the minutes from their start until the last one that waits for them is done."""
    to_end = {}
    for path in reversed(needed):
        after = [to_end[later] for later in to_end if path in needed[later]]
        to_end[path] = minutes[path] + max(after, default=0)
    return sorted(needed, key=lambda path: -to_end[path])


# --- The run --------------------------------------------------------------------------------------


def execute_and_keep(path: Path, build: Path, progress: Progress) -> Execution:
    """Execute a notebook and write it as executed."""
    execution = execute(path, progress=progress)
    write_whole(build / path.name, partial(nbformat.write, execution.notebook))
    return execution


def execute_all(
    paths: list[Path], build: Path, kernels: int, stop: threading.Event, progress: Progress
) -> list[Execution]:
    """Execute notebooks, up to `kernels` at once; if one fails, or `stop` is set, end all.

    Raises:
        NotebookError: a notebook failed.
        KeyboardInterrupt: `stop` was set.
    """
    needed = waits_for(paths)
    waiting = most_urgent_first(needed, measured_minutes(paths))
    running, done = {}, {}
    with ThreadPoolExecutor(kernels) as pool:
        try:
            while waiting or running:
                ready = [path for path in waiting if needed[path] <= done.keys()]
                for path in ready[: kernels - len(running)]:
                    waiting.remove(path)
                    running[pool.submit(execute_and_keep, path, build, progress)] = path
                ended, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                if stop.is_set():
                    raise KeyboardInterrupt
                for future in ended:
                    done[running.pop(future)] = future.result()
                progress.show()
        finally:
            end_kernels(running)
    return [done[path] for path in paths]


def end_kernels(running: dict[Future, Path]) -> None:
    """Kill the kernels that still run, and what they started, until their threads have ended."""
    while wait(running, timeout=0).not_done:
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait(running, timeout=0.2)


def main(arguments: list[str]) -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    parser = argparse.ArgumentParser(prog="python -m tools.run")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "notebooks")
    parser.add_argument("--kernels", type=int, help="how many notebooks run at once")
    options = parser.parse_args(arguments)
    folder = options.folder.resolve()
    paths, build = notebooks_in(folder), folder.parent / "build" / "notebooks"
    if not paths:
        print(f"[FAIL] There are no notebooks in {folder}.", file=sys.stderr)
        return 1
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True, exist_ok=True)
    kernels = options.kernels or kernels_at_once(cores(), free_memory())
    progress = Progress(len(paths))
    try:
        executions = execute_all(paths, build, kernels, stop, progress)
    except NotebookError as error:
        progress.close()
        print(f"[FAIL] {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress.close()
        print("Stopped.", file=sys.stderr)
        return 130
    progress.close()
    print(table(executions))
    print(f"{'from start to end':24s} {progress.seconds() / 60:8.1f}")
    models = os.environ.get("DIGITS_MODELS", "models")
    print(
        f"The executed notebooks are in {os.path.relpath(build)}/, the trained models in {models}/."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
