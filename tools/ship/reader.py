"""Train the network that reads pictures on the full budget, and ship it.

    python -m tools.ship.reader

Executes notebook 10 with more digits, pages and epochs than are stored in it, in less than half an
hour on two CPU cores, and puts its network into models/shipped/ as reader.keras. Pictures are read
with reader.tflite, which `python -m tools.ship.cards reader` writes from it; `make reader` calls
both.
"""

import os
import shutil
import sys

from tools.execute import NOTEBOOKS, ROOT, NotebookError, execute, table

TRAINING = "history = reader.fit(data, epochs=EPOCHS, verbose=2, shuffle=False)"
FULL_BUDGET = {  # lines of the notebook, and what takes their place
    "PAGES = 400": "PAGES = 4_000",
    "MNIST, EPOCHS = 10_000, 4": "MNIST, EPOCHS = 54_000, 5",
    # The network is kept as soon as it is trained, should a claim further down not hold.
    TRAINING: TRAINING + '\nutils.save_model(reader, "trained")',
}


def to_full_budget(source: str) -> str:
    """A cell's source with the full budget in the stored one's place."""
    for stored, full in FULL_BUDGET.items():
        source = source.replace(stored, full)
    return source


def main() -> int:
    (path,) = (path for path in NOTEBOOKS if path.stem == "10_reading_network")
    for line in FULL_BUDGET:
        if path.read_text(encoding="utf-8").count(line) != 1:
            print(f"[FAIL] {path.name} holds {line!r} no longer; correct tools/ship/reader.py.")
            return 1
    trained = ROOT / "build" / "reader"
    shutil.rmtree(trained, ignore_errors=True)
    trained.mkdir(parents=True)
    try:
        execution = execute(path, to_full_budget, {"DIGITS_MODELS": str(trained)})
    except NotebookError as error:
        print(f"[FAIL] {error}", file=sys.stderr)
        return 1
    print(table([execution]))
    os.replace(trained / "my_reader.keras", ROOT / "models" / "shipped" / "reader.keras")
    os.replace(trained / "my_reader.csv", ROOT / "results" / "reader.csv")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
