"""What a class needs for each notebook, counted, for TEACHING.md."""

import re

import nbformat
import pandas as pd

from tools.execute import NOTEBOOKS, ROOT, is_online

GUIDE = ROOT / "TEACHING.md"
WORDS_A_MINUTE, LINES_A_MINUTE = 150, 10  # of text and of code, looked at while it runs
QUIZ_MINUTES = 10  # alone, then in pairs
PAUSE_MINUTES = 5  # in each notebook, for the pauses of its guide


def is_claim(cell: nbformat.NotebookNode) -> bool:
    return "claim" in cell.metadata.get("tags", [])


def words_and_lines(notebook: nbformat.NotebookNode) -> tuple[int, int]:
    """How many words and lines of code learners read before the quiz."""
    end = [cell.id for cell in notebook.cells].index("quiz")
    read = [c for c in notebook.cells[:end] if not is_claim(c) and not is_online(c)]
    text = [c.source for c in read if c.cell_type == "markdown"]
    code = [c.source for c in read if c.cell_type == "code"]
    lines = [line for source in code for line in source.splitlines() if line.strip()]
    return sum(len(part.split()) for part in text), len(lines)


def reading_minutes(notebook: nbformat.NotebookNode) -> float:
    words, lines = words_and_lines(notebook)
    return words / WORDS_A_MINUTE + lines / LINES_A_MINUTE


def exercise_minutes(guide: str) -> dict[str, int]:
    """The minutes of each exercise, such as "1.2", at most, as the teacher's guide has them."""
    found = {}
    for paragraph in re.findall(r"^\*\*Exercises\.\*\*(.+)$", guide, flags=re.M):
        parts = re.split(r"(?<![\d.])(\d+\.\d) (?=practises|is )", paragraph)[1:]
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            least, most = re.search(r"(\d+)(?: to (\d+))? minutes", text).groups()
            found[name] = int(most or least)
    return found


def needed(times: pd.DataFrame, guide: str) -> pd.DataFrame:
    """A row a notebook ("01"): words, lines, and minutes of reading, running and exercises."""
    running, exercises = times.set_index("notebook")["minutes"], exercise_minutes(guide)
    rows = {}
    for path in NOTEBOOKS:
        notebook, number = nbformat.read(path, as_version=4), path.stem[:2]
        own = [m for name, m in exercises.items() if name.split(".")[0] == number.lstrip("0")]
        words, lines = words_and_lines(notebook)
        rows[number] = {
            "words": words,
            "lines of code": lines,
            "reading": reading_minutes(notebook),
            "running": running[path.stem],
            "exercises": sum(own),
        }
    return pd.DataFrame(rows).T


def counted_table(times: pd.DataFrame) -> str:
    """`needed` as Markdown, with a sum."""
    table = needed(times, GUIDE.read_text("utf-8"))
    table.loc["together"] = table.sum()
    head = "| notebook | words | lines of code | minutes of reading | of running | of exercises |"
    lines = [
        f"| {name} | {r['words']:,.0f} | {r['lines of code']:,.0f} | {r['reading']:.0f} "
        f"| {r['running']:.1f} | {r['exercises']:.0f} |"
        for name, r in table.iterrows()
    ]
    return "\n".join([head, "|---|---|---|---|---|---|", *lines])
