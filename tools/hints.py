"""Put the hints of each exercise, which stand in its solution's file, into the notebooks.

    python -m tools.hints

A solution's file in notebooks/solutions/ begins with comments: `# Hint 1: ...` and `# Hint 2: ...`,
from a nudge to nearly the code. Below the exercise each is folded, the second one within the first,
so that they are opened one at a time.
"""

import re
from functools import partial
from pathlib import Path

import nbformat

from reading.files import write_whole
from tools.execute import NOTEBOOKS, ROOT, read_notebook

SOLUTIONS = ROOT / "notebooks" / "solutions"
START = "<details><summary>Hint 1</summary>"


def hints_of(solution: str) -> list[str]:
    """The hints at the beginning of a solution's text, each in one line; none is no fault."""
    if not solution.startswith("# Hint 1:"):
        return []
    comments = solution.split("\n\n", 1)[0]
    lines = " ".join(line.lstrip("# ") for line in comments.splitlines())
    return [hint.strip() for hint in re.split(r"Hint \d: ", lines)[1:]]


def folded(hints: list[str]) -> str:
    """Hints as Markdown, each within the one before it."""
    text = ""
    for number, hint in reversed([*enumerate(hints, 1)]):
        text = f"<details><summary>Hint {number}</summary>\n\n{hint}\n\n{text}</details>\n\n"
    return text.strip()


def solution_file(exercise: str) -> Path:
    """The file of an exercise such as "1.2"."""
    notebook, number = exercise.split(".")
    return SOLUTIONS / f"{notebook:0>2}_{number}.py"


def with_hints(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Write the hints below each exercise of a notebook, in place of those that stand there."""
    for cell in notebook.cells:
        title = re.match(r"### Exercise (\d+\.\d+)", cell.source)
        if title and cell.cell_type == "markdown":
            file, task = solution_file(title[1]), cell.source.split(START)[0].strip()
            hints = hints_of(file.read_text("utf-8")) if file.is_file() else []
            cell.source = f"{task}\n\n{folded(hints)}".strip()
    return notebook


def main() -> int:
    for path in NOTEBOOKS:
        write_whole(path, partial(nbformat.write, with_hints(read_notebook(path))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
