"""Say which exercises are done; nothing of it leaves the computer.

    python -m tools.progress        or, in a cell of a notebook: %run -m tools.progress

A check that finds nothing wrong notes its exercise in models/exercises.json. Delete that file to
begin anew.
"""

import json
import os
import re
from pathlib import Path

from tools.execute import NOTEBOOKS, ROOT, read_notebook

DONE = Path(os.environ.get("DIGITS_MODELS", ROOT / "models")) / "exercises.json"


def exercises_of(path: Path) -> list[str]:
    """The names of a notebook's exercises, such as "1.2"."""
    text = "\n".join(cell.source for cell in read_notebook(path).cells)
    return re.findall(r"^### Exercise (\d+\.\d+)", text, flags=re.M)


def done_exercises() -> set[str]:
    """The names of those that are done; none if the file is missing or damaged."""
    try:
        return set(json.loads(DONE.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return set()


def report(done: set[str]) -> str:
    """A line a notebook: its title, how many exercises are done, and which are left."""
    lines, total, count = [], 0, 0
    for path in NOTEBOOKS:
        title = read_notebook(path).cells[0].source.splitlines()[0].lstrip("# ")
        own = exercises_of(path)
        left = [name for name in own if name not in done]
        total, count = total + len(own), count + len(own) - len(left)
        said = f"left: {', '.join(left)}" if left else "all done"
        lines.append(
            f"{path.stem[:2]} {title[:44]:44s} {len(own) - len(left)} of {len(own)}, {said}"
        )
    return "\n".join([*lines, f"{count} of {total} exercises are done."])


if __name__ == "__main__":
    print(report(done_exercises()))
