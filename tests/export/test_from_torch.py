"""Laws of `from_torch`: the cells compute what torch.nn.LSTM does, and train on."""

import numpy as np
import pytest
import torch

import evolino
from evolino.network.base import input_vectors
from evolino.readout.linear import Ridge

STEPS = 60


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def lstm(inputs=3, cells=5, **options):
    torch.manual_seed(1)
    return torch.nn.LSTM(inputs, cells, dtype=torch.float64, **options)


def hidden(module, rows):
    """Outputs (T, C) of a module on inputs (T, I)."""
    with torch.inference_mode():
        return module(torch.from_numpy(rows)[:, None])[0][:, 0].numpy()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("outputs", "feedback"), [(2, False), (2, True), (3, True)])
def test_cells_are_those_of_the_module(rng, bias, outputs, feedback):
    if outputs == 3 and not bias:
        outputs = 1
    module = lstm(bias=bias)
    layer = evolino.from_torch(module, outputs=outputs, feedback=feedback)
    shape = layer.architecture
    assert (shape.input_width, shape.cells, shape.outputs) == (3, 5, outputs)
    x, y = rng.normal(size=(STEPS, shape.inputs)), rng.normal(size=(STEPS, outputs))
    model = layer.solved(x if shape.inputs else None, y)
    trace = model.states(x if shape.inputs else None, y)
    wanted = hidden(module, input_vectors(shape, x, y))
    np.testing.assert_allclose(trace.outputs, wanted, rtol=0, atol=1e-12)


def test_readout_is_least_squares_of_what_pytorch_computes(rng):
    module, washout = lstm(), 10
    x, y = rng.normal(size=(STEPS, 3)), rng.normal(size=(STEPS, 2))
    model = evolino.from_torch(module, outputs=2).solved(x, y, washout=washout)
    features = np.concatenate([hidden(module, x), x, np.ones((STEPS, 1))], axis=1)
    weights = np.linalg.lstsq(features[washout:], y[washout:], rcond=None)[0]
    np.testing.assert_allclose(model.predict(x), features @ weights, rtol=0, atol=1e-10)


def test_a_module_of_float32_is_taken_exactly(rng):
    module = lstm().float()
    layer = evolino.from_torch(module)
    np.testing.assert_array_equal(
        np.sort(layer.genome[:, 4:].ravel()),  # without the biases, which are sums
        np.sort(np.concatenate([
            module.weight_ih_l0.detach().double().numpy().ravel(),
            module.weight_hh_l0.detach().double().numpy().ravel(),
        ])),
    )  # fmt: skip


@pytest.fixture(scope="module")
def begun():
    """A task, and a layer for it."""
    steps = np.arange(300)
    series = np.sin(0.2 * steps) + 0.5 * np.sin(0.311 * steps)
    task = evolino.SeriesTask(series, washout=30, train=130, validation=40, test=50)
    return task, evolino.from_torch(lstm(1, 4), outputs=1, feedback=True)


def trained(begun, **options):
    task, layer = begun
    network, initialiser = layer.architecture, layer.initialiser(0.05)
    options = {"budget": evolino.Budget(evaluations=40), "search": "cma-es", **options}
    return evolino.train(task, network=network, initialiser=initialiser, seed=2, **options)


def test_evolution_begins_from_the_weights(begun):
    first = trained(begun, budget=evolino.Budget(evaluations=1), search="random")
    np.testing.assert_array_equal(first.model.genome, begun[1].genome)
    later = trained(begun)
    assert later.history[-1].best < first.history[-1].best
    assert np.abs(later.model.genome - begun[1].genome).max() < 2.0


def test_descent_begins_from_the_weights(begun):
    once = {"budget": evolino.Budget(evaluations=1), "search": "random"}
    plain = trained(begun, **once)
    descent = evolino.LBFGS(steps=20, starts=3, hold_out=0.0)
    refined = trained(begun, **once, refine=descent)
    assert refined.history[-1].best == plain.history[-1].best
    assert (refined.model.genome != begun[1].genome).any()


def test_a_run_from_the_weights_is_resumed_without_the_module(begun, tmp_path):
    whole = trained(begun, out=tmp_path / "whole")
    trained(begun, out=tmp_path / "half", budget=evolino.Budget(evaluations=20))
    resumed = evolino.resume(tmp_path / "half", budget=evolino.Budget(evaluations=40))
    np.testing.assert_array_equal(resumed.model.genome, whole.model.genome)


def test_what_is_no_such_module_is_refused():
    with pytest.raises(TypeError, match=r"lstm must be a torch\.nn\.LSTM, got GRU"):
        evolino.from_torch(torch.nn.GRU(2, 3))
    for options in ({"num_layers": 2}, {"bidirectional": True}, {"proj_size": 2}):
        with pytest.raises(ValueError, match="one layer, one direction and no projection"):
            evolino.from_torch(lstm(**options))
    with pytest.raises(ValueError, match="3 inputs, fewer than the 4"):
        evolino.from_torch(lstm(), outputs=4, feedback=True)
    broken = lstm()
    broken.bias_ih_l0.data[0] = float("nan")
    with pytest.raises(ValueError, match="finite"):
        evolino.from_torch(broken)


def test_what_cannot_be_solved_is_refused(rng):
    layer = evolino.from_torch(lstm())
    x, y = rng.normal(size=(9, 3)), rng.normal(size=9)
    with pytest.raises(ValueError, match=r"washout must be 0 \.\. 8"):
        layer.solved(x, y, washout=9)
    with pytest.raises(ValueError, match="for one penalty"):
        layer.solved(x, y, readout=Ridge((0.1, 1.0)))
    with pytest.raises(ValueError, match="around has shape"):
        wider = evolino.LSTM(cells=6, inputs=3, feedback=False)
        layer.initialiser().draw(wider, rng, 1)
