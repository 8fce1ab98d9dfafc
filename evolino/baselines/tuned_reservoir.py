"""Tuned reservoir: an echo state network, its settings chosen by random search.

Spectral radius, scale of the inputs, leak, scale of the biases, squares among the
features and the penalty of the ridge readout are drawn; the loss on validation chooses, and
test rows are used by the task's own measure alone. The network is driven as any other:
teacher-forced, then in free run where the task generates. It has as many units as the
network of the row has features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from evolino.baselines.echo_state_network import EchoStateNetwork, Fit, Scales
from evolino.baselines.reservoir import Reservoir, sparse_matrix
from evolino.models.driving import distinct_series, stack_rows
from evolino.task.capabilities import feeds_back, over_evaluations
from evolino.task.series import Segment, Split
from evolino.training.experiment import Experiment
from evolino.training.loss import asks_for_inputs, loss_against
from evolino.training.problem import split_of
from evolino.training.randomness import generator
from evolino.vocabulary import Array

DRAWS, FEWEST_DRAWS = 300, 8
CONFIRMED = 10  # draws that are put to the stages of confirmation
MATRICES = 10  # recurrent and input matrices that the draws share
MOST_UNITS = 500
SECONDS = 8.0  # that the draws may take at least, by `seconds_of_a_draw`
PENALTIES = tuple(10.0**exponent for exponent in range(-16, 1, 2))


@dataclass(frozen=True, slots=True)
class Draw:
    """Settings of a draw. matrices: which of the shared ones."""

    matrices: int
    spectral_radius: float
    input_scale: float
    leak: float
    bias_scale: float
    squares: bool


def units_of(experiment: Experiment) -> int:
    """Return how many units its reservoir has: its network's features, at most 500."""
    return min(experiment.architecture.readout_width, MOST_UNITS)


def tuned_reservoir(experiment: Experiment, cpu_seconds: float = 0.0) -> dict[str, float]:
    """Return the metrics of the reservoir that did best on validation.

    cpu_seconds: of the run beside it. As many draws give the same bits. They are 300, or
    fewer, at least 8, where 300 would take more than about so many CPU seconds, or 8.
    """
    task, split = experiment.task, split_of(experiment.task, experiment.seed)
    model = tuned(experiment, split, cpu_seconds)
    return over_evaluations(task, dict(task.measure(model, split)), None)


def tuned(
    experiment: Experiment, split: Split, cpu_seconds: float = 0.0
) -> EchoStateNetwork:
    """Return the best of the draws, its readout fitted on the refit rows."""
    task, units = experiment.task, units_of(experiment)
    rng = generator(experiment.seed, "reservoir")
    scales = Scales.of(split.train, feedback=feeds_back(task))
    shared = [
        (sparse_matrix(rng, units), *_input_matrix(rng, units, scales.width))
        for _ in range(MATRICES)
    ]
    best: list[tuple[float, EchoStateNetwork, float]] = []
    for _ in range(draws_within(max(SECONDS, cpu_seconds), split, units)):
        draw = _drawn(rng)
        network = EchoStateNetwork(_reservoir(draw, shared), scales, draw.squares)
        fit = network.fit(split.train, PENALTIES)
        losses = _losses(experiment, split.validation, split.train, network, fit)
        k = int(np.argmin(losses))
        best.append((float(losses[k]), network, PENALTIES[k]))
        best = sorted(best, key=lambda each: each[0])[:CONFIRMED]
    if split.confirmation and experiment.confirm_at:
        best.sort(key=lambda each: _staged(experiment, split, *each))
    _, network, penalty = best[0]
    fit = network.fit(split.refit or split.train, (penalty,))
    return replace(network, weights=fit.weights[0])


def _staged(
    experiment: Experiment, split: Split, loss: float, network: EchoStateNetwork, p: float
) -> float:
    """Return the loss in stages of a draw with this loss on validation, as
    `Experiment.confirm_at` has it. p: its penalty."""
    staged = loss + len(split.confirmation)
    fit = network.fit(split.train, (p,))
    for left, segments in zip(
        reversed(range(len(split.confirmation))), split.confirmation, strict=True
    ):
        if loss > experiment.confirm_at:
            break
        loss = float(_losses(experiment, segments, split.train, network, fit)[0])
        staged = left + min(loss, 1.0)
    return staged


def draws_within(seconds: float, split: Split, units: int) -> int:
    """Return how many draws are made in about so many CPU seconds."""
    return int(np.clip(seconds / seconds_of_a_draw(split, units), FEWEST_DRAWS, DRAWS))


def seconds_of_a_draw(split: Split, units: int) -> float:
    """Return about how many CPU seconds a draw takes: steps in NumPy, products, a fit."""
    segments = [*split.train, *split.validation]
    driven = max(each.stop for each in segments)
    lengths = [each.stop - each.start for each in split.validation]
    fitted = sum(each.stop - each.start for each in split.train)
    features, many = 2 * (units + 1), len(PENALTIES)
    steps = 2e-5 * driven + 4e-5 * max(lengths, default=0)
    rows = len(distinct_series(segments)) * driven + many * sum(lengths)
    solved = 6e-10 * fitted * features * min(fitted, features)
    return steps + 1.2e-10 * rows * units**2 + solved


def _drawn(rng: Generator) -> Draw:
    whole = rng.random() < 0.5
    return Draw(
        matrices=int(rng.integers(MATRICES)),
        spectral_radius=float(rng.uniform(0.1, 1.4)),
        input_scale=float(10.0 ** rng.uniform(-5.0, 0.5)),
        leak=1.0 if whole else float(10.0 ** rng.uniform(-1.5, 0.0)),
        bias_scale=float(10.0 ** rng.uniform(-3.0, 0.0)),
        squares=bool(rng.random() < 0.5),
    )


def _input_matrix(rng: Generator, units: int, width: int) -> tuple[Array, Array]:
    """Return input weights (N, U) and biases (N,), uniform in +-1."""
    return rng.uniform(-1, 1, (units, width)), rng.uniform(-1, 1, units)


def _reservoir(draw: Draw, shared: Sequence[tuple[Array, Array, Array]]) -> Reservoir:
    recurrent, inputs, bias = shared[draw.matrices]
    return Reservoir(
        draw.spectral_radius * recurrent,
        draw.input_scale * inputs,
        draw.bias_scale * bias,
        draw.leak,
    )


def _losses(
    experiment: Experiment,
    validation: Sequence[Segment],
    train: Sequence[Segment],
    network: EchoStateNetwork,
    fit: Fit,
) -> Array:
    """Return (L,): the task's loss on validation for each penalty, inf for lost runs.

    Without validation the rows of train select, as they do among evolved networks.
    """
    task, scored, stacked = experiment.task, validation or train, bool(validation)

    def together(rows: Sequence[Array]) -> Array:
        return stack_rows(rows) if stacked else np.concatenate(rows)[None]

    found = network.outputs(scored, fit.weights, free_running=task.generates)
    outputs = np.stack([together([each[k] for each in found]) for k in range(fit.count)])
    shown = None
    if asks_for_inputs(task):
        shown = together([_inputs(each) for each in scored])
    loss = loss_against(task, together([each.targets for each in scored]), shown)
    with np.errstate(over="ignore", invalid="ignore"):
        losses = loss(outputs)
    return np.where(np.isnan(losses), np.inf, losses)


def _inputs(segment: Segment) -> Array:
    return segment.series.input_rows(segment.start, segment.stop)
