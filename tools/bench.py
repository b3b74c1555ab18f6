"""Measure what the README promises: set-up, run, memory, accuracies over three seeds, speed.

    python tools/bench.py [--store]

writes build/bench.json and prints a table. With --store the accuracies over the seeds go to
models/shipped/seeds.csv as well, from where the README takes them.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from execute import NOTEBOOKS, ROOT, Execution, execute, table
from PIL import Image

BENCH = ROOT / "build" / "bench"
SEEDS = (1, 2, 3)


def setup_seconds() -> float:
    """Wall time of a set-up into an empty folder."""
    shutil.rmtree(BENCH / "venv", ignore_errors=True)
    command = ["make", "--no-print-directory", "setup", "VENV=build/bench/venv"]
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True)
    return time.perf_counter() - start


def run_with_seed(path: Path, seed: int) -> Execution:
    """Execute a notebook with its line `SEED = ...` changed, training into a folder of its own."""
    folder = BENCH / f"seed-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    return execute(
        path,
        change=lambda source: re.sub(r"^SEED = \d+$", f"SEED = {seed}", source, flags=re.M),
        environment={"DIGITS_MODELS": str(folder)},
    )


def accuracies() -> pd.DataFrame:
    """Test accuracy: a row a model, a column a seed."""
    columns = {}
    for seed in SEEDS:
        metrics = pd.read_csv(BENCH / f"seed-{seed}" / "metrics.csv", index_col="name")
        columns[f"seed {seed}"] = metrics["test accuracy"]
    return pd.DataFrame(columns)


def reading_milliseconds(runs: int = 50) -> np.ndarray:
    """Time of `read_digits` on a JPEG photo of one digit, 1 megapixel, model already loaded."""
    sys.path[:0] = [str(ROOT), str(ROOT / "data")]
    import make_samples

    import utils

    (images, _), _ = utils.load_mnist()
    scene = make_samples.Scene(height=360, margin=0.9, gradient=0.3, shadow=0.3, blur=1)
    rng = np.random.default_rng(0)
    photo = Image.fromarray(make_samples.photograph([images[:1]], scene, rng)).resize((1000, 1000))
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=85)
    utils.read_digits(buffer.getvalue())
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        digits = utils.read_digits(buffer.getvalue())
        times.append(1000 * (time.perf_counter() - start))
        assert len(digits) == 1
    return np.array(times)


def main(store: bool) -> int:
    BENCH.mkdir(parents=True, exist_ok=True)
    setup = setup_seconds()
    executions = [run_with_seed(path, SEEDS[0]) for path in NOTEBOOKS]
    for seed in SEEDS[1:]:
        for path in NOTEBOOKS:
            if path.name[:2] in ("03", "04", "05"):  # those that train and judge
                run_with_seed(path, seed)
    seeds = accuracies()
    milliseconds = reading_milliseconds()
    figures = {
        "cores": os.cpu_count(),
        "setup_seconds": round(setup, 1),
        "run_seconds": round(sum(e.seconds for e in executions), 1),
        "peak_memory_gb": {e.name: round(e.peak_memory / 1e9, 2) for e in executions},
        "test_accuracy": {name: list(row) for name, row in zip(seeds.index, seeds.to_numpy())},
        "read_digits_ms_median": round(float(np.median(milliseconds)), 1),
        "read_digits_ms_95th_percentile": round(float(np.percentile(milliseconds, 95)), 1),
    }
    (ROOT / "build" / "bench.json").write_text(json.dumps(figures, indent=1))
    if store:
        seeds.to_csv(ROOT / "models" / "shipped" / "seeds.csv")
    print(table(executions))
    summary = seeds.assign(mean=seeds.mean(axis=1), sd=seeds.std(axis=1))
    print(summary.round(4).to_string())
    print(f"set-up {setup:.0f} s; read_digits, 1 megapixel: {np.median(milliseconds):.1f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main("--store" in sys.argv[1:]))
