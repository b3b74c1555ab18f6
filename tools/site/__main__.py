"""Build the course as a site into build/site/, without a network.

    python -m tools.site [FOLDER]

FOLDER holds the notebooks as executed (default: notebooks/, as stored). The pages are copied to
build/site-source/ first: with links only to what the site holds, and with cells that check what a
page claims folded. Nothing is executed.
"""

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from sphinx.cmd.build import main as sphinx

from tools import cheat_sheet
from tools.execute import NOTEBOOKS, ROOT, NotebookError, is_online, read_notebook
from tools.refresh import tidy
from tools.site import try_it

HERE = Path(__file__).resolve().parent
PAGES = (
    "GLOSSARY.md",
    "ERRORS.md",
    "TEACHING.md",
    "CONTRIBUTING.md",
    "results/RESULTS.md",
    "models/README.md",
    "data/README.md",
    "data/open/README.md",
    "data/people/README.md",
)
CHECKED = "What this page claims is checked here"


def files() -> list[Path]:
    """What the site holds besides README.md, its first page; relative to the course's folder."""
    shown = [*NOTEBOOKS, *(ROOT / page for page in PAGES), ROOT / "LICENSE"]
    shown += (ROOT / "notebooks" / "images").iterdir()
    shown += (ROOT / "results").glob("*.csv")
    return [path.relative_to(ROOT) for path in shown]


def with_living_links(text: str, folder: Path, held: set[Path]) -> str:
    """Markdown whose links to files that the site does not hold are only their words."""

    def link(match: re.Match) -> str:
        words, target, anchor = match.groups()
        place = (ROOT / folder / target).resolve()
        if target.startswith("http") or not place.is_relative_to(ROOT):
            return match[0]
        place = place.relative_to(ROOT)
        if place == Path("README.md"):
            start = "../" * len(folder.parts)
            return f"[{words}]({start}index.md{anchor or ''})"
        return match[0] if place in held else words

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)", link, text)


def for_the_site(cell: nbformat.NotebookNode) -> None:
    """Fold a cell that only checks what the page claims; say what a figure shows.

    What fetches the course elsewhere is left out; the links to Colab and others stay.
    """
    if is_online(cell) and cell.cell_type == "code":
        cell.metadata["tags"].append("remove-cell")
    if "claim" in cell.metadata.get("tags", []):
        cell.metadata["tags"].append("hide-input")
        cell.metadata["mystnb"] = {"code_prompt_show": CHECKED, "code_prompt_hide": CHECKED}
    for output in cell.get("outputs", []):
        if output.get("metadata", {}).get("alt"):
            cell.metadata["mystnb"] = {"image": {"alt": output.metadata["alt"]}}


def copy_to(source: Path, notebooks: Path) -> None:
    """Put the site's pages into an empty folder; `notebooks` is where the executed ones lie."""
    held = set(files())
    for name in held:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if name.suffix == ".ipynb":
            notebook = read_notebook(notebooks / name.name)
            if notebooks != ROOT / "notebooks":  # those are stored tidied
                notebook = tidy(notebook)
            for cell in notebook.cells:
                if cell.cell_type == "markdown":
                    cell.source = with_living_links(cell.source, name.parent, held)
                for_the_site(cell)
            nbformat.write(notebook, source / name)
        elif name.suffix == ".md":
            text = (ROOT / name).read_text("utf-8")
            (source / name).write_text(with_living_links(text, name.parent, held), "utf-8")
        else:
            shutil.copyfile(ROOT / name, source / name)
    text = with_living_links((ROOT / "README.md").read_text("utf-8"), Path(), held)
    (source / "index.md").write_text(text + (HERE / "contents.md").read_text("utf-8"), "utf-8")


def write_cheat_sheet(source: Path) -> None:
    """The cheat sheet as a page, with a link to the PDF beside it."""
    text = re.sub(r"<!--.*?-->\n", "", cheat_sheet.SHEET.read_text("utf-8"), flags=re.S).strip()
    title, _, rest = text.partition("\n")
    link = '<a href="cheat_sheet.pdf">Two pages to print (PDF)</a>'
    (source / "cheat_sheet.md").write_text(f"{title}\n\n{link}\n{rest}\n", "utf-8")


def build(notebooks: Path, site: Path, strict: bool = False) -> int:
    """Build the site in a folder; gives Sphinx' exit status.

    Args:
        notebooks: folder with the notebooks as executed.
        site: what lies there is replaced once the new site is whole.
        strict: whether a warning of Sphinx is told, and counts as a failure.

    Raises:
        NotebookError: a notebook is missing or is none.
    """
    missing = [path.name for path in NOTEBOOKS if not (notebooks / path.name).is_file()]
    if missing:
        raise NotebookError(f"{notebooks} lacks {', '.join(missing)}: run all notebooks first.")
    site.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=site.parent, prefix=".writing-") as folder:
        source, made = Path(folder) / "source", Path(folder) / "site"
        source.mkdir()
        copy_to(source, notebooks)
        try_it.write(source)
        write_cheat_sheet(source)
        how = ["-q", "-W", "--keep-going"] if strict else ["-Q"]
        failed = sphinx([*how, "-c", str(HERE), str(source), str(made)])
        if failed:
            return failed
        cheat_sheet.write(made / "cheat_sheet.pdf")
        shutil.copytree(source / "_static", made / "_static", dirs_exist_ok=True)
        for remains in (".doctrees", "_sources"):
            shutil.rmtree(made / remains, ignore_errors=True)
        if site.exists():
            shutil.rmtree(site)
        shutil.move(made, site)
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.site")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "notebooks")
    options = parser.parse_args(arguments)
    site = ROOT / "build" / "site"
    try:
        failed = build(options.folder, site)
    except NotebookError as error:
        print(f"[FAIL] {error}", file=sys.stderr)
        return 1
    if not failed:
        print(f"Open {(site / 'index.html').relative_to(ROOT)} in a browser.")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
