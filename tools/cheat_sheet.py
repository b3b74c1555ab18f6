"""Lay out the learner's cheat sheet, `tools/cheat_sheet.md`, as two A4 pages.

    python -m tools.cheat_sheet [PATH]

The PDF goes to PATH (default: build/cheat_sheet.pdf). No network is needed: the fonts are those
that matplotlib brings. Of Markdown this is known: one title, headings of the second level,
paragraphs, fenced code, tables of two columns, and in a line `code` and **bold**. HTML comments
are left out.
"""

import argparse
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib
from fpdf import FPDF

from reading.files import ROOT, write_whole

SHEET = ROOT / "tools" / "cheat_sheet.md"
DEFAULT_PATH = ROOT / "build" / "cheat_sheet.pdf"
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
FONT_FILES = {
    ("sans", ""): "DejaVuSans.ttf",
    ("sans", "B"): "DejaVuSans-Bold.ttf",
    ("mono", ""): "DejaVuSansMono.ttf",
}

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of each table of a font

# All lengths are millimetres, except sizes of letters, which are points.
PAGES, COLUMNS = 2, 3
WIDTH, HEIGHT = 297, 210  # A4, landscape
MARGIN, GUTTER, TITLE_HEIGHT = 7, 4, 8
COLUMN_WIDTH = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GUTTER) / COLUMNS
TOP, BOTTOM = MARGIN + TITLE_HEIGHT, HEIGHT - MARGIN
PADDING = 1.2  # between the edge of the grey and the code on it
CELL_GAP = 2  # between the columns of a table
MAX_FIRST_CELL = 0.5  # share of the width that a table's first column may take
LINE, CODE_LINE, HEADING_LINE = 3.5, 3.3, 6.4
BASELINE, HEADING_BASELINE = 2.6, 4.6
MIN_GAP, MAX_GAP = 1.0, 2.4  # below a block; columns with room to spare are stretched
GREY, BLUE, GREEN, BLACK = (237,) * 3, (20, 70, 140), (60, 100, 60), (0,) * 3
LIGHT_GREY = (205,) * 3

# Style: family, emphasis, size, colour.
STYLES = {
    "title": ("sans", "B", 13, BLUE),
    "heading": ("sans", "B", 9.5, BLUE),
    "text": ("sans", "", 8, BLACK),
    "bold": ("sans", "B", 8, BLACK),
    "code": ("mono", "", 8, BLACK),
    "comment": ("mono", "", 8, GREEN),
}


class SheetError(ValueError):
    """The sheet holds Markdown that is not known, a line that is too wide, or too much."""


@dataclass(frozen=True)
class Block:
    """A part of the sheet: `title`, `heading`, `text`, `code` or `table`, and its lines."""

    kind: str
    lines: list[str]


@dataclass(frozen=True)
class Span:
    """Letters of one style, `x` millimetres right of the column's edge."""

    style: str
    text: str
    x: float = 0


@dataclass(frozen=True)
class Row:
    """One line as it is drawn: its letters stand `baseline` millimetres below its top.

    If wanted, on grey, or with a thin line of a colour below it.
    """

    height: float
    spans: list[Span]
    baseline: float = BASELINE
    on_grey: bool = False
    line_below: tuple[int, int, int] | None = None


# --- Markdown -------------------------------------------------------------------------------------


def parse(markdown: str) -> list[Block]:
    """Split a sheet into its blocks.

    Raises:
        SheetError: a fence is not closed, or a heading is of another level.
    """
    markdown = re.sub(r"<!--.*?-->", "", markdown, flags=re.S)
    fences = re.split(r"^```\w*\n(.*?)^```$\n?", markdown, flags=re.M | re.S)
    blocks = []
    for number, part in enumerate(fences):
        if number % 2:
            blocks.append(Block("code", part.rstrip("\n").split("\n")))
        else:
            paragraphs = re.split(r"\n\s*\n", part)
            blocks += [_block_of(p.strip()) for p in paragraphs if p.strip()]
    return blocks


def _block_of(paragraph: str) -> Block:
    if "```" in paragraph:
        raise SheetError(f"This code has no end: {paragraph[:60]!r}")
    lines = paragraph.split("\n")
    if paragraph.startswith("|"):
        return Block("table", lines)
    mark, _, rest = paragraph.partition(" ")
    if set(mark) != {"#"}:
        return Block("text", [" ".join(lines)])
    if mark not in ("#", "##") or len(lines) > 1:
        raise SheetError(f"A title (#) or heading (##) of one line is known, not {paragraph!r}")
    return Block("title" if mark == "#" else "heading", [rest])


def cells(line: str) -> list[str]:
    """The two cells of a line of a table.

    Raises:
        SheetError: it holds more or fewer.
    """
    found = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if len(found) != 2:
        raise SheetError(f"A table has two columns, this line has {len(found)}: {line}")
    return found


def words_of(text: str, style: str = "text") -> list[list[Span]]:
    """Words, each a list of spans: the comma after `code` belongs to the same word.

    A piece of code is one word, whatever blanks it holds.
    """
    words = [[]]
    for piece in re.split(r"(`[^`]+`|\*\*.+?\*\*)", text):
        if piece.startswith("`"):
            words[-1].append(Span("code", piece[1:-1]))
            continue
        is_bold = piece.startswith("**")
        for number, part in enumerate(piece.strip("*").split(" ")):
            if number:
                words.append([])
            if part:
                words[-1].append(Span("bold" if is_bold else style, part))
    return [word for word in words if word]


def _blank_after(span: Span) -> Span:
    """A blank as wide as it is in text: one of monospaced code would leave a hole."""
    return Span("text" if span.style == "code" else span.style, " ")


# --- Lines ----------------------------------------------------------------------------------------


class Typesetter:
    """Makes rows of blocks; it knows how wide letters are."""

    def __init__(self, pdf: FPDF) -> None:
        self.pdf = pdf

    def rows_of(self, block: Block) -> list[Row]:
        """The rows of a block.

        Raises:
            SheetError: something does not fit into the width of a column.
        """
        if block.kind == "code":
            return self._code(block.lines)
        if block.kind == "table":
            return self._table(block.lines)
        if block.kind == "heading":
            spans = [Span("heading", block.lines[0])]
            return [Row(HEADING_LINE, spans, HEADING_BASELINE, line_below=BLUE)]
        return [Row(LINE, spans) for spans in self.wrapped(block.lines[0], COLUMN_WIDTH)]

    def width(self, span: Span) -> float:
        set_style(self.pdf, span.style)
        return self.pdf.get_string_width(span.text)

    def wrapped(self, text: str, width: float, style: str = "text") -> list[list[Span]]:
        """A paragraph as lines of at most `width`, each a list of spans."""
        lines = [[]]
        for word in words_of(text, style):
            needed = sum(map(self.width, word))
            if needed > width:
                raise SheetError(f"{needed:.0f} mm do not fit into {width:.0f}: {word[0].text}")
            if lines[-1]:
                self._append(lines[-1], _blank_after(lines[-1][-1]))
            if self._end(lines[-1]) + needed > width:
                lines.append([])
            for span in word:
                self._append(lines[-1], span)
        return lines

    def _end(self, line: list[Span]) -> float:
        """Where a line ends; 0 for an empty one."""
        return line[-1].x + self.width(line[-1]) if line else 0.0

    def _append(self, line: list[Span], span: Span) -> None:
        """Put a span at the end of a line, into the last span if that is of its style."""
        if line and line[-1].style == span.style:
            line[-1] = replace(line[-1], text=line[-1].text + span.text)
        else:
            line.append(replace(span, x=self._end(line)))

    def _code(self, lines: list[str]) -> list[Row]:
        edge = Row(PADDING / 2, [], on_grey=True)
        return [
            edge,
            *(Row(CODE_LINE, self._code_spans(line), on_grey=True) for line in lines),
            edge,
        ]

    def _code_spans(self, line: str) -> list[Span]:
        code, mark, comment = line.partition("# ")
        code = Span("code", code, PADDING)
        end = PADDING + self.width(code)
        comment = Span("comment", mark + comment, end)
        if end + self.width(comment) > COLUMN_WIDTH - PADDING:
            raise SheetError(f"This line of code is too wide: {line}")
        return [code, comment]

    def _table(self, lines: list[str]) -> list[Row]:
        head, _, *body = lines
        styled = [("bold", cells(head)), *(("text", cells(line)) for line in body)]
        styled = [(style, pair) for style, pair in styled if any(pair)]  # a head may be empty
        first = max(self._natural_width(pair[0], style) for style, pair in styled)
        first = min(first, MAX_FIRST_CELL * COLUMN_WIDTH)
        rows = []
        for style, pair in styled:
            rows += self._table_rows(pair, first, style)
        return rows

    def _natural_width(self, text: str, style: str) -> float:
        """The width of a text in one line; a hair more, since sums are rounded."""
        (line,) = self.wrapped(text, 1000, style)
        return 0.01 + self._end(line)

    def _table_rows(self, pair: list[str], first: float, style: str) -> Iterator[Row]:
        """One line of a table: as many rows as its longer cell needs."""
        second = first + CELL_GAP
        left = self.wrapped(pair[0], first, style)
        right = self.wrapped(pair[1], COLUMN_WIDTH - second, style)
        count = max(len(left), len(right))
        for number in range(count):
            spans = list(left[number]) if number < len(left) else []
            if number < len(right):
                spans += [replace(span, x=span.x + second) for span in right[number]]
            is_last = number == count - 1
            yield Row(LINE + 0.3 * is_last, spans, line_below=LIGHT_GREY if is_last else None)


# --- Pages ----------------------------------------------------------------------------------------


def pieces_of(blocks: list[Block], typesetter: Typesetter) -> list[list[Row]]:
    """What stays together: each block, and a heading with the block that follows."""
    pieces, heading = [], []
    for block in blocks:
        rows = heading + typesetter.rows_of(block)
        heading = rows if block.kind == "heading" else []
        if not heading:
            pieces.append(rows)
    return pieces


def height_of(rows: list[Row]) -> float:
    return sum(row.height for row in rows)


def columns_of(pieces: list[list[Row]]) -> list[list[list[Row]]]:
    """Distribute pieces over columns, in their order.

    Raises:
        SheetError: there is more than `PAGES` pages hold, or a piece is higher than a column.
    """
    columns, room = [], 0.0
    for rows in pieces:
        if height_of(rows) > BOTTOM - TOP:
            raise SheetError("A block is higher than a page. Divide it in tools/cheat_sheet.md.")
        if not columns or height_of(rows) > room:
            columns.append([])
            room = BOTTOM - TOP
        columns[-1].append(rows)
        room -= height_of(rows) + MIN_GAP
    if len(columns) > PAGES * COLUMNS:
        raise SheetError(
            f"The sheet needs {len(columns)} columns, {PAGES} pages have {PAGES * COLUMNS}. "
            "Shorten tools/cheat_sheet.md."
        )
    return columns


def set_style(pdf: FPDF, style: str) -> None:
    family, emphasis, size, colour = STYLES[style]
    pdf.set_font(family, emphasis, size)
    pdf.set_text_color(*colour)


def draw_row(pdf: FPDF, row: Row, left: float, top: float) -> None:
    if row.on_grey:
        pdf.set_fill_color(*GREY)
        # A little higher than the row, else a white seam shows between two of them.
        pdf.rect(left, top, COLUMN_WIDTH, row.height + 0.1, style="F")
    if row.line_below:
        pdf.set_draw_color(*row.line_below)
        bottom = top + row.height - 0.3
        pdf.line(left, bottom, left + COLUMN_WIDTH, bottom)
    for span in row.spans:
        set_style(pdf, span.style)
        pdf.text(left + span.x, top + row.baseline, span.text)


def draw_column(pdf: FPDF, pieces: list[list[Row]], left: float) -> None:
    """Draw pieces one below the other; what room is left goes between them."""
    spare = BOTTOM - TOP - sum(map(height_of, pieces))
    gap = min(MAX_GAP, spare / max(1, len(pieces) - 1))
    top = TOP
    for rows in pieces:
        for row in rows:
            draw_row(pdf, row, left, top)
            top += row.height
        top += gap


def draw_title(pdf: FPDF, title: str) -> None:
    """The title, and the number of the page at its right."""
    set_style(pdf, "title")
    pdf.text(MARGIN, MARGIN + 4.5, title)
    set_style(pdf, "text")
    number = f"page {pdf.page_no()} of {PAGES}"
    pdf.text(WIDTH - MARGIN - pdf.get_string_width(number), MARGIN + 4.5, number)


def new_pdf(title: str) -> FPDF:
    """A document without pages, with its fonts."""
    pdf = FPDF("landscape", "mm", "A4")
    pdf.set_auto_page_break(False)
    pdf.set_title(title)
    pdf.set_lang("en-GB")
    pdf.set_line_width(0.15)
    for (family, emphasis), name in FONT_FILES.items():
        pdf.add_font(family, emphasis, FONTS / name)
    return pdf


def lay_out(markdown: str) -> FPDF:
    """The sheet as a PDF of at most `PAGES` pages, not yet written.

    Raises:
        SheetError: see there.
    """
    title, *blocks = parse(markdown)
    if title.kind != "title":
        raise SheetError("The sheet has to begin with its title.")
    pdf = new_pdf(title.lines[0])
    columns = columns_of(pieces_of(blocks, Typesetter(pdf)))
    for number, pieces in enumerate(columns):
        if number % COLUMNS == 0:
            pdf.add_page()
            draw_title(pdf, title.lines[0])
        draw_column(pdf, pieces, MARGIN + number % COLUMNS * (COLUMN_WIDTH + GUTTER))
    return pdf


def write(path: Path) -> None:
    """Write the sheet as a PDF file."""
    pdf = lay_out(SHEET.read_text(encoding="utf-8"))
    write_whole(path, lambda draft: pdf.output(str(draft)))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.cheat_sheet", description="Write the cheat sheet as PDF."
    )
    parser.add_argument("path", nargs="?", type=Path, default=DEFAULT_PATH, metavar="PATH")
    write(parser.parse_args(arguments).path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
