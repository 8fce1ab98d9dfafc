"""Laws of descent of stacked and bidirectional networks: gradients, PyTorch, refusals."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from evolino.gradient import passes
from evolino.gradient.lbfgs import LBFGS
from evolino.gradient.likelihood_objective import Fold, LikelihoodObjective
from evolino.gradient.objective import Objective
from evolino.gradient.refinement import movable_genes, refinement_of
from evolino.models.model import Model
from evolino.network.initialisers.gaussian import Gaussian
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.readout.linear import Ridge
from evolino.readout.logistic import Logistic
from evolino.task.series import Series
from evolino.tasks.long_lags.two_sequence import TwoSequence
from evolino.tasks.signals.oscillators import Oscillators
from evolino.tasks.signals.series import SeriesTask
from tests.gradient.test_likelihood_objective import Notes

T = np.arange(260)
WAVES = np.stack([15 + np.sin(0.3 * T), 1e3 * np.cos(0.3 * T) + 5e3], axis=1)
SIZES = {"washout": 20, "train": 120, "validation": 40, "test": 40}
FREE = SeriesTask(WAVES, **SIZES)
MAPPED = SeriesTask(WAVES[:, 1:], inputs=WAVES[:, :1], **SIZES, generates=False)
PENALTY = 1e-6
CASES = {
    "two layers, free run": (FREE, StackedLSTM(4, 2)),
    "three, all read": (FREE, StackedLSTM(
        3, 3, readout_layers="all", readout_states=True, readout_squares=True,
        cell_output="o*s", feedback_scale=0.5, peepholes=True,
    )),
    "full peepholes, no constant": (FREE, StackedLSTM(
        3, 2, full_peepholes=True, cell_output="tanh(o*s)", readout_constant=False,
        readout_inputs=False, forget_gate=False,
    )),
    "with inputs": (SeriesTask(WAVES[:, 1:], inputs=WAVES[:, :1], **SIZES), StackedLSTM(
        3, 2, cell_input="identity",
    )),
    "mapped": (MAPPED, StackedLSTM(3, 3, feedback=False, readout_states=True)),
    "both directions": (MAPPED, StackedLSTM(
        3, 2, bidirectional=True, feedback=False, readout_states=True,
        readout_layers="all", readout_squares=True, peepholes=True,
    )),
}  # fmt: skip


class NotesAfterSignals(Notes):
    """Notes, each with two external inputs."""

    inputs = 2

    def series(self, rng, steps):
        return Series(rng.normal(size=(steps, 2)), super().series(rng, steps).targets)


def split_of(task):
    return task.sequences(np.random.default_rng(5))


def given(case, rng, size=0.3):
    task, network = CASES[case]
    network = network.for_task(task.inputs, task.outputs)
    genome = Gaussian(size).draw(network, rng, 1)[0]
    split = split_of(task)
    loss = Objective(network, task, Ridge(PENALTY), split.train, split.validation, PENALTY,
                     task.scaling())  # fmt: skip
    return loss, genome


def check_slope(loss, genome, rng, step):
    _, gradient = loss.value_and_gradient(genome)
    along = rng.normal(size=genome.shape)
    at = [loss.value(genome + k * step * along) for k in (-2, -1, 1, 2)]
    slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)  # of fourth order
    assert (gradient * along).sum() == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_the_slope_of_the_loss_after_solving(case, rng):
    loss, genome = given(case, rng)
    check_slope(loss, genome, rng, 1e-4)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_so_it_is_of_probabilities(bidirectional, rng):
    task = NotesAfterSignals()
    network = StackedLSTM(
        3, 2, bidirectional, inputs=2, outputs=5, output="logistic",
        feedback=not bidirectional, readout_squares=True, readout_layers="all",
    )  # fmt: skip
    split = split_of(task)
    folds = (Fold(split.train, split.validation),)
    loss = LikelihoodObjective(network, task, Logistic(0.02), folds, 0.02)
    check_slope(loss, Gaussian(0.5).draw(network, rng, 1)[0], rng, 3e-4)


@pytest.mark.parametrize("case", CASES)
def test_the_loss_is_that_of_the_model_with_its_readout(case, rng):
    """The free run of the gradient is that of the compiled kernels."""
    loss, genome = given(case, rng)
    value = loss.value(genome)
    weights = loss._forward(genome).solved.weights
    model = Model(loss.architecture, genome, weights, loss.scaling)
    generates = loss.task.generates
    outputs = np.stack(model.respond(loss.scored, free_running=generates))
    targets = np.stack([each.targets for each in loss.scored])
    assert value == pytest.approx(loss.task.loss_gradient(outputs, targets)[0], rel=1e-9)


def torch_run(network, genome, y, fitted, ahead):
    """The free run of two layers by PyTorch, solved on rows first; genome a tensor."""
    layers = []
    for k in range(2):
        own = genome[network.rows(k, 0)][:, network.columns(k)]
        width = network.layer(k).input_width
        parts = own.split([4, 4 * width, 4 * network.cells], dim=1)
        # Of each cell: source after source, within it gate after gate or the other way.
        layers.append([part.reshape(network.cells, -1, 4) for part in parts])
    h = [torch.zeros(network.cells, dtype=torch.float64) for _ in range(2)]
    s = [torch.zeros(network.cells, dtype=torch.float64) for _ in range(2)]

    def step(fed):
        below = fed
        for k, (bias, inputs, recurrent) in enumerate(layers):
            net = bias[:, 0] + torch.einsum("cjg,j->cg", inputs, below)
            net = net + torch.einsum("cjg,j->cg", recurrent, h[k])
            i, f, o = (torch.sigmoid(net[:, gate]) for gate in (0, 1, 3))
            s[k] = f * s[k] + i * torch.tanh(net[:, 2])
            below = h[k] = o * torch.tanh(s[k])
        one = torch.ones(1, dtype=torch.float64)
        return torch.cat([below, fed, one])

    first, last = fitted
    rows = [step(y[t - 1] if t else torch.zeros_like(y[0])) for t in range(last)]
    features = torch.stack(rows[first:])
    gram = features.T @ features
    scales = torch.diag(torch.diag(gram))
    matrix = gram + PENALTY * scales
    weights = torch.linalg.solve(matrix, features.T @ y[first:last])
    fed, outputs = y[last - 1], []
    for _ in range(ahead):
        fed = step(fed) @ weights
        outputs.append(fed)
    return torch.stack(outputs)


def test_the_gradient_is_that_of_pytorch(rng):
    """Through both layers, the solved readout and the free run."""
    loss, genome = given("two layers, free run", rng)
    network, ahead = loss.architecture, 25
    fitted = loss.fitted[0]
    scored = replace(fitted, start=fitted.stop, stop=fitted.stop + ahead)
    loss = replace(loss, scored=(scored,))
    y = torch.tensor(loss.scaling.outputs(fitted.series.targets))
    moving = torch.tensor(genome, requires_grad=True)
    outputs = torch_run(network, moving, y, (fitted.start, fitted.stop), ahead)
    run = loss.scaling.restored(outputs.detach().numpy())
    _, to_run = loss.task.loss_gradient(run[None], scored.targets[None])
    outputs.backward(torch.tensor(to_run[0] * loss.scaling.output_scale))
    _, gradient = loss.value_and_gradient(genome)
    np.testing.assert_allclose(gradient, moving.grad.numpy(), rtol=1e-6, atol=1e-9)


def refine(case, rng, settings, **changes):
    task, network = CASES[case]
    network = replace(network.for_task(task.inputs, task.outputs), **changes)
    genome = Gaussian(0.3).draw(network, rng, 1)[0]
    refinement = refinement_of(
        settings, network, task, Ridge(PENALTY), split_of(task), genome, task.scaling()
    )
    return network, genome, refinement


def test_a_descent_lowers_the_loss_and_moves_the_genes_that_are_named(rng):
    settings = LBFGS(steps=10, genes=("below",))
    network, genome, refinement = refine("two layers, free run", rng, settings)
    start = refinement.begin(genome)
    *_, end = refinement.rounds(start)
    assert end.loss < start.loss
    moved = end.place.genome != genome
    assert moved.any()
    assert not moved[~(movable_genes(network, ("below",)) & network.free_genes())].any()


def test_what_has_no_gradient_is_refused(rng):
    with pytest.raises(ValueError, match="bidirectional network cannot run freely"):
        refine("two layers, free run", rng, LBFGS(), bidirectional=True, feedback=False)
    with pytest.raises(ValueError, match="scales must be 'none', got 'group'"):
        refine("two layers, free run", rng, LBFGS(scales="group"))


def test_a_run_refines_its_best_stack(tmp_path):
    import evolino

    result = evolino.train(
        Oscillators(sines=2), network=StackedLSTM(3, 2), readout="ridge",
        initialiser="gaussian", search="esp",
        budget=evolino.Budget(evaluations=20), refine=evolino.LBFGS(steps=5),
        out=tmp_path / "run",
    )  # fmt: skip
    again = evolino.load(tmp_path / "run")
    np.testing.assert_array_equal(again.genome, result.model.genome)
    assert (tmp_path / "run" / "refinement.jsonl").exists()


def test_many_series_are_driven_beside_each_other_to_the_same_gradient(rng, monkeypatch):
    task = TwoSequence(length=12, training=30, validation=20)
    network = LSTM(4, inputs=1, outputs=1, feedback=False, readout_states=True)
    split, genome = split_of(task), Gaussian(0.5).draw(network, rng, 1)[0]
    found = []
    for many in (32, 1_000):
        monkeypatch.setattr(passes, "MANY", many)
        loss = Objective(
            network, task, Ridge(PENALTY), split.train, split.validation, PENALTY
        )
        value, gradient = loss.value_and_gradient(genome)
        found.append(np.append(gradient, value))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-8)
