"""The glossary against the notebooks, and the page of errors against the code that raises them."""

import ast
import functools
import re
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from test_notebooks import code_cells, course_of, prose

from tools.execute import NOTEBOOKS

ENTRY = re.compile(r"^### (.+)\n\n(.+) First in \[(\d\d)\]\(notebooks/(.+?)\)\.$", re.M)
MIN_LENGTH, MAX_LENGTH = 20, 450  # characters of a definition
# Words that earlier notebooks use in their everyday sense.
EVERYDAY = {"judge", "no digit"}

ERROR = re.compile(r"^## (\d+)\. (.+?)(?=\n## |\Z)", re.M | re.S)
# Number of an error -> how many of its messages, from the first, the course's own code writes.
OWN_MESSAGES = {1: 1, 6: 1, 9: 2, 10: 1}
MIN_FIXED = 20  # characters of a message that are the same each time

GLOSSARY = (ROOT / "GLOSSARY.md").read_text("utf-8")
ENTRIES = ENTRY.findall(GLOSSARY)
ERRORS = ERROR.findall((ROOT / "ERRORS.md").read_text("utf-8"))


# --- Glossary -------------------------------------------------------------------------------------


@functools.cache
def words(path: Path) -> str:
    """A notebook's running text: no quiz, no hints, no code, no titles of others as links."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("quiz")]
    text = re.sub(r"<details>.*?</details>", " ", prose(notebook), flags=re.S)
    text = re.sub(r"\[([^\]]*)\]\(\.\./GLOSSARY[^)]*\)", r"\1", text)
    text = re.sub(r"```.*?```|\[[^\]]*\]\([^)]*\)", " ", text, flags=re.S)
    return " ".join(re.sub(r"[*`]", "", text).split())


def holds(text: str, term: str) -> bool:
    """Tell whether a text holds a term, in either case, in the singular or the plural."""
    return bool(re.search(rf"(?<!\w){re.escape(term)}(s|es)?(?!\w)", text, re.I))


def test_holds_a_term():
    assert holds("Two Kernels.", "kernel") and holds("The max-pooling", "max-pooling")
    assert not holds("overfitted", "overfit") and not holds("a reader", "read")


def test_each_entry_has_the_form():
    terms = [term for term, *_ in ENTRIES]
    assert terms == re.findall(r"^### (.+)", GLOSSARY, re.M)
    assert terms == sorted(terms, key=str.casefold)
    assert len({term.casefold() for term in terms}) == len(terms)


@pytest.mark.parametrize(
    ("term", "definition", "number", "name"), ENTRIES, ids=[entry[0] for entry in ENTRIES]
)
def test_a_term_is_first_used_where_its_entry_says(term, definition, number, name):
    assert MIN_LENGTH <= len(definition) <= MAX_LENGTH
    path = ROOT / "notebooks" / name
    assert path in NOTEBOOKS and name.startswith(number)
    assert holds(words(path), term)
    earlier = [book.stem for book in NOTEBOOKS if book < path and holds(words(book), term)]
    assert term in EVERYDAY or not earlier


def anchor(term: str) -> str:
    """What a link to a heading ends with, on GitHub and on the site."""
    return re.sub(r"[^\w-]", "", term.lower().replace(" ", "-"))


def test_each_term_leads_to_the_glossary_where_it_first_occurs():
    said = {path.name: prose(nbformat.read(path, as_version=4)) for path in NOTEBOOKS}
    for term, _, _, name in ENTRIES:
        assert f"](../GLOSSARY.md#{anchor(term)})" in said[name], term
    links = re.findall(r"\(\.\./GLOSSARY\.md#([^)]+)\)", " ".join(said.values()))
    assert sorted(links) == sorted(anchor(term) for term, *_ in ENTRIES)


def test_links_of_the_glossary_lead_to_the_notebook_that_they_name():
    for number, target in re.findall(r"\[(.+?)\]\((.+?)\)", GLOSSARY):
        assert (ROOT / target).is_file() and Path(target).name.startswith(number)


# --- Errors ---------------------------------------------------------------------------------------


def messages(text: str) -> list[str]:
    """What stands in the blocks of code of a Markdown text."""
    return re.findall(r"^```\n(.+?)\n```$", text, re.M | re.S)


def fixed_and_pattern(string: ast.Constant | ast.JoinedStr) -> tuple[str, str]:
    """The fixed characters of a string in source code, and a regular expression for the whole."""
    parts = string.values if isinstance(string, ast.JoinedStr) else [string]
    fixed = [part.value if isinstance(part, ast.Constant) else None for part in parts]
    pattern = "".join(".+" if text is None else re.escape(text) for text in fixed)
    return "".join(filter(None, fixed)), pattern


@functools.cache
def own_patterns() -> list[str]:
    """Regular expressions for the longer strings of utils.py, reading/ and the set-up cells."""
    sources = [path.read_text("utf-8") for path in (ROOT / "reading").glob("*.py")]
    sources.append((ROOT / "utils.py").read_text("utf-8"))
    sources += [code_cells(course_of(path))[0].source for path in NOTEBOOKS]
    found = []
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.JoinedStr) or (
                isinstance(node, ast.Constant) and isinstance(node.value, str)
            ):
                fixed, pattern = fixed_and_pattern(node)
                found += [pattern] if len(fixed) >= MIN_FIXED else []
    return found


def test_pattern_of_a_string():
    (statement,) = ast.parse('f"No {name}" ". Why?"').body
    fixed, pattern = fixed_and_pattern(statement.value)
    assert fixed == "No . Why?" and re.fullmatch(pattern, "No one. Why?")


def test_there_are_ten_errors():
    assert [int(number) for number, _ in ERRORS] == list(range(1, 11))
    for _, text in ERRORS:
        assert messages(text)
        assert text.count("**What it means.**") == text.count("**What to do.**") == 1


@pytest.mark.parametrize(("number", "count"), OWN_MESSAGES.items())
def test_messages_of_the_course_stand_in_its_source(number, count):
    own = messages(ERRORS[number - 1][1])[:count]
    assert len(own) == count
    for message in own:
        said = message.split(": ", 1)[1]  # after the kind of error
        assert any(re.fullmatch(pattern, said) for pattern in own_patterns()), said
