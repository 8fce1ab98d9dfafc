"""Imports point one way, and `import evolino` costs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What a package or module may import from this project, beside itself.
BELOW = {
    "vocabulary": set(),
    "task": {"vocabulary", "phases"},
    "musical": {"vocabulary", "task", "sound"},
    "phases": {"vocabulary"},
    "storage": {"vocabulary"},
    "cache": set(),
    "regression": {"vocabulary"},
    "registry": {"vocabulary"},
    "network": {"vocabulary", "regression"},
    "readout": {"vocabulary", "network", "regression"},
    "search": {"vocabulary"},
    "sound": {"vocabulary", "storage"},
    "tasks": {
        *("vocabulary", "phases", "task", "sound", "storage", "cache", "regression"),
    },
    "counted": {"vocabulary", "phases", "network"},
    "respond": {"vocabulary", "task", "network"},
    "asked": {"vocabulary", "task", "network"},
    "together": {"vocabulary", "task", "network"},
    "model": {
        *("vocabulary", "phases", "task", "network", "counted", "respond", "storage"),
        *("asked", "together"),
    },
    "ensemble": {
        *("vocabulary", "task", "network", "storage", "asked", "together", "model"),
    },
}


def packages(file: Path) -> set[str]:
    """The first part below evolino of every import of a file, at run time."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name.split(".")[1] for name in found if name.startswith("evolino.")}


@pytest.mark.parametrize("layer", BELOW)
def test_imports_point_one_way(layer):
    place = ROOT / "tasks" if layer == "tasks" else ROOT / "evolino" / layer
    files = list(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    assert files
    for file in files:
        assert packages(file) <= BELOW[layer] | {layer}, file


def test_training_does_not_know_the_command_line_or_pictures():
    for file in (ROOT / "evolino" / "training").rglob("*.py"):
        assert not packages(file) & {"cli", "plots", "report", "reproduce"}, file


def test_import_evolino_loads_no_numerical_library():
    code = (
        "import sys, evolino; "
        "print(sorted({'numpy', 'numba', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_every_public_name_loads():
    import evolino

    for name in evolino.__all__:
        assert getattr(evolino, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Evolinoo'"):
        _ = evolino.Evolinoo
