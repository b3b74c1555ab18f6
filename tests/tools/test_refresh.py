"""What is stored of an executed notebook."""

import base64
import io

import nbformat
import numpy as np
import pytest
from PIL import Image

from tools.refresh import WIDGET, compact, tidy


def png(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return base64.b64encode(file.getvalue()).decode()


def pixels_of(picture: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))))


@pytest.fixture
def picture() -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 4), np.uint8)
    noise[..., 3] = 255
    return noise


def test_a_figure_becomes_smaller_and_stays_the_same(picture):
    small = compact(png(picture))
    assert len(small) < len(png(picture))
    assert np.array_equal(pixels_of(small), picture[..., :3])
    assert compact(small) == small


def test_a_transparent_figure_stays_transparent(picture):
    picture[:9, :9, 3] = 0
    assert np.array_equal(pixels_of(compact(png(picture))), picture)


def test_a_notebook_is_stored_with_alternatives_and_without_traces_of_the_machine(picture):
    output = nbformat.v4.new_output("display_data", {"image/png": png(picture)})
    cell = nbformat.v4.new_code_cell("plot()", outputs=[output])
    below = nbformat.v4.new_markdown_cell("Noise in many colours.")
    stored = tidy(nbformat.v4.new_notebook(cells=[cell, below], metadata={"widgets": {}}))
    (figure,) = stored.cells[0].outputs
    assert figure.metadata.alt == "Noise in many colours."
    assert figure.data["image/png"] == compact(png(picture))
    assert set(stored.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("source", ["pad.drawing_pad(model)", "pad.upload_button()"])
def test_a_picture_stands_in_the_place_of_a_widget(source):
    output = nbformat.v4.new_output("display_data", {WIDGET: {}, "text/plain": "<Pad at 0x7f>"})
    cell = nbformat.v4.new_code_cell(source, outputs=[output])
    stored = tidy(nbformat.v4.new_notebook(cells=[cell]))
    (shown,) = stored.cells[0].outputs
    assert (
        set(shown.data) == {"image/png", "text/plain"} and pixels_of(shown.data["image/png"]).any()
    )
    assert "Run this cell" in shown.metadata.alt and "0x" not in shown.data["text/plain"]
    assert tidy(stored).cells[0].outputs == [shown]


def test_a_widget_without_a_picture_is_a_sentence():
    output = nbformat.v4.new_output("display_data", {WIDGET: {}, "text/plain": "Slider(at 0x7f)"})
    cell = nbformat.v4.new_code_cell("slider()", outputs=[output])
    (shown,) = tidy(nbformat.v4.new_notebook(cells=[cell])).cells[0].outputs
    assert shown.data == {"text/plain": "Run this cell to see it."}
