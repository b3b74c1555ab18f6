"""Measure anew what notebooks report of the full budget.

    python tools/experiments.py [NUMBER...]

executes the notebooks below (or those whose numbers are given) with a larger budget than the one
stored in them. Each result is kept in build/experiments/ as soon as it is there: an interrupted
run goes on where it stopped. When a notebook is done, its table goes to models/shipped/.
"""

import os
import sys
from dataclasses import dataclass

from execute import NOTEBOOKS, ROOT, NotebookError, execute, table

RESULTS = ROOT / "build" / "experiments"
SHIPPED = ROOT / "models" / "shipped"


@dataclass(frozen=True)
class Budget:
    """The name of a notebook's table, and its line of settings as stored and in full."""

    results: str
    stored: str
    full: str


BUDGETS = {
    "07_augmentation": Budget(
        "augmentation",
        "SIZES, STEPS, SEEDS = [500, 5_000], 500, [1]",
        "SIZES, STEPS, SEEDS = [500, 5_000, 54_000], 2_000, [1, 2]",
    ),
}


def main(numbers: list[str]) -> int:
    chosen = [p for p in NOTEBOOKS if p.stem in BUDGETS and (not numbers or p.name[:2] in numbers)]
    if not chosen:
        print(f"[FAIL] There are experiments in {', '.join(BUDGETS)} only.", file=sys.stderr)
        return 1
    (RESULTS / "models").mkdir(parents=True, exist_ok=True)
    environment = {
        "DIGITS_EXPERIMENTS": str(RESULTS),
        "DIGITS_MODELS": str(RESULTS / "models"),
    }
    executions = []
    for path in chosen:
        budget = BUDGETS[path.stem]
        if path.read_text(encoding="utf-8").count(budget.stored) != 1:
            print(
                f"[FAIL] {path.name} holds {budget.stored!r} no longer; mend tools/experiments.py."
            )
            return 1
        try:
            executions.append(
                execute(path, lambda s, b=budget: s.replace(b.stored, b.full), environment)
            )
        except NotebookError as error:
            print(f"[FAIL] {error}", file=sys.stderr)
            return 1
        os.replace(RESULTS / f"{budget.results}.csv", SHIPPED / f"{budget.results}.csv")
    print(table(executions))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
