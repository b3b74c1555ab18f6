"""Let the notebooks of a public copy be opened in Colab, Kaggle and Binder: `make badges URL=...`.

    python -m tools.badges https://github.com/OWNER/REPO [BRANCH]

Below its opening, each notebook gets a line of links, and a cell that fetches the course where the
notebook lies alone, as on Colab and Kaggle. Both carry the tag `online`. A second call replaces
them. Binder reads environment.yml and needs neither.
"""

import re
import sys
from functools import partial
from pathlib import Path
from urllib.parse import quote

import nbformat

from reading.files import write_whole
from tools.colab import LACKING
from tools.execute import NOTEBOOKS, NotebookError, is_online, read_notebook

WANTED = "Name the public copy on GitHub, such as: make badges URL=https://github.com/you/course"
ADDRESS = r"https://github\.com/([\w-]+)/([\w.-]+?)(?:\.git)?/?"
OPENED_IN = {
    "Colab": "https://colab.research.google.com/github/{place}/blob/{branch}/{file}",
    "Kaggle": "https://kaggle.com/kernels/welcome?src=https://github.com/{place}/blob/{branch}/{file}",
    "Binder": "https://mybinder.org/v2/gh/{place}/{quoted}?urlpath=lab/tree/{file}",
}
# Words, no images: those would come from the web.
LINKS = """\
Open this notebook in {links}. On Kaggle, turn the internet on first, in the settings of the \
notebook."""
FETCH = """\
# On Colab and Kaggle: fetch the course, and install what they lack. Elsewhere this does nothing.
import os
import subprocess
import sys
from pathlib import Path

online = {{"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"}} & set(os.environ)
if online and not any(Path(folder, "utils.py").exists() for folder in (".", "..")):
    if not Path("course").exists():
        clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", "{branch}"]
        subprocess.run([*clone, "{url}", "course"], check=True)
    install = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, {packages}], check=True)
    os.chdir("course/notebooks")  # last: run again after a fault, this cell begins anew"""


def place_of(url: str) -> str:
    """OWNER/REPO of an address on GitHub.

    Raises:
        ValueError: it is none.
    """
    match = re.fullmatch(ADDRESS, url.strip())
    if match is None:
        raise ValueError(WANTED)
    return "/".join(match.groups())


def fetching(url: str, branch: str) -> str:
    """The code that fetches the course from any address that git knows, and goes there."""
    packages = ", ".join(f'"{name}"' for name in LACKING)
    return FETCH.format(url=url, branch=branch, packages=packages)


def with_badges(
    notebook: nbformat.NotebookNode, name: str, place: str, branch: str
) -> nbformat.NotebookNode:
    """Put the two cells below a notebook's opening, in the place of those that stand there.

    Args:
        name: of the notebook's file.
        place: OWNER/REPO on GitHub.
    """
    file, quoted = f"notebooks/{name}", quote(branch, safe="")
    links = " or ".join(
        f"[{where}]({address.format(place=place, branch=branch, quoted=quoted, file=file)})"
        for where, address in OPENED_IN.items()
    )
    code = fetching(f"https://github.com/{place}", branch)
    cells = [
        nbformat.v4.new_markdown_cell(
            LINKS.format(links=links), id="online-links", metadata={"tags": ["online"]}
        ),
        nbformat.v4.new_code_cell(
            code, id="online-fetch", metadata={"tags": ["online", "nbval-skip"]}
        ),
    ]
    opening, *rest = (cell for cell in notebook.cells if not is_online(cell))
    notebook.cells = [opening, *cells, *rest]
    return notebook


def main(arguments: list[str], notebooks: list[Path] = NOTEBOOKS) -> int:
    url, branch = [*arguments, "", ""][:2]
    branch = branch or "main"
    try:
        place = place_of(url)
        if not re.fullmatch(r"[\w./-]+", branch) or branch.startswith("-"):
            raise ValueError(f"{branch!r} is no name of a branch; without BRANCH=, it is main.")
        changed = {
            path: with_badges(read_notebook(path), path.name, place, branch) for path in notebooks
        }
    except (ValueError, NotebookError) as error:
        print(f"[FAIL] {error}", file=sys.stderr)
        return 1
    for path, notebook in changed.items():
        write_whole(path, partial(nbformat.write, notebook))
    print(f"{len(changed)} notebooks link to {place} and fetch its branch {branch}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
