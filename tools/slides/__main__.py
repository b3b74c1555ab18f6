"""Make slides of the first six notebooks in build/slides/, without a network: `make slides`.

    python -m tools.slides

A cell is part of a deck if its metadata say so, in the form that Jupyter knows:
`"slideshow": {"slide_type": "slide"}` begins a slide, `"-"` goes on with it, `"fragment"` appears
at the next key. A notebook's text is too long for a wall. So `"slide"` in the metadata of a
Markdown cell holds what the slide says in its place; in those of a code cell it is "code" or
"output", where only that is shown. Cells that say nothing are left out.
"""

import copy
import html
import re
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter

from tools.execute import NOTEBOOKS, ROOT, NotebookError, read_notebook

HERE = Path(__file__).resolve().parent
FOLDER = ROOT / "build" / "slides"
DECKS = NOTEBOOKS[:6]
WIDTH, HEIGHT = 1280, 720
THEME = "white"
INDEX = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Slides</title></head>
<body style="font: 20px sans-serif; margin: 2em">
<h1>Slides</h1>
<p>Arrow keys turn the pages, F fills the screen, O shows all pages, Esc goes back.
For paper, put ?print-pdf behind the name of a file (01_exploration.html?print-pdf) and print.</p>
<ul>
{items}
</ul>
</body>
</html>
"""


def deck(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The cells of a notebook that its slides show, with the text that they have there."""
    cells = [copy.deepcopy(cell) for cell in notebook.cells if slide_type(cell) != "skip"]
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = cell.metadata.get("slide", cell.source)
    metadata = notebook.metadata | {"title": title_of(notebook)}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def slide_type(cell: nbformat.NotebookNode) -> str:
    """What a cell is to the slides, "skip" if it does not say."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "skip")


def title_of(notebook: nbformat.NotebookNode) -> str:
    return re.match(r"# (.+)", notebook.cells[0].source)[1]


def page(notebook: nbformat.NotebookNode) -> str:
    """The slides of a notebook as HTML; slides.css and reveal/ lie beside it."""
    exporter = SlidesExporter(
        extra_template_basedirs=[str(HERE)],
        template_name="deck",
        reveal_url_prefix="reveal",
        reveal_theme=THEME,
        reveal_width=str(WIDTH),
        reveal_height=str(HEIGHT),
    )
    return exporter.from_notebook_node(deck(notebook))[0]


def copy_reveal(target: Path) -> None:
    """Copy what the decks need of reveal.js; some of its other themes load fonts from the web."""
    source = resources.files("sphinx_revealjs") / "_static" / "revealjs"
    fonts = "dist/theme/fonts/source-sans-pro"
    shutil.copytree(source / fonts, target / fonts)
    for file in ("dist/reveal.js", "dist/reveal.css", f"dist/theme/{THEME}.css", "LICENSE"):
        shutil.copyfile(source / file, target / file)


def build(folder: Path) -> None:
    """Make all decks and their index; what lies in the folder is replaced once they are whole.

    Raises:
        NotebookError: a notebook is none.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".writing-") as draft:
        made = Path(draft) / "slides"
        copy_reveal(made / "reveal")
        shutil.copyfile(HERE / "slides.css", made / "slides.css")
        items = []
        for path in DECKS:
            notebook = read_notebook(path)
            items.append(f'<li><a href="{path.stem}.html">{html.escape(title_of(notebook))}</a>')
            (made / f"{path.stem}.html").write_text(page(notebook), "utf-8")
        (made / "index.html").write_text(INDEX.format(items="\n".join(items)), "utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        shutil.move(made, folder)


def main() -> int:
    try:
        build(FOLDER)
    except NotebookError as error:
        print(f"[FAIL] {error}", file=sys.stderr)
        return 1
    print(f"Open {(FOLDER / 'index.html').relative_to(ROOT)} in a browser.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
