"""The messages on the page of errors that the course does not write itself, made to happen.

test_glossary.py compares the course's own messages with its source.
"""

import doctest
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
from conftest import ROOT
from jupyterlab.commands import get_app_dir
from test_glossary import ERRORS, messages
from test_notebooks import code_cells

import utils
from tools.execute import NOTEBOOKS
from utils import keras

layers = keras.layers


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The first 1,000 training digits and their labels, as the page says."""
    (images, labels), _ = utils.load_mnist()
    return images[:1000], labels[:1000]


def quoted(number: int) -> str:
    """The first message of an error on the page."""
    return messages(ERRORS[number - 1][1])[0]


def prose(number: int) -> str:
    """What the page says of an error, without its line breaks."""
    return " ".join(ERRORS[number - 1][1].split())


def last_line(broken: Callable[[], None]) -> str:
    """What stands last under a cell that fails in this way, up to the end of its line."""
    with pytest.raises(Exception) as raised:
        broken()
    return f"{raised.type.__name__}: {raised.value}".splitlines()[0]


def test_a_package_is_missing():
    without_packages = [sys.executable, "-S", "-c", "import utils"]
    ended = subprocess.run(without_packages, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode and ended.stderr.splitlines()[-1] == quoted(2)


def test_a_name_is_not_defined():
    """In the first notebook, where only the set-up cell has run since the kernel was started."""
    cells = [cell.source for cell in code_cells(nbformat.read(NOTEBOOKS[0], as_version=4))]
    (counting,) = [source for source in cells if "np.bincount(train_labels)" in source]
    names = {"np": np, "pd": utils.pd}
    assert last_line(lambda: exec(counting, names)) == quoted(3)


def test_differences_of_pixels(digits):
    names = {"np": np, "images": digits[0]}
    typed = doctest.DocTestParser().get_doctest(quoted(4) + "\n", names, "error 4", None, 0)
    assert len(typed.examples) == 2
    assert doctest.DocTestRunner(verbose=False).run(typed).failed == 0
    first, second, wrapped = map(int, re.search(r"(\d+) − (\d+) gives (\d+)", prose(4)).groups())
    assert np.array([first], np.uint8) - np.array([second], np.uint8) == wrapped


def tiny(*, loss: str) -> keras.Model:
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    model.compile("sgd", loss)
    return model


def test_the_accuracy_stays_near_guessing(digits, capsys):
    images, labels = digits
    keras.utils.set_random_seed(1)
    hidden = [layers.Dense(128, activation="relu"), layers.Dense(64, activation="relu")]
    answers = layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), *hidden, answers])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images[..., None].astype(float), labels, epochs=3, verbose=2)
    said, page = capsys.readouterr().out.splitlines()[-1], quoted(5)
    # Figures depend on the machine, their meaning does not: guessing.
    shape, number = re.compile(r"\d+s - \d+[mu]?s|(?<=: )[\d.]+"), re.compile(r"(?<=: )[\d.]+")
    assert shape.sub("", said) == shape.sub("", page)
    for value, on_page in zip(number.findall(said), number.findall(page), strict=True):
        assert abs(float(value) - float(on_page)) < 0.04


def test_unscaled_pixels_harm_a_trained_network(digits):
    images, labels = digits
    cnn = utils.load_model("cnn")
    unscaled, scaled = re.search(r"reads ([\d.]+) % instead of ([\d.]+) %", prose(5)).groups()
    for x, share in ((images[..., None].astype("float32"), unscaled), (None, scaled)):
        x = utils.to_input(images) if x is None else x
        right = np.mean(cnn.predict(x, verbose=0).argmax(axis=1) == labels)
        assert abs(100 * right - float(share)) < 0.25


def test_one_hot_labels_and_the_loss_for_integers(digits):
    x, labels = utils.to_input(digits[0][:2]), digits[1][:2]
    sparse = tiny(loss="sparse_categorical_crossentropy")
    one_hot = np.eye(10)[labels]
    assert last_line(lambda: sparse.fit(x, one_hot, verbose=0)) == quoted(7)
    other = re.search(r'the message reads "(.+?)"', prose(7)).group(1)
    dense = tiny(loss="categorical_crossentropy")
    assert other in last_line(lambda: dense.fit(x, labels, verbose=0))


def test_the_kernel_has_died():
    """JupyterLab says it in its window, so its own text is looked up; no kernel is killed."""
    (name,) = re.findall(r"notebooks/\S+\.ipynb", quoted(8))
    assert (ROOT / name).is_file()
    wanted = quoted(8).replace(name, "%1")
    scripts = Path(get_app_dir(), "static").glob("*.js")
    assert any(wanted in script.read_text("utf-8") for script in scripts)
