"""The text alternatives of figures, for those who cannot see them: the text that follows each.

What stands below a figure says what it shows. Its first sentences, up to `MAX_LENGTH` characters,
go into the notebook's file as the figure's alternative, from where pages take it.
"""

import re

import nbformat

IMAGES = "image/png", "image/jpeg"
MAX_LENGTH = 250  # characters; screen readers read an alternative in one go


def plain(markdown: str) -> str:
    """A paragraph of Markdown without its marks."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    text = re.sub(r"(\*\*|`)(.+?)\1", r"\2", text)
    text = re.sub(r"(?<!\w)\*(.+?)\*(?!\w)", r"\1", text)
    return " ".join(text.split())


def first_sentences(paragraph: str) -> str:
    """As many whole sentences as fit into `MAX_LENGTH`, and at least one."""
    sentences = re.split(r"(?<=[.!?:])\s+(?=[^a-z])", paragraph)
    taken = 1
    while len(" ".join(sentences[: taken + 1])) <= MAX_LENGTH and taken < len(sentences):
        taken += 1
    while taken > 1 and sentences[taken - 1].endswith(("?", ":")):  # it leads to what comes next
        taken -= 1
    return " ".join(sentences[:taken])


def text_below(cells: list[nbformat.NotebookNode]) -> str:
    """The paragraph that follows a cell, "" if there is none; cells with claims are skipped."""
    for cell in cells:
        if cell.cell_type == "markdown":
            paragraph = cell.source.split("\n\n")[0]
            return "" if paragraph.startswith(("#", "|", "- ", "<")) else plain(paragraph)
        if "claim" not in cell.metadata.get("tags", []):
            return ""
    return ""


def figures(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The outputs of a cell that are figures; pictures of widgets have their own alternatives."""
    return [
        output
        for output in cell.get("outputs", [])
        if set(IMAGES) & set(output.get("data", {})) and not output.metadata.get("widget")
    ]


def describe(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Give each figure of a notebook its alternative, in place."""
    for number, cell in enumerate(notebook.cells):
        if figures(cell):
            text = first_sentences(text_below(notebook.cells[number + 1 :]))
            for position, output in enumerate(figures(cell), 1):
                several = f"Figure {position} of {len(figures(cell))}. "
                output.metadata["alt"] = several + text if text and len(figures(cell)) > 1 else text
    return notebook


def without_alternative(notebook: nbformat.NotebookNode) -> list[str]:
    """The sources of cells with a figure that has none."""
    return [
        cell.source
        for cell in notebook.cells
        if any(not output.metadata.get("alt") for output in figures(cell))
    ]
