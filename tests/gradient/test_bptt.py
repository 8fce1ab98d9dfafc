"""Back-propagation through time is PyTorch's, step by step, and the slope of its loss."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from evolino.gradient.bptt import BPTT, HALVINGS, RATES, Candidate, descended, given_up
from evolino.gradient.network_loss import NetworkLoss, row_loss
from evolino.network.initialisers.gaussian import Gaussian
from evolino.network.lstm import LSTM
from evolino.network.weights import unpack
from evolino.task.series import Segment, Series
from evolino.tasks.signals.mackey_glass import MackeyGlass
from evolino.tasks.signals.oscillators import Oscillators
from evolino.tasks.signals.series import SeriesTask

CELLS = 5
# What torch.nn.LSTM is: no peepholes, a readout of the outputs and a constant.
PLAIN = LSTM(cells=CELLS, outputs=2, readout_inputs=False)


def series(rng, steps=60):
    """Return a series of two columns, its rows after the first ten as a segment."""
    targets = rng.normal(size=(steps, 2))
    own = Series(np.zeros((steps, 0)), targets)
    return own, (Segment(own, 10, steps),)


class Twin(torch.nn.Module):
    """The same network in PyTorch, float64, with the weights of a genome."""

    def __init__(self, genome, weights):
        super().__init__()
        self.lstm = torch.nn.LSTM(2, CELLS, dtype=torch.float64)
        self.readout = torch.nn.Linear(CELLS, 2, dtype=torch.float64)
        own = unpack(PLAIN, genome[None])
        # Input, forget, cell, output: the order is PyTorch's too.
        stacked = {
            "weight_ih_l0": own.inputs[0].transpose(2, 0, 1),
            "weight_hh_l0": own.recurrent[0].transpose(2, 0, 1),
            "bias_ih_l0": own.bias[0].T[:, :, None],
        }
        with torch.no_grad():
            for name, value in stacked.items():
                parameter = getattr(self.lstm, name)
                parameter.copy_(torch.from_numpy(value.copy()).reshape(parameter.shape))
            self.readout.weight.copy_(torch.from_numpy(weights[:CELLS].T.copy()))
            self.readout.bias.copy_(torch.from_numpy(weights[CELLS].copy()))
            self.lstm.bias_hh_l0.zero_()
        self.lstm.bias_hh_l0.requires_grad_(False)  # there is one bias here

    def forward(self, fed_back):
        hidden, _ = self.lstm(fed_back)
        return self.readout(hidden)

    def genome_and_weights(self):
        parts = [self.lstm.bias_ih_l0[:, None], self.lstm.weight_ih_l0]
        parts.append(self.lstm.weight_hh_l0)
        rows = torch.cat(parts, dim=1).detach().numpy().reshape(4, CELLS, -1)
        genome = np.moveaxis(rows, 0, 2).reshape(CELLS, -1)
        weights = [self.readout.weight.detach().numpy().T, self.readout.bias.detach()[None]]
        return genome, np.concatenate([np.asarray(each) for each in weights])


def theirs_after(optimiser, rate, clip, genome, weights, own, steps):
    twin = Twin(genome, weights)
    moving = [each for each in twin.parameters() if each.requires_grad]
    kind = torch.optim.Adam if optimiser == "adam" else torch.optim.SGD
    descent = kind(moving, lr=rate)
    fed_back = torch.from_numpy(np.concatenate([np.zeros((1, 2)), own.targets[:-1]]))
    wanted = torch.from_numpy(own.targets[10:])
    losses = []
    for _ in range(steps):
        descent.zero_grad()
        loss = torch.nn.functional.mse_loss(twin(fed_back)[10:], wanted)
        loss.backward()
        if clip:  # clip_grad_norm_ divides by the norm plus 1e-6
            norm = torch.nn.utils.get_total_norm([each.grad for each in moving])
            for each in moving:
                each.grad *= min(clip / norm.item(), 1.0)
        descent.step()
        losses.append(loss.item())
    return *twin.genome_and_weights(), losses


@pytest.mark.parametrize("clip", [0.0, 0.1])
@pytest.mark.parametrize(("optimiser", "rate"), [("adam", 0.01), ("descent", 0.3)])
def test_ten_steps_are_those_of_pytorchs_lstm(optimiser, rate, clip, rng):
    own, segments = series(rng)
    genome = 0.4 * rng.normal(size=PLAIN.genome_shape)
    weights = 0.4 * rng.normal(size=(CELLS + 1, 2))
    loss = NetworkLoss(PLAIN, Oscillators(), segments)

    def of_all(numbers):
        value, to_genome, to_weights = loss.value_and_gradient(
            numbers[: genome.size].reshape(genome.shape),
            numbers[genome.size :].reshape(weights.shape),
        )
        return value, np.concatenate([to_genome.ravel(), to_weights.ravel()])

    settings = BPTT(optimiser=optimiser, rates=(rate,), clip=clip)
    here = Candidate.at(rate, np.concatenate([genome.ravel(), weights.ravel()]))
    losses = []
    for _ in range(10):
        here = descended(of_all, here, settings, 1)
        losses.append(here.loss)
    their_genome, their_weights, their_losses = theirs_after(
        optimiser, rate, clip, genome, weights, own, 10
    )
    np.testing.assert_allclose(losses, their_losses, rtol=1e-9)
    assert losses[-1] < losses[0]
    theirs = np.concatenate([their_genome.ravel(), their_weights.ravel()])
    np.testing.assert_allclose(here.weights, theirs, rtol=0, atol=1e-9)


TASKS = {
    "mackey-glass": MackeyGlass(
        steps=400, washout=200, settling=50, horizon=14, validation_starts=6
    ),
    "mso": Oscillators(sines=2),
    "series": SeriesTask(
        15 + 3 * np.sin(0.3 * np.arange(300))[:, None],
        washout=50,
        train=150,
        validation=30,
        test=40,
    ),
}


def slope_agrees(loss, rng, scale=0.3):
    architecture = loss.architecture
    genome = Gaussian(scale).draw(architecture, rng, 1)[0]
    weights = 0.1 * rng.normal(size=(architecture.readout_width, architecture.outputs))
    _, to_genome, to_weights = loss.value_and_gradient(genome, weights)
    along, beside = rng.normal(size=genome.shape), rng.normal(size=weights.shape)
    step = 1e-4
    at = [
        loss.value_and_gradient(genome + k * step * along, weights + k * step * beside)[0]
        for k in (-2, -1, 1, 2)
    ]
    slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)
    found = (to_genome * along).sum() + (to_weights * beside).sum()
    assert found == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("free_running", [False, True])
@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_gradient_is_the_slope_of_the_loss(task, free_running, rng):
    split = task.sequences(np.random.default_rng(5))
    network = LSTM(cells=4, readout_states=True, peepholes=True, readout_squares=True)
    scaling = task.scaling() if isinstance(task, SeriesTask) else None
    segments = split.validation if free_running else split.train
    loss = NetworkLoss(
        network.for_task(task.inputs, task.outputs), task, segments, free_running, scaling
    )
    slope_agrees(loss, rng)


@pytest.mark.parametrize("output", ["logistic", "softmax"])
def test_the_gradient_of_nats_is_their_slope(output, rng):
    network = LSTM(
        cells=4, inputs=2, outputs=5, output=output, feedback=False,
        alternatives=(2, 3) if output == "softmax" else (),
    )  # fmt: skip
    targets = np.zeros((40, 5))
    targets[np.arange(40), rng.integers(0, 2, 40)] = 1.0
    targets[np.arange(0, 40, 2), rng.integers(2, 5, 20)] = 1.0
    own = Series(rng.normal(size=(40, 2)), targets)
    slope_agrees(NetworkLoss(network, Oscillators(), (Segment(own, 5, 40),)), rng)


@pytest.mark.parametrize("output", ["logistic", "softmax"])
def test_nats_are_those_of_the_probabilities(output, rng):
    network = LSTM(cells=2, outputs=3, output=output)
    sums = 3.0 * rng.normal(size=(20, 3))
    targets = np.eye(3)[rng.integers(0, 3, 20)]
    p = network.outputs_of(sums)
    nats = -(targets * np.log(p)).sum(axis=1)
    if output == "logistic":
        nats -= ((1 - targets) * np.log1p(-p)).sum(axis=1)
    assert row_loss(network)(sums, targets)[0] == pytest.approx(nats.mean(), rel=1e-12)


def test_targets_that_are_not_there_do_not_count(rng):
    sums, targets = rng.normal(size=(2, 30, 2))
    loss = row_loss(PLAIN)
    fewer = targets.copy()
    fewer[20:] = np.nan
    value, back = loss(sums, fewer)
    assert value == pytest.approx(loss(sums[:20], targets[:20])[0])
    assert not back[20:].any()


def valley(weights):
    return float(np.square(weights - 1).sum()), 2 * (weights - 1)


def test_a_descent_goes_on_to_the_same_bits():
    settings, start = BPTT(), Candidate.at(0.03, np.zeros(4))
    whole = descended(valley, start, settings, 30)
    part = descended(valley, start, settings, 12)
    again = descended(valley, Candidate.from_state(part.as_state()), settings, 18)
    np.testing.assert_array_equal(again.weights, whole.weights)
    assert (again.gradients, again.loss) == (30, whole.loss)


@pytest.mark.parametrize(("finite", "taken"), [(0, 1), (1, 2 + HALVINGS)])
def test_a_rate_is_given_up_where_no_step_is_finite(finite, taken):
    count = 0

    def lost(weights):
        nonlocal count
        count += 1
        return (1.0 if count <= finite else float("inf")), np.ones_like(weights)

    end = descended(lost, Candidate.at(0.1, np.zeros(4)), BPTT(), 100)
    assert (end.ended, end.gradients) == ("its loss is not finite", taken)
    np.testing.assert_array_equal(end.weights, 0.0)


def test_half_of_the_rates_is_given_up_in_each_part_of_the_first_half_of_the_budget():
    lowest = (4.0, 1.0, 3.0, 2.0)
    begun = [replace(Candidate.at(0.1, np.zeros(2)), lowest=each) for each in lowest]
    left = {
        share: [k for k, each in enumerate(given_up(begun, share)) if not each.ended]
        for share in (0.0, 0.24, 0.25, 0.49, 0.5, 1.0)
    }
    assert left[0.0] == left[0.24] == [0, 1, 2, 3]
    assert left[0.25] == left[0.49] == [1, 3]
    assert left[0.5] == left[1.0] == [1]


def test_one_rate_alone_is_never_given_up():
    assert not given_up([Candidate.at(0.1, np.zeros(2))], 1.0)[0].ended


def test_rates_are_those_of_the_optimiser_unless_given():
    assert BPTT(optimiser="descent").grid == RATES["descent"]
    assert BPTT(rates=[0.5]).grid == (0.5,)


def test_what_has_no_gradient_is_refused(rng):
    _, segments = series(rng)
    with pytest.raises(ValueError, match=r"output 'identity' or one of .* got 'threshold'"):
        NetworkLoss(replace(PLAIN, output="threshold"), Oscillators(), segments)
    with pytest.raises(ValueError, match="precision 'float64', got 'float32'"):
        NetworkLoss(replace(PLAIN, precision="float32"), Oscillators(), segments)


def test_where_the_gradient_is_not_finite_the_loss_is_inf(rng):
    _, segments = series(rng)
    network = replace(PLAIN, cell_input="identity", cell_output="o*s")
    genome = 1e200 * rng.normal(size=network.genome_shape)
    loss = NetworkLoss(network, Oscillators(), segments)
    value, *gradients = loss.value_and_gradient(genome, np.ones((CELLS + 1, 2)))
    assert value == np.inf
    assert not any(each.any() for each in gradients)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("optimiser", "newton"), ("loss", "two-step"), ("rates", (0.1, 0.0)), ("every", 0),
        ("schedule", "linear"), ("clip", -1.0), ("betas", (1.0, 0.9)), ("momentum", 1.0),
        ("width", -1.0), ("starts", -1),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_named(field, value):
    with pytest.raises(ValueError, match=field):
        BPTT(**{field: value})
