"""Laws of the exported PyTorch module: PyTorch computes what the model does."""

import ast
import importlib.util

import numpy as np
import pytest
import torch

from evolino.export.torch_file import torch_files
from evolino.models.ensemble import Ensemble
from evolino.models.model import Model
from tests.export.networks import (
    FREE,
    VARIANTS,
    data,
    expected,
    model,
    sizes,
    steps_ahead,
)

PRIME = 20
TYPES = {"double": (torch.float64, 1e-12), "float": (torch.float32, 1e-6)}


def imported(folder, of, precision="double"):
    """The network of an exported file."""
    path = folder / "network_torch.py"
    path.write_text(torch_files(of, precision=precision)["network_torch.py"])
    spec = importlib.util.spec_from_file_location("network_torch", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Network()


def tensors(rows, dtype):
    """(T, n) as (T, 1, n)."""
    return torch.from_numpy(np.ascontiguousarray(rows)).to(dtype)[:, None]


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("variant", [each for each in VARIANTS if each not in FREE])
def test_module_answers_as_the_model(tmp_path, variant, precision):
    of = model(variant)
    dtype, tolerance = TYPES[precision]
    network = imported(tmp_path, of, precision)
    x, y = (each[:PRIME] for each in data(of, PRIME + 1))
    with torch.inference_mode():
        outputs = network(tensors(x, dtype), tensors(y, dtype))[0][:, 0].numpy()
    error = np.abs(outputs - expected(of, PRIME, 1)[0]) / sizes(of)
    assert error.max() < tolerance
    assert not hasattr(network, "generate")


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("variant", FREE)
def test_prime_and_free_run_answer_as_the_model(tmp_path, variant, precision):
    of, ahead = model(variant), steps_ahead(model(variant))
    dtype, tolerance = TYPES[precision]
    network = imported(tmp_path, of, precision)
    x, y = data(of, PRIME + ahead)
    forced, free = expected(of, PRIME, ahead)
    with torch.inference_mode():
        outputs, state = network(tensors(x[:PRIME], dtype), tensors(y[:PRIME], dtype))
        assert (np.abs(outputs[:, 0].numpy() - forced) / sizes(of)).max() < tolerance
        outputs, _ = network.generate(ahead, tensors(x[PRIME:], dtype), state)
    assert (np.abs(outputs[:, 0].numpy() - free) / sizes(of)).max() < tolerance


def test_sequences_run_beside_each_other(tmp_path):
    of, rng = model("sparse"), np.random.default_rng(1)
    x = rng.normal(size=(3, 10, 2))
    with torch.inference_mode():
        found = imported(tmp_path, of)(torch.from_numpy(x).swapaxes(0, 1))[0]
    for n in range(3):
        np.testing.assert_allclose(found[:, n], of.predict(x[n]), rtol=0, atol=1e-12)


def test_weights_are_parameters_and_gradients_are_those_of_differences(tmp_path):
    of = model("peepholes")
    network = imported(tmp_path, of)
    x, y = data(of, 10)
    given = tensors(x, torch.float64), tensors(y, torch.float64)
    trained = {name for name, _ in network.named_parameters()}
    assert trained == {"weights", "readout", "p_input", "p_forget", "p_output"}
    network(*given)[0].square().sum().backward()
    for name, parameter in network.named_parameters():
        place = (0,) * parameter.ndim
        losses = []
        for change in (1e-6, -1e-6):
            with torch.no_grad():
                parameter[place] += change
                losses.append(network(*given)[0].square().sum().item())
                parameter[place] -= change
        slope = (losses[0] - losses[1]) / 2e-6
        assert parameter.grad[place].item() == pytest.approx(slope, rel=1e-5), name


def test_file_imports_torch_alone_and_holds_no_pickle():
    for variant in VARIANTS:
        text = torch_files(model(variant))["network_torch.py"]
        imports = [
            ast.unparse(node)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert imports == ["import torch"]
        assert "load" not in text


def test_what_cannot_be_exported_is_refused():
    of = model("alone")
    with pytest.raises(ValueError, match="ensemble"):
        torch_files(Ensemble((of, of)))
    with pytest.raises(ValueError, match="name must be"):
        torch_files(of, "a-b")
    huge = Model(of.architecture, of.genome, of.output_weights * 1e60)
    with pytest.raises(ValueError, match="float cannot hold"):
        torch_files(huge, precision="float")
