"""One loss after solving and its gradient, against the forward passes alone and JAX's.

One network is driven over the series, its readout is solved, it runs freely from many
starts, and the task's loss goes back through all of it. JAX compiles the same equations
with `jit(value_and_grad)` in float64; both gradients are checked against each other first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.paired import Effort, one_core, ratio, spread, take_turns
from benchmarks.peers import flat_weights, installed
from benchmarks.workloads import moderate_genomes
from evolino import LSTM, Ridge
from evolino.gradient.objective import Objective
from evolino.gradient.refinement import check_lstm
from evolino.gradient.schedule import spread as spread_starts
from evolino.network.weights import Weights, repack
from evolino.tasks.signals.mackey_glass import EVERY, LARGEST, MackeyGlass
from evolino.vocabulary import Array

CELLS, STEPS, STARTS = (10, 30, 100), 2000, 200
PENALTY = 1e-6  # of the readout; with 1e-14 rounding alone parts the two gradients
# Seconds of a sample at least: a descent takes one gradient after another, and the first
# one after other work, or after a rest, takes half as long again where cells are few.
SAMPLE = 0.05
AGREEMENT = 1e-6  # largest difference of the gradients, as a share of the largest entry
OURS, FORWARD, JAX = "evolino", "evolino, forward passes alone", "JAX jit(value_and_grad)"

Loss = Callable[[Array], tuple[float, Array]]


def measure(effort: Effort) -> dict[str, Any]:
    """Return milliseconds of one value and gradient on one core, and their ratios."""
    steps, starts = (200, 8) if effort.quick else (STEPS, STARTS)
    cells = CELLS[:1] if effort.quick else CELLS
    with_jax = installed("jax") and not effort.quick
    with one_core():
        return {
            "steps": steps,
            "starts": starts,
            "not_measured": [] if with_jax else [JAX],
            "rows": [_row(each, steps, starts, effort, with_jax) for each in cells],
        }


def _row(
    cells: int, steps: int, starts: int, effort: Effort, with_jax: bool
) -> dict[str, Any]:
    objective = objective_of(cells, steps, starts)
    (genome,) = moderate_genomes(check_lstm(objective.architecture), 1)
    calls: dict[str, Callable[[], object]] = {
        OURS: lambda: objective.value_and_gradient(genome),
        FORWARD: lambda: objective.value(genome),
    }
    difference = None
    if with_jax:
        peer = jax_loss(objective)
        difference = disagreement(objective.value_and_gradient, peer, genome)
        if not difference <= AGREEMENT:
            raise ArithmeticError(f"gradients differ by {difference:.1e}, C = {cells}")
        calls[JAX] = lambda: peer(genome)
    longer = replace(effort, sample=max(effort.sample, 0.0 if effort.quick else SAMPLE))
    samples = take_turns(calls, longer, rests=not effort.quick)
    others = {name: seconds for name, seconds in samples.items() if name != OURS}
    ratios = {name: ratio(seconds, samples[OURS]) for name, seconds in others.items()}
    ratios[FORWARD] = ratio(samples[OURS], samples[FORWARD])
    return {
        "cells": cells,
        "milliseconds": {
            name: spread([1e3 * each for each in seconds])
            for name, seconds in samples.items()
        },
        "ratios": ratios,
        "difference": difference,
    }


def objective_of(cells: int, steps: int, starts: int) -> Objective:
    """Return the loss of a network with outputs and states in the readout, Mackey-Glass."""
    washout = steps // 2
    task = MackeyGlass(steps=steps, washout=washout, settling=min(150, washout - 84))
    split = task.sequences(np.random.default_rng(0))
    network = LSTM(cells=cells, inputs=0, outputs=1, readout_states=True)
    scored = spread_starts(split.validation, split.train, starts)
    return Objective(network, task, Ridge(PENALTY), split.train, scored, PENALTY)


def disagreement(ours: Loss, peer: Loss, genome: Array) -> float:
    """Return the larger of the differences of losses and of gradients, the latter as a
    share of the largest entry."""
    (loss, gradient), (other_loss, other) = ours(genome), peer(genome)
    between = np.abs(gradient - other).max() / np.abs(gradient).max()
    return float(max(between, abs(loss - other_loss)))


def jax_loss(objective: Objective) -> Loss:
    """Return the same loss and gradient by JAX, genome (C, G) -> loss, gradient (C, G)."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax

    jax.config.update("jax_enable_x64", True)
    compiled = jax.jit(jax.value_and_grad(_jax_equations(objective), argnums=(0, 1)))
    network = check_lstm(objective.architecture)
    cells = network.cells

    def loss(genome: Array) -> tuple[float, Array]:
        outer, recurrent, _ = flat_weights(network, genome[None])
        value, (to_outer, to_recurrent) = compiled(outer[0], recurrent[0])
        of_outer = np.asarray(to_outer).reshape(4, cells, 2).transpose(1, 2, 0)
        of_cells = np.asarray(to_recurrent).reshape(4, cells, cells).transpose(1, 2, 0)
        peepholes = np.zeros((1, cells, 3))
        weights = Weights(of_outer[None, :, 0], of_outer[None, :, 1:], of_cells[None],
                          peepholes)  # fmt: skip
        return float(value), repack(network, weights)[0]

    return loss


def _jax_equations(objective: Objective) -> Callable[[Any, Any], Any]:
    """Return the loss as JAX traces it, of weights (4 C, 2) and (4 C, C)."""
    import jax
    import jax.numpy as jnp

    cells, (fitted,) = objective.architecture.cells, objective.fitted
    series = jnp.asarray(fitted.series.targets[:, 0])
    fed_back = jnp.concatenate([jnp.zeros(1), series[:-1]])
    starts = np.array([segment.start for segment in objective.scored])
    expected = np.stack([segment.targets[:, 0] for segment in objective.scored], axis=1)
    rows, horizon = slice(fitted.start, fitted.stop), len(expected)
    deviation = expected.std()

    def step(outer: Any, recurrent: Any, carry: Any, u: Any) -> Any:
        h, s = carry  # (C,) or (C, N)
        pushed = outer[:, 1] * u if h.ndim == 1 else outer[:, 1:] * u
        bias = outer[:, 0] if h.ndim == 1 else outer[:, :1]
        net = (bias + pushed + recurrent @ h).reshape(4, cells, *h.shape[1:])
        gate_in, forget = jax.nn.sigmoid(net[0]), jax.nn.sigmoid(net[1])
        s = forget * s + gate_in * jnp.tanh(net[2])
        return jax.nn.sigmoid(net[3]) * jnp.tanh(s), s

    def features(h: Any, s: Any, u: Any) -> Any:
        return jnp.concatenate([h, s, u[None], jnp.ones_like(u)[None]])

    def loss(outer: Any, recurrent: Any) -> Any:
        def drive(carry: Any, u: Any) -> Any:
            after = step(outer, recurrent, carry, u)
            return after, after

        rest = jnp.zeros(cells)
        _, (h, s) = jax.lax.scan(drive, (rest, rest), fed_back)
        x = features(h.T, s.T, fed_back).T[rows]
        y = series[rows]
        scales = jnp.sqrt(jnp.square(x).mean(axis=0))
        extra = jnp.sqrt(objective.penalty * len(y)) * jnp.eye(x.shape[1])
        q, r = jnp.linalg.qr(jnp.concatenate([x / scales, extra]))
        right = jnp.concatenate([y, jnp.zeros(x.shape[1])])
        readout = jax.scipy.linalg.solve_triangular(r, q.T @ right) / scales

        def run(carry: Any, _: None) -> Any:
            h, s, u = carry
            h, s = step(outer, recurrent, (h, s), u)
            output = readout @ features(h, s, u)
            return (h, s, output), output

        begin = (h[starts - 1].T, s[starts - 1].T, series[starts - 1])
        _, outputs = jax.lax.scan(run, begin, None, length=horizon)
        bounded = jnp.clip(outputs, -LARGEST, LARGEST)
        errors = jnp.square(bounded - expected)[EVERY - 1 :: EVERY].mean(axis=1)
        return jnp.log(jnp.sqrt(errors) / deviation).mean()

    return loss
