"""Laws of the exported NumPy file: it computes what the model does, with NumPy alone."""

import ast
import importlib.util

import numpy as np
import pytest

from evolino.export.numpy_file import numpy_files
from evolino.models.ensemble import Ensemble
from tests.export.networks import VARIANTS, answers, expected, model, sizes, steps_ahead

PRIME = 20


def imported(folder, text):
    """The module that an exported file is."""
    (folder / "network.py").write_text(text)
    spec = importlib.util.spec_from_file_location("network", folder / "network.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("variant", VARIANTS)
def test_exported_network_answers_as_the_model(tmp_path, variant):
    of = model(variant)
    module = imported(tmp_path, numpy_files(of)["network.py"])
    network = module.Network()
    bound = getattr(module, "bound", lambda outputs: outputs)
    feed = getattr(network, "feed", None)
    ahead = steps_ahead(of)
    found = answers(of, network.step, feed, bound, PRIME, ahead)
    for got, wanted in zip(found, expected(of, PRIME, ahead), strict=True):
        assert np.max(np.abs(got - wanted) / sizes(of), initial=0.0) < 1e-12


def test_exported_policy_acts_as_the_policy(tmp_path):
    of = model("policy")
    network, policy = (
        imported(tmp_path, numpy_files(of)["network.py"]).Network(),
        of.policy(),
    )
    for observation in np.random.default_rng(2).normal(size=(10, 3)):
        acted = policy.act(observation)
        np.testing.assert_allclose(network.step(observation), acted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_file_imports_numpy_alone_and_has_about_forty_lines(variant):
    tree = ast.parse(numpy_files(model(variant))["network.py"])
    names = [
        node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert [ast.unparse(node) for node in names] == ["import numpy as np"]
    code = [node for node in tree.body if not isinstance(node, ast.Assign)]
    assert sum(node.end_lineno - node.lineno + 1 for node in code) <= 40


@pytest.mark.parametrize("variant", ["plain", "units"])
def test_a_vector_of_another_size_is_an_error(tmp_path, variant):
    network = imported(tmp_path, numpy_files(model(variant))["network.py"]).Network()
    with pytest.raises(ValueError, match="reshape"):
        network.step([1.0])
    with pytest.raises(ValueError, match="reshape"):
        network.feed([1.0])


def test_an_ensemble_and_a_name_that_is_no_identifier_are_refused():
    of = model("alone")
    with pytest.raises(ValueError, match="ensemble"):
        numpy_files(Ensemble((of, of)))
    with pytest.raises(ValueError, match="name must be"):
        numpy_files(of, "a-b")
