"""The form of the notebooks; that they run and print what is stored is nbval's part of the run."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, is_whole_suite
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tools.alt_text import describe, figures, without_alternative
from tools.execute import NOTEBOOKS, is_online, read_notebook

NAMES = [path.stem for path in NOTEBOOKS]
APP = ROOT / "app" / "app.ipynb"  # a page without code; executed like the others
# Fewer would mean that a notebook lost a good part of its content.
MIN_NOTEBOOKS = 16
MIN_CODE_CELLS = 250
MIN_ALTERNATIVE = 40  # characters of a figure's text alternative
# Here the assertion answers a question of the text: does the file hold the network that was saved?
VISIBLE_ASSERTIONS = {("03_dense_baseline", "cell-32"), ("04_cnn_training", "cell-48")}


@pytest.fixture(params=NOTEBOOKS, ids=NAMES)
def path(request) -> Path:
    return request.param


@pytest.fixture
def notebook(path):
    return course_of(path)


def course_of(path: Path) -> nbformat.NotebookNode:
    """A notebook without the cells that `make badges` adds for Colab and Kaggle."""
    notebook = read_notebook(path)
    notebook.cells = [cell for cell in notebook.cells if not is_online(cell)]
    return notebook


def prose(notebook) -> str:
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_claim(cell) -> bool:
    """Tell whether a cell checks what the text says, for the test run and not for the learner."""
    return "claim" in cell.metadata.get("tags", [])


def statements(cell) -> list[ast.stmt]:
    return ast.parse(cell.source).body


def asserts(node: ast.AST) -> bool:
    """Tell whether a statement asserts something when its cell runs, not when it is called."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        return False
    return isinstance(node, ast.Assert) or any(map(asserts, ast.iter_child_nodes(node)))


def is_heading(cell, line: str) -> bool:
    """Tell whether a Markdown cell has this line as a heading."""
    return cell.cell_type == "markdown" and line in cell.source.splitlines()


def headings(notebook) -> list[tuple[int, str]]:
    text = re.sub(r"```.*?```", "", prose(notebook), flags=re.S)
    return [(len(m[1]), m[2]) for m in re.finditer(r"^(#+) (.+)$", text, flags=re.M)]


def test_all_notebooks_and_cells_are_collected(request):
    """Where the whole suite runs, nbval has to have found every code cell."""
    if not is_whole_suite(request.config):
        pytest.skip("only a part of the tests was asked for")
    assert len(NOTEBOOKS) >= MIN_NOTEBOOKS
    paths = [*NOTEBOOKS, APP]
    expected = sum(len(code_cells(nbformat.read(p, as_version=4))) for p in paths)
    collected = [i for i in request.session.items if i.nodeid.split("::")[0].endswith(".ipynb")]
    assert len({item.nodeid.split("::")[0] for item in collected}) == len(paths)
    assert len(collected) == expected >= MIN_CODE_CELLS


def test_one_title_and_headings_in_order(notebook):
    levels = [level for level, _ in headings(notebook)]
    assert notebook.cells[0].source.startswith("# ")
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_opening_blocks(notebook):
    opening = notebook.cells[0].source
    parts = re.split(r"\*\*What you'll (do|learn|need)\.?\*\*", opening)
    assert parts[1::2] == ["do", "learn", "need"]
    assert 3 <= len(re.findall(r"^- ", parts[4], flags=re.M)) <= 5
    assert "two CPU cores" in parts[6]


def test_recap_quiz_exercises_and_link_to_the_next(path, notebook):
    names = [text for level, text in headings(notebook) if level == 2]
    assert names[-3:] == ["Recap", "Quiz", "Exercises"]
    assert 2 <= sum(text.startswith("Exercise ") for _, text in headings(notebook)) <= 4
    position = NOTEBOOKS.index(path)
    if position + 1 < len(NOTEBOOKS):
        assert f"({NOTEBOOKS[position + 1].name})" in notebook.cells[-1].source


def test_one_setup_cell(notebook):
    first, *others = code_cells(notebook)
    assert "SEED = " in first.source
    for cell in others:
        assert not re.search(r"^(import|from) ", cell.source, flags=re.M), cell.source


def test_executed_in_order_without_errors_or_warnings(notebook):
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for output in (output for cell in cells for output in cell.outputs):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output


def test_nothing_of_one_machine_is_stored(path, notebook):
    text = re.sub(r'"image/png": "[^"]*"', "", path.read_text(encoding="utf-8"))
    assert "widgets" not in notebook.metadata and "widget-view" not in text
    assert not re.search(r"/(?:home|root|Users|usr|tmp|work|opt)/|[A-Z]:\\\\", text)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_each_figure_has_the_text_below_as_its_alternative(notebook):
    shown = [[dict(f.metadata) for f in figures(cell)] for cell in notebook.cells]
    assert without_alternative(notebook) == []
    described = describe(notebook)
    assert shown == [[dict(f.metadata) for f in figures(cell)] for cell in described.cells]


def test_an_alternative_says_something(notebook):
    texts = [f.metadata["alt"] for cell in notebook.cells for f in figures(cell)]
    assert all(len(text) >= MIN_ALTERNATIVE and text[-1] in ".:?)" for text in texts), texts


def test_a_figure_without_text_below_is_found():
    figure = nbformat.v4.new_output("display_data", {"image/png": ""}, metadata={})
    cells = [nbformat.v4.new_code_cell("plot()", outputs=[figure])]
    assert without_alternative(describe(nbformat.v4.new_notebook(cells=cells))) == ["plot()"]
    cells += [nbformat.v4.new_markdown_cell("A *line* that [falls](x.md). Is it steep?\n\nMore.")]
    assert without_alternative(describe(nbformat.v4.new_notebook(cells=cells))) == []
    assert figure.metadata.alt == "A line that falls."


def test_size(path):
    assert path.stat().st_size < 1.5e6


def test_links_lead_somewhere(path, notebook):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose(notebook)):
        assert not target.startswith("http"), "a learner may have no network"
        assert (path.parent / target).is_file(), target


def test_no_belittling_words(notebook):
    text = re.sub(r"`[^`]*`", "", prose(notebook))
    found = re.findall(r"\b(just|easy|easily|simply|obvious|obviously|trivial)\b", text, flags=re.I)
    assert found == []


def test_cells_are_short(notebook):
    """Half of the cells outside the exercises have at most ten lines, none more than 30."""
    titles = [is_heading(c, "## Exercises") for c in notebook.cells]
    lines = sorted(
        len(cell.source.splitlines())
        for cell in notebook.cells[: titles.index(True)]
        if cell.cell_type == "code"
    )
    assert lines[len(lines) // 2] <= 10 and lines[-1] <= 30


def test_compared_outputs_are_the_rule(notebook):
    """Cells whose output nbval skips are marked one by one; they may not become the majority."""
    tags = [set(cell.metadata.get("tags", [])) for cell in code_cells(notebook)]
    assert all(t <= {"nbval-ignore-output", "claim"} for t in tags)
    # Claims have no output to compare: they do not count.
    skipped = ["nbval-ignore-output" in t for t in tags if "claim" not in t]
    assert sum(skipped) < len(skipped) / 2


def test_cells_that_only_assert_are_claims(notebook):
    for cell in code_cells(notebook):
        body = statements(cell)
        if body and all(isinstance(statement, ast.Assert) for statement in body):
            assert is_claim(cell), cell.source


def test_claims_assert_are_folded_and_show_nothing(notebook):
    for cell in filter(is_claim, notebook.cells):
        assert any(map(asserts, statements(cell))), cell.source
        assert cell.metadata.get("jupyter", {}).get("source_hidden") is True, cell.source
        assert cell.outputs == [], cell.source


def test_assertions_stand_in_claims():
    """What a learner reads teaches; where the text speaks of the check itself, it may be seen."""
    visible = {
        (path.stem, cell.id)
        for path in NOTEBOOKS
        for cell in code_cells(course_of(path))
        if not is_claim(cell) and any(map(asserts, statements(cell)))
    }
    assert visible == VISIBLE_ASSERTIONS


def test_app_holds_title_pad_and_upload_and_nothing_of_a_run():
    notebook = nbformat.read(APP, as_version=4)
    assert notebook.cells[0].source.startswith("# ")
    sources = [cell.source for cell in code_cells(notebook)]
    assert sources[1:] == ["pad.drawing_pad()", "pad.upload_button()"]
    assert not any(cell.outputs for cell in code_cells(notebook))
    assert set(notebook.metadata) == {"kernelspec", "language_info", "title"}


def run_cells(sources: list[str], folder: Path) -> list:
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    return notebook.cells


@pytest.mark.parametrize("folder", ["notebooks", "."])
def test_utils_is_found_from_both_folders(folder):
    """JupyterLab starts a notebook in its own folder, other programs at the root."""
    setup = code_cells(course_of(NOTEBOOKS[0]))[0].source
    cells = run_cells([setup, "print(len(utils.load_mnist()[0][0]))"], ROOT / folder)
    assert cells[1].outputs[0].text == "60000\n"


def test_elsewhere_the_setup_cell_says_what_to_do(tmp_path):
    setup = code_cells(course_of(NOTEBOOKS[0]))[0].source
    with pytest.raises(CellExecutionError, match=r"There is no utils\.py here"):
        run_cells([setup], tmp_path)


def test_all_setup_cells_look_for_utils_alike(notebook):
    first = code_cells(notebook)[0].source
    assert "import sys\nfrom pathlib import Path\n\n# utils.py is one folder up" in first


def trained(source: str) -> list[tuple[str, bool]]:
    """Names of networks that code trains, and whether it has made them in the same place.

    A function that trains what is handed to it trains wherever it is called.
    """
    tree = ast.parse(re.sub(r"^%.*", "", source, flags=re.M))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    trainers = {
        function.name: position
        for function in functions
        for position, argument in enumerate(function.args.args)
        if (argument.arg, False) in trained_in(function.body, {})
    }
    handed = {(f.name, argument.arg) for f in functions for argument in f.args.args}
    found = trained_in(tree.body, trainers)
    for function in functions:
        inside = trained_in(function.body, trainers)
        found += [(name, made) for name, made in inside if (function.name, name) not in handed]
    return found


def trained_in(statements: list[ast.stmt], trainers: dict[str, int]) -> list[tuple[str, bool]]:
    """The same for these statements alone; `trainers`: which argument a function trains."""
    made, found = set(), []
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        for node in ast.walk(statement):
            network = None
            if isinstance(node, ast.Attribute) and node.attr == "fit":
                network = node.value
            elif isinstance(node, ast.Call) and getattr(node.func, "id", None) in trainers:
                network = node.args[trainers[node.func.id]]
            if isinstance(network, ast.Name):
                found.append((network.id, network.id in made))
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                made.add(node.id)
    return found


def test_a_cell_that_trains_makes_its_network(notebook):
    """Interrupted and run again, it would go on with a half-trained one, and nothing says so."""
    cells = [cell.source for cell in code_cells(notebook)]
    functions = "\n".join(map(functions_of, cells))
    for source in cells:
        for name, made in trained(functions + "\n" + source):
            assert made, f"{name} is trained but not made here:\n{source}"


def functions_of(source: str) -> str:
    """The functions that a cell defines, without what it runs."""
    tree = ast.parse(re.sub(r"^%.*", "", source, flags=re.M))
    return "\n".join(ast.unparse(s) for s in tree.body if isinstance(s, ast.FunctionDef))


@pytest.mark.parametrize(
    "source, expected",
    [
        ("history = model.fit(x)", [("model", False)]),
        ("model = new()\nmodel.fit(x)", [("model", True)]),
        ("def train(net):\n    net.fit(x)\ntrain(model)", [("model", False)]),
        ("def train(net):\n    net.fit(x)\nmodel = new()\ntrain(model)", [("model", True)]),
        ("def train(net):\n    net = copy(net)\n    net.fit(x)\ntrain(model)", []),
        ("def train():\n    model.fit(x)", [("model", False)]),
    ],
)
def test_a_cell_that_trains_an_older_network_is_found(source, expected):
    assert [item for item in trained(source) if item != ("net", True)] == expected
