"""The notebooks of examples/ run from their first cell to their last."""

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.processes import ROOT

NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


def test_there_is_one_to_begin_with_and_one_for_own_data():
    assert [each.stem for each in NOTEBOOKS] == ["own-data", "tutorial"]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_kept_without_outputs_and_runs(file, tmp_path, monkeypatch):
    notebook = nbformat.read(file, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [cell for cell in code if cell.outputs or cell.execution_count]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, resources=resources).execute()
    shown = [each for cell in code for each in cell.outputs]
    assert len(shown) >= len(code) // 2
    assert not [each for each in shown if each.get("name") == "stderr"]
