"""Laws of exported stacks: NumPy, ONNX Runtime and PyTorch compute what the model does."""

import numpy as np
import pytest
import torch

from evolino.export.numpy_file import numpy_files
from evolino.export.onnx_file import onnx_files
from evolino.models.model import Model
from evolino.network.convolutional import ConvLSTM
from evolino.network.stacked import StackedLSTM
from tests.export.networks import UNITS, answers, data, expected, sizes
from tests.export.test_numpy_file import imported
from tests.export.test_onnx_sequences import run
from tests.export.test_torch_file import imported as module
from tests.export.test_torch_file import tensors

PRIME, AHEAD = 12, 60
TYPES = {"double": (np.float64, 1e-12), "float": (np.float32, 2e-6)}
TORCH = {"double": (torch.float64, 1e-12), "float": (torch.float32, 2e-6)}
FORWARD = {
    "two": StackedLSTM(5, 2, inputs=2, outputs=3, peepholes=True),
    "three, all read": StackedLSTM(
        4, 3, inputs=1, outputs=2, readout_layers="all", readout_states=True,
        readout_squares=True, cell_output="o*s", feedback_scale=0.5,
    ),
    "full peepholes": StackedLSTM(
        3, 2, outputs=1, full_peepholes=True, cell_output="tanh(o*s)",
        readout_constant=False, readout_inputs=False,
    ),
    "one layer, softmax": StackedLSTM(4, 1, inputs=1, outputs=4, output="softmax"),
    "without forget gates": StackedLSTM(
        4, 2, inputs=2, outputs=1, feedback=False, forget_gate=False, output="logistic",
        cell_input="identity",
    ),
}  # fmt: skip
BOTH = {
    "labels": StackedLSTM(
        5, 1, bidirectional=True, feedback=False, inputs=3, outputs=4, output="softmax"
    ),
    "two layers": StackedLSTM(
        4, 2, bidirectional=True, feedback=False, inputs=2, outputs=3, peepholes=True,
        readout_layers="all", readout_squares=True,
    ),
    "states": StackedLSTM(
        4, 2, bidirectional=True, feedback=False, inputs=2, outputs=3, readout_states=True,
        full_peepholes=True,
    ),
}  # fmt: skip


def model(shape):
    rng = np.random.default_rng(shape.cells + shape.layers)
    genome = rng.normal(0.0, 0.2, shape.genome_shape)
    weights = rng.normal(0.0, 0.15, (shape.readout_width, shape.outputs))
    units = UNITS if (shape.inputs, shape.outputs) == (2, 3) else None
    return Model(shape, genome, weights, units)


FED = [name for name, shape in FORWARD.items() if shape.feedback]
FREE = [name for name in FED if FORWARD[name].output != "softmax"]


@pytest.mark.parametrize("name", FED)
def test_a_step_in_numpy_answers_as_the_model(tmp_path, name):
    of = model(FORWARD[name])
    file = imported(tmp_path, numpy_files(of)["network.py"])
    network = file.Network()
    bound = getattr(file, "bound", lambda outputs: outputs)
    found = answers(of, network.step, network.feed, bound, PRIME, AHEAD)
    for got, wanted in zip(found, expected(of, PRIME, AHEAD), strict=True):
        assert np.max(np.abs(got - wanted) / sizes(of), initial=0.0) < 1e-12


def test_steps_without_feedback_in_numpy_answer_as_the_model(tmp_path):
    of = model(FORWARD["without forget gates"])
    network = imported(tmp_path, numpy_files(of)["network.py"]).Network()
    x, _ = data(of, PRIME)
    found = np.array([network.step(row) for row in x])
    np.testing.assert_allclose(found, of.predict(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", BOTH)
def test_a_sequence_in_both_directions_answers_as_the_model(tmp_path, name):
    of = model(BOTH[name])
    x, _ = data(of, PRIME)
    wanted = of.predict(x)
    network = imported(tmp_path, numpy_files(of)["network.py"]).Network()
    assert (np.abs(network.run(x) - wanted) / sizes(of)).max() < 1e-12
    for precision, (dtype, tolerance) in TYPES.items():
        files = onnx_files(of, precision=precision)
        assert set(files) == {"network_sequences.onnx"}
        given = {"inputs": np.stack([x, x[::-1]], axis=1).astype(dtype)}
        found = run(files["network_sequences.onnx"], given)["outputs"]
        assert (np.abs(found[:, 0] - wanted) / sizes(of)).max() < tolerance
        turned = of.predict(x[::-1])
        assert (np.abs(found[:, 1] - turned) / sizes(of)).max() < tolerance


def forced_run(of, files, dtype):
    """What the graph of sequences gives out on a prime, and what it was given."""
    shape = of.architecture
    x, y = (each[:PRIME, None].astype(dtype) for each in data(of, PRIME + AHEAD))
    width = {"h": shape.genome_shape[0], "s": shape.genome_shape[0]}
    width |= {"fed": shape.outputs} if shape.feedback else {}
    given = {each: np.zeros((1, size), dtype) for each, size in width.items()}
    given |= {"inputs": x} if shape.inputs else {}
    given |= {"targets": y} if shape.feedback else {}
    return run(files["network_sequences.onnx"], given), given


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("name", FORWARD)
def test_sequences_and_a_step_answer_as_the_model(name, precision):
    of = model(FORWARD[name])
    shape, (dtype, tolerance) = of.architecture, TYPES[precision]
    files = onnx_files(of, precision=precision)
    assert ("network_free_run.onnx" in files) == (name in FREE)
    found, given = forced_run(of, files, dtype)
    x, y = (each[:PRIME] for each in data(of, PRIME + AHEAD))
    wanted = of.predict(x if shape.inputs else None, y if shape.feedback else None)
    assert (np.abs(found["outputs"][:, 0] - wanted) / sizes(of)).max() < tolerance
    given = {each: value for each, value in given.items() if each != "targets"}
    given |= {"inputs": given["inputs"][0]} if shape.inputs else {}
    first = run(files["network.onnx"], given)["outputs"]
    assert (np.abs(first - wanted[0]) / sizes(of)).max() < tolerance


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("name", FREE)
def test_a_free_run_after_a_sequence_answers_as_the_model(name, precision):
    of = model(FORWARD[name])
    dtype, tolerance = TYPES[precision]
    files = onnx_files(of, precision=precision)
    forced, _ = forced_run(of, files, dtype)
    given = {each: forced[f"next_{each}"] for each in ("h", "s", "fed")}
    x, _ = data(of, PRIME + AHEAD)
    given |= (
        {"inputs": x[PRIME:, None].astype(dtype)}
        if of.architecture.inputs
        else {"steps": np.array(AHEAD)}
    )
    freely = run(files["network_free_run.onnx"], given)
    rows = freely.get("bounded", freely["outputs"])[:, 0]
    assert (np.abs(rows - expected(of, PRIME, AHEAD)[1]) / sizes(of)).max() < tolerance


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("name", FORWARD)
def test_a_module_answers_as_the_model(tmp_path, name, precision):
    of = model(FORWARD[name])
    dtype, tolerance = TORCH[precision]
    network, shape = module(tmp_path, of, precision), of.architecture
    x, y = (each[:PRIME] for each in data(of, PRIME + AHEAD))
    with torch.inference_mode():
        found, _ = network(tensors(x, dtype), tensors(y, dtype))
    wanted = of.predict(x if shape.inputs else None, y if shape.feedback else None)
    assert (np.abs(found[:, 0].numpy() - wanted) / sizes(of)).max() < tolerance
    assert hasattr(network, "generate") == (name in FREE)


@pytest.mark.parametrize("name", FREE)
def test_a_free_run_of_a_module_answers_as_the_model(tmp_path, name):
    of = model(FORWARD[name])
    network = module(tmp_path, of, "double")
    x, y = data(of, PRIME + AHEAD)
    with torch.inference_mode():
        first = tensors(x[:PRIME], torch.float64), tensors(y[:PRIME], torch.float64)
        _, state = network(*first)
        found, _ = network.generate(AHEAD, tensors(x[PRIME:], torch.float64), state)
    error = np.abs(found[:, 0].numpy() - expected(of, PRIME, AHEAD)[1]) / sizes(of)
    assert error.max() < 1e-12


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("name", BOTH)
def test_a_module_in_both_directions_answers_as_the_model(tmp_path, name, precision):
    of = model(BOTH[name])
    dtype, tolerance = TORCH[precision]
    x, _ = data(of, PRIME)
    with torch.inference_mode():
        given = torch.cat([tensors(x, dtype), tensors(x[::-1], dtype)], 1)
        found = module(tmp_path, of, precision)(given).numpy()
    for n, rows in enumerate((x, x[::-1])):
        assert (np.abs(found[:, n] - of.predict(rows)) / sizes(of)).max() < tolerance


def test_a_module_of_layers_trains_on(tmp_path):
    network = module(tmp_path, model(BOTH["two layers"]), "double")
    network(torch.ones((4, 1, 2), dtype=torch.float64)).sum().backward()
    assert all(each.grad is not None for each in network.parameters())
    assert len(list(network.parameters())) == 4 * (1 + 3) + 1


def test_what_is_not_exported_is_refused_in_one_line():
    shape = ConvLSTM(2).for_pictures(4, 4)
    pictures = Model(
        shape, np.zeros(shape.genome_shape), np.zeros((shape.readout_width, 1))
    )
    with pytest.raises(ValueError, match="only networks of kind lstm and stacked"):
        numpy_files(pictures)
