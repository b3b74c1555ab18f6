"""The slides: short, from the stored notebooks, each on one screen, without a network.

What needs Chromium and its driver is skipped where they are missing.
"""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from browser import open_chromium
from conftest import ROOT

from tools.execute import NotebookError
from tools.refresh import tidy
from tools.slides import __main__ as slides

sys.path.append(str(ROOT / "tests" / "course"))
from test_hints_and_quiz import figures_of, rest_of

LEAST, MOST = 10, 30  # slides of a deck
WORDS = 40  # of text on a slide; code and outputs do not count
TYPES = {"slide", "-", "fragment"}
NAMES = [path.stem for path in slides.DECKS]
# Goes to each slide with all of its fragments, and measures it in pixels of the slide.
MEASURE = """
const done = arguments[0];
function measured() {
  const found = Reveal.getSlides().map(slide => {
    const place = Reveal.getIndices(slide);
    Reveal.slide(place.h, place.v, 99);
    const pictures = [...slide.querySelectorAll("img")];
    return [slide.querySelector("h1, h2").textContent, slide.scrollWidth, slide.scrollHeight,
            Math.min(9999, ...pictures.map(picture => picture.offsetHeight * picture.complete))];
  });
  done(found);
}
Reveal.isReady() ? measured() : Reveal.on("ready", measured);
"""


@pytest.fixture(params=slides.DECKS, ids=NAMES)
def notebook(request) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "slides"
    slides.build(folder)
    return folder


def slides_of(notebook: nbformat.NotebookNode) -> list[list[nbformat.NotebookNode]]:
    """The cells of each slide."""
    parts = []
    for cell in slides.deck(notebook).cells:
        if slides.slide_type(cell) == "slide":
            parts.append([])
        parts[-1].append(cell)
    return parts


def test_a_deck_has_some_slides_each_with_a_heading_and_few_words(notebook):
    parts = slides_of(notebook)
    assert LEAST <= len(parts) <= MOST
    for cells in parts:
        texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
        assert re.match(r"##? \S", cells[0].source) and cells[0].cell_type == "markdown"
        words = re.findall(r"[^\W_]+(?:['’./,-][^\W_]+)*", "\n".join(texts))
        assert len(words) <= WORDS, f"{len(words)} words: {texts}"


def test_what_the_metadata_say_of_slides_is_known(notebook):
    for cell in notebook.cells:
        if slides.slide_type(cell) == "skip":
            assert "slide" not in cell.metadata
            continue
        assert slides.slide_type(cell) in TYPES
        assert "claim" not in cell.metadata.get("tags", [])
        if cell.cell_type == "code":
            assert cell.metadata.get("slide", "code") in ("code", "output"), cell.id
        else:
            assert cell.metadata["slide"].strip(), cell.id


def test_figures_on_a_slide_stand_in_its_notebook(notebook):
    known = figures_of(rest_of(notebook))
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not cell.id.startswith("quiz"):
            unknown = {f for f in figures_of(cell.metadata.get("slide", "")) if f > 12} - known
            assert not unknown, f"{unknown} on the slide of {cell.id}"


def test_a_notebook_that_is_executed_anew_keeps_its_slides(notebook):
    before = [dict(cell.metadata) for cell in notebook.cells]
    assert [dict(cell.metadata) for cell in tidy(notebook).cells] == before


def test_what_is_shown_of_a_cell():
    def cell(new, source, **metadata):
        return new(source, metadata={"slideshow": {"slide_type": "-"}} | metadata)

    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    cells = [
        text("# A title\n\nLong."),
        text("Long.", metadata={"slideshow": {"slide_type": "slide"}, "slide": "## Short"}),
        cell(code, "both()"),
        cell(code, "hidden()", slide="output"),
        cell(code, "only_code()", slide="code"),
        code("left_out()"),
    ]
    for c in cells[2:]:
        text_out = f"printed by {c.source}"
        c.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text_out)]
    page = slides.page(nbformat.v4.new_notebook(cells=cells))
    said = re.sub(r"<[^>]+>", "", page.split('class="slides"')[1])
    assert "Short" in said and "Long" not in said and "left_out" not in said
    assert "printed by both" in said and said.count("both()") == 2
    assert "printed by hidden" in said and said.count("hidden()") == 1
    assert "printed by only_code" not in said and said.count("only_code()") == 1
    assert "<title>A title slides</title>" in page


def test_slides_stay_if_the_next_ones_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "slides").mkdir()
    (tmp_path / "slides" / "index.html").write_text("old")
    (tmp_path / "01_a.ipynb").write_text("no notebook")
    monkeypatch.setattr(slides, "DECKS", [tmp_path / "01_a.ipynb"])
    with pytest.raises(NotebookError, match="cannot be read as a notebook"):
        slides.build(tmp_path / "slides")
    assert (tmp_path / "slides" / "index.html").read_text() == "old"


def test_the_index_leads_to_each_deck(folder):
    index = (folder / "index.html").read_text("utf-8")
    assert re.findall(r'href="(\w+)\.html"', index) == NAMES
    assert sorted(path.stem for path in folder.glob("*.html")) == sorted([*NAMES, "index"])


def test_no_slide_asks_the_network(folder):
    loads = (
        r"""(?:src|href)=["'](?:https?:)?//|url\(["']?(?:https?:)?//|@import[^;]*//|import .*//"""
    )
    for path in [*folder.rglob("*.html"), *folder.rglob("*.css")]:
        assert not re.search(loads, path.read_text("utf-8")), path.name
        needed = re.findall(r'<(?:script src|link[^>]* href)="([^"]+)"', path.read_text("utf-8"))
        assert all((folder / file).is_file() for file in needed), path.name


def test_each_picture_has_an_alternative(folder):
    for path in folder.glob("*.html"):
        for picture in re.findall(r"<img[^>]*>", path.read_text("utf-8")):
            assert re.search(r'alt="[^"]{20,}"', picture), f"{path.name}: {picture[:200]}"


def test_each_slide_fits_on_the_screen_and_shows_its_pictures(folder):
    browser = open_chromium("browser")
    try:
        for name in NAMES:
            browser.get((folder / f"{name}.html").as_uri())
            found = browser.execute_async_script(MEASURE)
            assert LEAST <= len(found) <= MOST
            for title, width, height, picture in found:
                assert width <= slides.WIDTH and height <= slides.HEIGHT, f"{name}: {title}"
                assert picture >= 60, f"{name}: {title}, a picture is {picture} pixels high"
            assert browser.get_log("browser") == []
    finally:
        browser.quit()
