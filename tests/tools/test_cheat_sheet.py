"""The cheat sheet: two pages, names that exist, code that runs, figures that were measured."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from tools import cheat_sheet

TEXT = cheat_sheet.SHEET.read_text(encoding="utf-8")
CODE = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.M | re.S)
# The code runs on few digits, else it would take minutes.
DIGITS, TEST_DIGITS = 1_700, 300
SHORTER = {"test_size=6000": "test_size=200", "epochs=5": "epochs=2"}


def section(title: str) -> str:
    """What stands below a heading, up to the next one."""
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, flags=re.M | re.S)[1]


def rows(title: str) -> list[list[str]]:
    """The cells of the tables of a section, without lines and marks of code."""
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [cheat_sheet.cells(line.replace("`", "")) for line in lines]


# --- The PDF --------------------------------------------------------------------------------------


def test_the_pdf_has_two_pages(tmp_path):
    path = tmp_path / "sheet.pdf"
    assert cheat_sheet.main([str(path)]) == 0
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b(?!s)", content)) == 2


def test_letters_are_legible():
    assert min(size for _, _, size, _ in cheat_sheet.STYLES.values()) >= 8


def test_a_third_page_is_refused():
    with pytest.raises(cheat_sheet.SheetError, match=r"2 pages have 6\. Shorten"):
        cheat_sheet.lay_out(TEXT + "\n## One more\n\n" + "A paragraph.\n\n" * 100)


def test_nothing_of_the_text_is_lost():
    blocks = cheat_sheet.parse(TEXT)[1:]
    pieces = cheat_sheet.pieces_of(blocks, cheat_sheet.Typesetter(cheat_sheet.new_pdf("")))
    drawn = "".join(span.text for rows in pieces for row in rows for span in row.spans)
    for letters in re.findall(r"\w+", "".join("".join(block.lines) for block in blocks)):
        assert letters in drawn


@pytest.mark.parametrize(
    ("markdown", "message"),
    [
        ("No title.", "begin with its title"),
        ("# Title\n\n### Deep", "A title"),
        ("# Title\n\n```python\nx = 1", "no end"),
        ("# Title\n\n```python\n" + "x" * 60 + "\n```", "too wide"),
        ("# Title\n\n" + "x" * 100, "do not fit"),
        ("# Title\n\n| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |", "two columns"),
        ("# Title\n\n```python\n" + "x = 1\n" * 60 + "```", "higher than"),
    ],
)
def test_what_cannot_be_laid_out_is_said(markdown, message):
    with pytest.raises(cheat_sheet.SheetError, match=message):
        cheat_sheet.lay_out(markdown)


def test_words_keep_what_belongs_together():
    words = cheat_sheet.words_of("Take `(28, 28)`, **not less**.")
    assert [[(span.style, span.text) for span in word] for word in words] == [
        [("text", "Take")],
        [("code", "(28, 28)"), ("text", ",")],
        [("bold", "not")],
        [("bold", "less"), ("text", ".")],
    ]


# --- Names ----------------------------------------------------------------------------------------


def test_every_name_of_utils_and_reading_exists():
    import reading
    import utils

    modules = {"utils": utils, "reading": reading}
    named = set(re.findall(r"(?<![\w.])(utils|reading)\.(?!py\b)(\w+)", TEXT))
    assert len(named) > 20
    assert [
        f"{module}.{name}" for module, name in named if not hasattr(modules[module], name)
    ] == []


def test_no_function_of_utils_is_missing():
    import utils

    functions = inspect.getmembers(utils, inspect.isfunction)
    own = {name for name, f in functions if f.__module__ == "utils" and not name.startswith("_")}
    assert own <= set(re.findall(r"\butils\.(\w+)", section("Functions of utils and reading")))


def test_every_make_command_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^(\w+):.*##", makefile, flags=re.M)
    named = re.findall(r"`make (\w+)", TEXT)
    assert len(named) > 10
    assert set(named) <= set(commands)


# --- Figures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "file", "measured"),
    [
        ("11.2 %", "notebooks/01_exploration.ipynb", "always answering 1: an accuracy of 11.2%"),
        ("83.1 %", "notebooks/01_exploration.ipynb", "accuracy of the nearest mean: 83.1%"),
        ("99.0 % on", "notebooks/02_preprocessing.ipynb", "200 equal networks: 99.0% on"),
        ("98.0 % on new", "notebooks/02_preprocessing.ipynb", "on new digits: 98.0%"),
        ("500 digits lead to 4.1 times", "notebooks/07_augmentation.ipynb", "   500 digits: 4.1 t"),
        ("5,000 to 1.5 times", "notebooks/07_augmentation.ipynb", " 5,000 digits: 1.5 times"),
        ("85.0 % of other", "README.md", "`model.predict`): 85.0 %"),
        ("`reading`, 99.6 %", "README.md", "99.6 % (99.3 to 99.8)"),
    ],
)
def test_a_figure_was_measured(said, file, measured):
    assert said in TEXT
    assert measured in (ROOT / file).read_text(encoding="utf-8")


def test_accuracies_are_the_stored_ones():
    seeds = pd.read_csv(ROOT / "results" / "seeds.csv", index_col="name").mean(axis=1)
    records = pd.read_csv(ROOT / "results" / "records.csv").groupby("network")["test accuracy"]
    metrics = pd.read_csv(ROOT / "results" / "metrics.csv", index_col="name")["parameters"]
    sizes = pd.read_csv(ROOT / "results" / "records.csv").groupby("network")["parameters"].first()
    accuracies, parameters = pd.concat([seeds, records.mean()]), pd.concat([metrics, sizes])
    _, *table = rows("Save and load")
    assert len(table) == 8
    for name, text in table:
        expected = f"{100 * accuracies[name]:.2f} %, {parameters[name]:,.0f} parameters"
        assert text.startswith(expected), name


def test_arithmetic_is_that_of_keras():
    from keras import Input, Sequential, layers

    def size(layer, pixels):
        return Sequential([Input((pixels, pixels, 1)), layer]).outputs[0].shape[1]

    table = dict(rows("Convolution arithmetic")[1:])
    assert f"k 3, 28 → {size(layers.Conv2D(4, 3), 28)};" in table["padding valid"]
    assert f"28 → {size(layers.Conv2D(4, 5, strides=2), 28)}" in table["padding valid"]
    for stride in (1, 2):
        padded = layers.Conv2D(4, 3, strides=stride, padding="same")
        assert f"s {stride}, 28 → {size(padded, 28)}" in table["padding same"]
    for pixels in (26, 11):
        halved = size(layers.MaxPooling2D(2), pixels)
        assert f"{pixels} → {halved}" in table["MaxPooling2D(2)"]
    normalization = Sequential([Input((5, 5, 3)), layers.BatchNormalization()])
    trained = sum(int(np.prod(w.shape)) for w in normalization.trainable_weights)
    assert (normalization.count_params(), trained) == (3 * 4, 3 * 2)


def test_intervals_are_as_wide_as_said():
    for digits, half in ((10_000, "± 0.2 %"), (1_000, "± 0.6 %")):
        assert f"± {196 * (0.99 * 0.01 / digits) ** 0.5:.1f} %" == half
        assert re.search(rf"{digits:,}( digits at 99 %)?, {re.escape(half)}", TEXT)


# --- Code -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def after_all_code(tmp_path_factory) -> dict:
    """The names that exist when all the sheet's code has run, on few digits."""
    import matplotlib.pyplot as plt

    import utils

    (images, labels), (test_images, test_labels) = utils.load_mnist()
    few = (
        (images[:DIGITS], labels[:DIGITS]),
        (test_images[:TEST_DIGITS], test_labels[:TEST_DIGITS]),
    )
    namespace = {"__name__": "sheet"}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        patch.chdir(ROOT)
        patch.setattr(utils, "load_mnist", lambda: few)
        patch.setattr(utils, "MODELS", tmp_path_factory.mktemp("models"))
        patch.setattr(plt, "show", lambda: plt.close("all"))
        for number, code in enumerate(CODE):
            for said, shorter in SHORTER.items():
                code = code.replace(said, shorter)
            exec(compile(code, f"block {number + 1} of the cheat sheet", "exec"), namespace)
    return namespace


def test_the_code_runs_and_learns(after_all_code):
    assert len(CODE) > 10
    assert all(said in "".join(CODE) for said in SHORTER)
    assert abs(after_all_code["loss"] - np.log(10)) < 0.3
    assert after_all_code["losses"][-1] < 0.1
    assert after_all_code["right"].mean() > 0.5
    assert after_all_code["model"].count_params() == 225_034
    assert after_all_code["low"] < after_all_code["right"].mean() < after_all_code["high"]


def test_sizes_and_parameters_of_the_network_are_as_said(after_all_code):
    layers = after_all_code["model"].layers
    outputs = [layer.output.shape[1] for layer in layers]
    assert "28 → " + " → ".join(map(str, outputs[:4])) + "," in TEXT
    assert f"5·5·64 = {outputs[4]:,} numbers" in TEXT
    assert "model.summary()  # 225,034 parameters" in TEXT
    products = "3·3·1·32 + 32", "3·3·32·64 + 64", "1,600·128 + 128", "128·10 + 10"
    for product, number in zip(products, (0, 2, 5, 6), strict=True):
        assert f"{product} = {layers[number].count_params():,}" in TEXT


def test_shapes_and_dtypes_are_as_said(after_all_code):
    _, *table = rows("Shapes and dtypes")
    assert len(table) == 6
    for expression, text in table:
        array = eval(expression, after_all_code)
        sizes, dtype = re.match(r"\((.+?)\) (\w+)", text).groups()
        sizes = [size for size in re.split(r",\s*", sizes) if size]
        assert array.dtype == dtype, expression
        assert len(sizes) == array.ndim, expression
        for said, real in zip(sizes, array.shape, strict=True):
            assert said in ("n", str(real)), expression


def test_the_saved_network_comes_back(after_all_code):
    x = after_all_code["x_test"][:50]
    answers = [after_all_code[name].predict(x, verbose=0) for name in ("model", "same")]
    assert np.allclose(*answers, atol=1e-5)


def test_precision_and_recall_are_those_of_scikit_learn(after_all_code):
    from sklearn.metrics import precision_score, recall_score

    judged = {"precision of 7": precision_score, "recall of 7": recall_score}
    table = dict(rows("Where are the mistakes?")[1:])
    for name, score in judged.items():
        share = eval(table[name].partition(": ")[2], after_all_code)
        expected = score(
            after_all_code["test_labels"], after_all_code["predictions"], labels=[7], average=None
        )
        assert share == pytest.approx(expected[0])
