"""A run in a notebook: its progress and its pictures are shown there."""

import base64
import sys

import nbformat
from nbclient import NotebookClient

from tests.support.processes import ROOT

CELLS = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r})",
    """
import evolino
result = evolino.train(
    "mso", network=evolino.LSTM(cells=4), search="random", out="run",
    budget=evolino.Budget(generations=3), callbacks=[evolino.Progress()],
)
""",
    "evolino.plots.fitness(['run'], 'run/fitness.png')",
    "evolino.plots.fitness(['run'], 'run/fitness.svg')",
)


def test_a_notebook_shows_progress_and_pictures(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": sys.version}
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, resources=resources).execute()
    printed = "".join(each.get("text", "") for each in notebook.cells[1].outputs)
    assert "generation 3 " in printed
    png = notebook.cells[2].outputs[-1]["data"]["image/png"]
    assert base64.b64decode(png) == (tmp_path / "run" / "fitness.png").read_bytes()
    assert "<svg" in notebook.cells[3].outputs[-1]["data"]["image/svg+xml"]
