"""What ships networks."""

import nbformat
import numpy as np
from conftest import ROOT

from reading import network
from tools.ship import litert, reader
from utils import keras


def test_the_tool_that_trains_the_reader_finds_the_budget_in_the_notebook():
    """The notebook stores a short training; the tool has to find where to lengthen it."""
    notebook = nbformat.read(ROOT / "notebooks" / "10_reading_network.ipynb", as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for line in reader.FULL_BUDGET:
        (source,) = (source for source in sources if line in source)
        assert reader.FULL_BUDGET[line] in reader.to_full_budget(source)


def test_a_network_runs_with_a_mark_at_its_file_s_end(tmp_path):
    tiny = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    for mark in (b"", network.mark_of_reader()):
        litert.export(tiny, tmp_path / "tiny.tflite", mark)
        content = (tmp_path / "tiny.tflite").read_bytes()
        assert content.endswith(network.mark_of_reader()) == bool(mark)
        assert network.Network(tmp_path / "tiny.tflite").predict_on_batch(
            np.ones((1, 4), np.float32)
        ).shape == (1, 2)
