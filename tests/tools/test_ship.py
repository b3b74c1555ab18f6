"""What ships networks."""

import nbformat
from conftest import ROOT

from tools.ship import reader


def test_the_tool_that_trains_the_reader_finds_the_budget_in_the_notebook():
    """The notebook stores a short training; the tool has to find where to lengthen it."""
    notebook = nbformat.read(ROOT / "notebooks" / "10_reading_network.ipynb", as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for line in reader.FULL_BUDGET:
        (source,) = (source for source in sources if line in source)
        assert reader.to_full_budget(source) != source
