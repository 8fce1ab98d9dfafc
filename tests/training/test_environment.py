"""Every package that decides a run's bits is recorded, and checked in its workers."""

import ast
import sys
from pathlib import Path

import pytest

from evolino.training.environment import DECIDING, environment
from evolino.training.experiment import Experiment
from evolino.training.presets import experiment_for
from evolino.training.problem import Problem

ROOT = Path(__file__).parents[2]
COMPUTES = (
    *("evolino/network", "evolino/readout", "evolino/search", "evolino/simd"),
    *("evolino/solvers", "evolino/sound", "evolino/task", "evolino/models"),
    *("evolino/training", "tasks"),
)
DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "HersheyFonts": "Hershey-Fonts",
    "espeakng_loader": "espeakng-loader",
}
# What is imported there and decides no bit of a result.
OTHERS = {
    "joblib": "carries work to processes",
    "distributed": "carries work to processes",
    "ray": "carries work to processes",
    "threadpoolctl": "sets how many threads BLAS has, always one",
    "tomli_w": "writes the experiment as text that says the same",
    "rich": "draws progress bars",
    "tensorboardX": "writes down losses",
    "mlflow": "writes down losses",
    "PIL": "reads the pixels of a GIF, which are what they are",
}


def packages_of(folder):
    """Return the packages of others that the modules of a folder import."""
    found = set()
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module.partition(".")[0]}
    return found - set(sys.stdlib_module_names) - {"evolino"}


@pytest.mark.parametrize("folder", COMPUTES)
def test_a_package_that_is_imported_decides_bits_or_is_known_not_to(folder):
    found = {DISTRIBUTIONS.get(name, name) for name in packages_of(folder)}
    assert found <= {*DECIDING, *OTHERS}


def test_each_of_them_is_recorded_with_the_run():
    assert set(DECIDING) <= set(environment()["packages"])


@pytest.mark.parametrize("name", ["python", "numpy", "deap", "llvmlite"])
def test_a_worker_with_another_version_refuses_the_problem(name, monkeypatch):
    from evolino.training import problem

    text = Problem(experiment_for("mso")).text
    assert isinstance(Problem.from_text(text).experiment, Experiment)
    here = problem.deciding_versions()
    monkeypatch.setattr(problem, "deciding_versions", lambda: {**here, name: "0.1"})
    with pytest.raises(ValueError, match=rf"the worker has {name} 0\.1, the run "):
        Problem.from_text(text)
