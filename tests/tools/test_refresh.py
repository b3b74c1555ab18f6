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


def test_a_notebook_is_stored_without_widgets_and_with_alternatives(picture):
    output = nbformat.v4.new_output
    cell = nbformat.v4.new_code_cell(
        "plot()",
        outputs=[
            output("display_data", {WIDGET: {}, "text/plain": "<Pad at 0x7f>"}),
            output("display_data", {"image/png": png(picture)}),
        ],
    )
    below = nbformat.v4.new_markdown_cell("Noise in many colours.")
    stored = tidy(nbformat.v4.new_notebook(cells=[cell, below], metadata={"widgets": {}}))
    (figure,) = stored.cells[0].outputs
    assert figure.metadata.alt == "Noise in many colours."
    assert figure.data["image/png"] == compact(png(picture))
    assert set(stored.metadata) == {"kernelspec", "language_info"}
