"""Measure anew what notebooks report of the full budget.

    python -m tools.measure.experiments [NUMBER...]

executes the notebooks below (or those whose numbers are given) with a larger budget than the one
stored in them. Each result is kept in build/experiments/ as soon as it is there: an interrupted
run goes on where it stopped. When a notebook is done, its table goes to results/, its
networks to models/shipped/.

Assertions are left out: what a notebook claims of the results is checked when it is executed next,
and a claim that no longer holds must not throw away hours of results.
"""

import ast
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reading.files import write_whole
from tools.execute import NOTEBOOKS, ROOT, NotebookError, execute, table

KEPT = ROOT / "build" / "experiments"
SHIPPED = ROOT / "models" / "shipped"
RESULTS = ROOT / "results"


@dataclass(frozen=True)
class Budget:
    """A notebook's tables, its line of settings as stored and in full, and what networks ship."""

    results: tuple[str, ...]
    stored: str
    full: str
    ships: tuple[str, ...] = ()


BUDGETS = {
    "07_augmentation": Budget(
        ("augmentation",),
        "SIZES, STEPS, SEEDS = [500, 5_000], 500, [1]",
        "SIZES, STEPS, SEEDS = [500, 5_000, 54_000], 2_000, [1, 2]",
    ),
    "08_architectures": Budget(
        ("architectures",),
        "DIGITS, EPOCHS, SEEDS = 5_000, 2, [1]",
        "DIGITS, EPOCHS, SEEDS = 54_000, 5, [1]",
    ),
    "09_tuning": Budget(
        ("tuning",),
        "DIGITS, EPOCHS, TRIALS = 5_000, 3, 10",
        "DIGITS, EPOCHS, TRIALS = 10_000, 4, 60",
    ),
    "11_records": Budget(
        ("records",),
        "SHARE, SEEDS, NETWORKS = 0.05, [1], 3",
        "SHARE, SEEDS, NETWORKS = 1.0, [1, 2, 3], 4",
        (
            *("tiny", "small", "small_2", "small_3", "medium", "medium_2", "medium_3"),
            *("large", "large_2", "large_3"),
        ),
    ),
    "14_break_it": Budget(
        ("robust", "mnist_c"),
        "DIGITS, EPOCHS, SEEDS = 10_000, 2, [1]",
        "DIGITS, EPOCHS, SEEDS = 54_000, 6, [1, 2, 3]",
        ("robust",),
    ),
}


def without_assertions(source: str) -> str:
    """A cell's code without its assertions (and without its comments)."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list) and any(isinstance(n, ast.Assert) for n in statements):
                kept = [n for n in statements if not isinstance(n, ast.Assert)]
                setattr(node, block, kept or ([] if node is tree else [ast.Pass()]))
    return ast.unparse(tree)


def ship(budget: Budget, results: Path) -> None:
    """Copy what was measured to results/ and models/shipped/, each file whole; then delete it.

    The tables come last: where this is interrupted, no new figures stand beside old networks.
    """
    names = [f"models/{name}.keras" for name in budget.ships]
    for source in [results / name for name in [*names, *(f"{n}.csv" for n in budget.results)]]:
        folder = RESULTS if source.suffix == ".csv" else SHIPPED
        write_whole(folder / source.name, partial(shutil.copyfile, source))
    if budget.ships:
        subprocess.run(
            [sys.executable, "-m", "tools.ship.cards", *budget.ships], cwd=ROOT, check=True
        )
    shutil.rmtree(results)  # what is measured next is measured anew


def main(numbers: list[str]) -> int:
    chosen = [p for p in NOTEBOOKS if p.stem in BUDGETS and (not numbers or p.name[:2] in numbers)]
    if not chosen:
        print(f"[FAIL] There are experiments in {', '.join(BUDGETS)} only.", file=sys.stderr)
        return 1
    executions = []
    for path in chosen:
        budget, results = BUDGETS[path.stem], KEPT / path.stem
        if path.read_text(encoding="utf-8").count(budget.stored) != 1:
            place = "tools/measure/experiments.py"
            print(f"[FAIL] {path.name} holds {budget.stored!r} no longer; correct {place}.")
            return 1
        (results / "models").mkdir(parents=True, exist_ok=True)
        environment = {
            "DIGITS_EXPERIMENTS": str(results),
            "DIGITS_MODELS": str(results / "models"),
        }
        try:
            executions.append(
                execute(
                    path,
                    lambda s, b=budget: without_assertions(s.replace(b.stored, b.full)),
                    environment,
                )
            )
        except NotebookError as error:
            print(f"[FAIL] {error}", file=sys.stderr)
            return 1
        ship(budget, results)
    print(table(executions))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
