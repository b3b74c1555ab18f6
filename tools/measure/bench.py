"""Measure what the tables of results show: set-up, run, memory, accuracies, training time, reading.

    python -m tools.measure.bench [--race] [--accuracy] [--speed] [--quick] [--store]

prints tables and writes build/bench.json. Without an option that names a part, all is measured:

--race: how long recipes train to 99 % (a quarter of an hour); --quick: the same with one seed
    instead of five (five minutes), too few to be stored
--accuracy: what accuracy the time buys that the Keras example takes for 15 epochs (half an hour)
--speed: the milliseconds for a picture (three minutes)
--store: overwrite the tables in results/, from where tools/ship/tables.py takes them
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pandas as pd

from reading.files import write_whole
from tools.execute import NOTEBOOKS, ROOT, Execution, execute, table

BENCH = ROOT / "build" / "bench"
RESULTS = ROOT / "results"
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


def notebooks_figures(store: bool) -> dict:
    """Set-up, run, memory, and accuracies over the seeds."""
    BENCH.mkdir(parents=True, exist_ok=True)
    setup = setup_seconds()
    executions = [run_with_seed(path, SEEDS[0]) for path in NOTEBOOKS]
    for seed in SEEDS[1:]:
        for path in NOTEBOOKS:
            if path.name[:2] in ("03", "04", "05"):  # those that train and judge
                run_with_seed(path, seed)
    seeds = accuracies()
    if store:
        write_whole(RESULTS / "seeds.csv", seeds.to_csv)
    print(table(executions))
    summary = seeds.assign(mean=seeds.mean(axis=1), sd=seeds.std(axis=1))
    print(summary.round(4).to_string())
    print(f"set-up {setup:.0f} s")
    return {
        "setup_seconds": round(setup, 1),
        "run_seconds": round(sum(e.seconds for e in executions), 1),
        "peak_memory_gb": {e.name: round(e.peak_memory / 1e9, 2) for e in executions},
        "test_accuracy": {name: list(row) for name, row in zip(seeds.index, seeds.to_numpy())},
    }


def speed_figures(store: bool) -> dict:
    """Milliseconds a picture of every kind."""
    from tools.measure import speed  # loads TensorFlow, which the notebooks' part does without

    times = speed.measure()
    if store:
        write_whole(RESULTS / "speed.csv", partial(times.to_csv, index=False))
    print(times.T.to_string(header=False))
    return {"speed": json.loads(times.to_json(orient="records"))}


def reading_figures(store: bool) -> dict:
    """How well pictures are read."""
    from tools.measure import pictures

    tables = pictures.tables(store=store)
    return {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}


def race_figures(store: bool, seeds: int = 5) -> dict:
    """Seconds of training to 99.0 % test accuracy, beside two other recipes."""
    from tools.measure import race

    rows = race.measure(race.TO_99, seeds)
    if store:
        write_whole(RESULTS / "race.csv", partial(rows.to_csv, index=False))
    print(race.summary(rows).round(4).to_string())
    return {"race": json.loads(rows.to_json(orient="records"))}


def accuracy_figures(store: bool) -> dict:
    """Test accuracy within the time that the Keras example takes for its 15 epochs."""
    from tools.measure import race

    rows = race.measure(race.FOR_ACCURACY, len(SEEDS))
    if store:
        write_whole(RESULTS / "minutes.csv", partial(rows.to_csv, index=False))
    print(race.summary(rows, "medium").round(4).to_string())
    return {"accuracy": json.loads(rows.to_json(orient="records"))}


def main(options: list[str]) -> int:
    store, quick = "--store" in options, "--quick" in options
    if quick and store:
        print("[FAIL] One seed is too few to be stored: leave out QUICK or STORE.", file=sys.stderr)
        return 1
    everything = not {"--race", "--accuracy", "--speed", "--quick"} & set(options)
    figures = {"cores": os.cpu_count()}
    if everything:
        figures |= notebooks_figures(store)
        figures |= reading_figures(store)
    if everything or "--race" in options or quick:
        figures |= race_figures(store and not quick, 1 if quick else 5)
    if everything or "--accuracy" in options:
        figures |= accuracy_figures(store)
    if everything or "--speed" in options:
        figures |= speed_figures(store)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench.json").write_text(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
