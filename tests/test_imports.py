"""Imports point one way, and `import evolino` costs nothing."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What each folder, or module at the root, may import from this project beside itself.
GROUND = {"vocabulary", "storage", "simd", "sound"}
BELOW = {
    "vocabulary": set(),
    "user_files": set(),
    "registry": {"vocabulary", "storage", "user_files"},
    "storage": {"vocabulary"},
    "simd": {"vocabulary", "storage"},
    "sound": {"vocabulary", "storage"},
    "solvers": GROUND - {"sound"},
    "environments": {"vocabulary", "simd"},
    "task": {"vocabulary", "sound", "environments"},
    "search": {"vocabulary", "simd"},
    "network": {"vocabulary", "simd", "solvers", "environments", "search", "task"},
    "readout": {"vocabulary", "simd", "solvers", "network"},
    "gradient": {"vocabulary", "solvers", "environments", "task", "network", "readout"},
    "models": GROUND
    | {"registry", "solvers", "environments", "task", "network", "readout"},
    "export": {"vocabulary", "storage", "task", "network", "readout", "models"},
    "certificates": {"vocabulary", "task", "network", "models"},
    "training": GROUND
    | {
        "gradient",
        "registry",
        "user_files",
        "solvers",
        "environments",
        "task",
        "search",
        "network",
        "readout",
        "models",
    },
    "baselines": {
        "vocabulary",
        "task",
        "search",
        "network",
        "gradient",
        "models",
        "training",
    },
    "estimators": {
        "vocabulary",
        "registry",
        "user_files",
        "storage",
        "simd",
        "task",
        "search",
        "network",
        "readout",
        "gradient",
        "models",
        "training",
    },
    "plots": {
        "vocabulary",
        "environments",
        "storage",
        "sound",
        "task",
        "network",
        "models",
        "training",
        "tasks",
    },
    "diagnosis": {
        "vocabulary",
        "simd",
        "task",
        "network",
        "models",
        "estimators",
        "plots",
    },
    "reports": {
        "vocabulary",
        "registry",
        "storage",
        "sound",
        "environments",
        "task",
        "network",
        "models",
        "training",
        "baselines",
        "plots",
    },
    "tasks": GROUND | {"solvers", "environments", "task", "network.initialisers"},
}
TOP = {"cli"}  # knows everything; nobody knows it


def imported(file: Path, *, types: bool) -> set[str]:
    """The modules of evolino that a file imports; types: those for type checking too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if not types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith("evolino.")}


def files_of(layer: str) -> list[Path]:
    place = ROOT / "tasks" if layer == "tasks" else ROOT / "evolino" / layer
    return sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def is_allowed(module: str, layer: str) -> bool:
    below = module.removeprefix("evolino.")
    return any(
        below == name or below.startswith(f"{name}.") for name in BELOW[layer] | {layer}
    )


@pytest.mark.parametrize("layer", BELOW)
def test_imports_point_one_way(layer):
    files = files_of(layer)
    assert files
    for file in files:
        unlawful = {
            name for name in imported(file, types=True) if not is_allowed(name, layer)
        }
        assert not unlawful, file


@pytest.mark.parametrize("layer", ["training", "models", "readout"])
def test_networks_are_known_by_their_protocol(layer):
    """So that another architecture changes nothing there."""
    for file in files_of(layer):
        of_lstms = {
            name
            for name in imported(file, types=True)
            for part in ("lstm", "lstm_driver", "kernels", "weights", "stepper", "groups")
            if name.startswith(f"evolino.network.{part}")
        }
        assert not of_lstms, file


def test_every_folder_and_module_stands_in_the_law():
    package = ROOT / "evolino"
    here = {each.stem for each in package.iterdir() if each.suffix == ".py"}
    here |= {each.name for each in package.iterdir() if (each / "__init__.py").is_file()}
    assert here - {"__init__"} == set(BELOW) | TOP


def test_no_modules_import_each_other_in_a_circle():
    modules = {}
    for file in [*(ROOT / "evolino").rglob("*.py"), *(ROOT / "tasks").rglob("*.py")]:
        parts = file.relative_to(ROOT).with_suffix("").parts
        if parts[:2] == ("evolino", "tasks"):
            continue
        if parts[0] == "tasks":
            parts = ("evolino", *parts)
        modules[".".join(parts).removesuffix(".__init__")] = file
    graph = {
        name: {each for each in imported(file, types=True) if each in modules} - {name}
        for name, file in modules.items()
        if name != "evolino"  # its names are loaded when they are asked for
    }
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError for a circle
    assert len(order) >= len(graph)


def test_import_evolino_loads_no_numerical_library():
    code = (
        "import sys, evolino; "
        "print(sorted({'numpy', 'numba', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
