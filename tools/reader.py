"""Train the network that reads pictures on the full budget, and ship it.

    python tools/reader.py

Executes notebook 10 with more digits and more epochs than are stored in it, about a quarter of an
hour on two CPU cores, and puts its network into models/shipped/.
"""

import os
import shutil
import sys

from execute import NOTEBOOKS, ROOT, NotebookError, execute, table

STORED = "MNIST, VARIED, EPOCHS = 30_000, 16_000, 3"
FULL = "MNIST, VARIED, EPOCHS = 54_000, 120_000, 6"


def to_full_budget(source: str) -> str:
    """A cell's source with the full budget in the stored one's place."""
    return source.replace(STORED, FULL)


def main() -> int:
    (path,) = (path for path in NOTEBOOKS if path.stem == "10_reading_network")
    if path.read_text(encoding="utf-8").count(STORED) != 1:
        print(f"[FAIL] {path.name} holds {STORED!r} no longer; mend tools/reader.py.")
        return 1
    trained, shipped = ROOT / "build" / "reader", ROOT / "models" / "shipped"
    shutil.rmtree(trained, ignore_errors=True)
    trained.mkdir(parents=True)
    try:
        execution = execute(path, to_full_budget, {"DIGITS_MODELS": str(trained)})
    except NotebookError as error:
        print(f"[FAIL] {error}", file=sys.stderr)
        return 1
    print(table([execution]))
    for ending in ("keras", "csv"):
        os.replace(trained / f"my_reader.{ending}", shipped / f"reader.{ending}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
