"""Execute the stored notebooks in place, and ship the models and figures that they make.

    python -m tools.refresh [NAME...]

NAME is the start of a notebook's name, such as 04; without any, all notebooks are executed, and
the four networks of notebooks 03 and 04 ship anew. The others come from tools/ship/reader.py and
tools/measure/experiments.py.
"""

import base64
import io
import shutil
import sys
from functools import partial
from pathlib import Path

import nbformat
import pandas as pd
from PIL import Image

from reading.files import write_whole
from tools.alt_text import describe, figures
from tools.execute import NOTEBOOKS, ROOT, Execution, NotebookError, execute, table
from tools.hints import with_hints

SHIPPED = ROOT / "models" / "shipped"
RESULTS = ROOT / "results"
WIDGET = "application/vnd.jupyter.widget-view+json"
# What stands in a widget's place until its cell is run: a picture, and what it shows.
PICTURES = {
    "drawing_pad(": ("pad.png", "The drawing pad: a 7 is drawn on it, what the network sees stands "
    "below, and a bar for the probability of each digit. Run this cell to draw yourself."),
    "upload_button(": ("upload.png", "The button to choose pictures, and below it a photo of four "
    "digits with a box and the digit read above each. Run this cell to choose your own."),
}  # fmt: skip


def tidy(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop what would differ between machines; put pictures in the place of widgets.

    Figures become smaller, losslessly, and get their text alternatives; exercises get their hints.
    """
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [
                in_its_place(cell.source) if WIDGET in output.get("data", {}) else output
                for output in cell.outputs
            ]
        for figure in figures(cell):
            if "image/png" in figure.data:
                figure.data["image/png"] = compact(figure.data["image/png"])
    return describe(with_hints(notebook))


def in_its_place(source: str) -> nbformat.NotebookNode:
    """The picture of a widget, as the output of the cell that shows it; of others, a sentence."""
    kind = next((kind for kind in PICTURES if kind in source), None)
    if kind is None:
        return nbformat.v4.new_output("display_data", {"text/plain": "Run this cell to see it."})
    file, text = PICTURES[kind]
    png = base64.b64encode((ROOT / "notebooks" / "images" / file).read_bytes()).decode()
    data = {"image/png": png, "text/plain": text}
    return nbformat.v4.new_output("display_data", data, metadata={"alt": text, "widget": True})


def compact(png: str) -> str:
    """A figure, PNG in base64, without transparency that no pixel has: a seventh smaller."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    if "A" in picture.getbands() and picture.getchannel("A").getextrema() != (255, 255):
        return png
    file = io.BytesIO()
    picture.convert("RGB").save(file, "PNG", optimize=True)
    return min(png, base64.b64encode(file.getvalue()).decode(), key=len)


def ship(trained: Path) -> None:
    """Copy the trained models to models/shipped/, their figures to results/."""
    for name in ("dense", "cnn_a", "cnn_b", "cnn"):
        write_whole(SHIPPED / f"{name}.keras", partial(shutil.copyfile, trained / f"{name}.keras"))
    for name in ("cnn_history", "metrics"):
        write_whole(RESULTS / f"{name}.csv", partial(shutil.copyfile, trained / f"{name}.csv"))


def store_times(executions: list[Execution]) -> None:
    """Put the minutes and the peak memory of what was executed into results/times.csv."""
    path = RESULTS / "times.csv"
    times = pd.read_csv(path, index_col="notebook") if path.is_file() else pd.DataFrame()
    for e in executions:
        figures = {"minutes": e.seconds / 60, "peak_memory_gb": e.peak_memory / 1e9}
        for column, value in figures.items():
            times.loc[e.name, column] = round(value, 2)
    times = times.sort_index()
    write_whole(path, lambda draft: times.to_csv(draft, index_label="notebook"))


def main(names: list[str]) -> int:
    chosen = [p for p in NOTEBOOKS if not names or any(p.name.startswith(n) for n in names)]
    trained = ROOT / "build" / "refresh"
    if len(chosen) == len(NOTEBOOKS):  # a model from an earlier run would be taken for a new one
        shutil.rmtree(trained, ignore_errors=True)
    trained.mkdir(parents=True, exist_ok=True)
    executions = []
    for path in chosen:
        try:
            executions.append(execute(path, environment={"DIGITS_MODELS": str(trained)}))
        except NotebookError as error:
            print(f"[FAIL] {error}", file=sys.stderr)
            return 1
        notebook = tidy(executions[-1].notebook)
        write_whole(path, partial(nbformat.write, notebook))
    print(table(executions))
    store_times(executions)
    if len(chosen) == len(NOTEBOOKS):
        ship(trained)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
