"""Free runs whose outputs are expansions, held to the plain equations."""

import dataclasses

import numpy as np
import pytest

import evolino
from evolino.network import reference
from evolino.network.features import features_of
from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.kernels.dispatch import CellStates, free_runs_from, free_runs_of, pack
from evolino.network.weights import unpack

ARCHITECTURES = {
    "usual": evolino.LSTM(cells=3, inputs=1, outputs=2),
    "papers": evolino.LSTM(
        cells=4,
        outputs=1,
        cell_input="identity",
        cell_output="tanh(o*s)",
        readout_states=True,
        readout_inputs=False,
        readout_constant=False,
    ),
    "all": evolino.LSTM(
        cells=5,
        inputs=2,
        outputs=1,
        peepholes=True,
        sources=2,
        readout_states=True,
        readout_squares=True,
        feedback_scale=0.5,
    ),
    "threshold": evolino.LSTM(cells=3, output="threshold", cell_output="o*s"),
    "threshold in feedback": evolino.LSTM(cells=3, output="threshold in feedback"),
    "1997": evolino.LSTM(cells=2, outputs=1, forget_gate=False, bias=False),
}


def expansion_for(rng, architecture, kernel, count=20):
    seen, outputs = architecture.readout_width, architecture.outputs
    return KernelExpansion(
        kernel,
        1.5,
        rng.normal(size=(count, seen)),
        rng.normal(0, 0.1 if kernel == "gaussian" else 0.01, (count, outputs)),
        rng.normal(0, 0.1, outputs),
        rng.uniform(0.5, 2.0, seen),
    )


def plain_run(architecture, genome, expansion, h, s, y, inputs, noise):
    """`reference.free_run`, the outputs being expanded."""
    y, inputs = y.astype(np.float64), inputs.astype(np.float64)
    weights, sources = unpack(architecture, genome[None]), architecture.recurrent_sources()
    outputs = []
    for t, external in enumerate(inputs):
        heard = architecture.fed_back(y) if architecture.feedback else y[:0]
        u = np.concatenate([external, heard])
        h, s, _ = reference.step(architecture, weights, sources, u, h, s)
        h, s = np.stack([h, s]) + noise[t % len(noise)]
        y = expansion.outputs(features_of(architecture, h[None], s[None], u[None]))[0]
        y = architecture.outputs_of(y)
        outputs.append(y)
    return np.array(outputs)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
@pytest.mark.parametrize("runs", [1, 9, 20])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_free_runs_are_those_of_the_equations(name, kernel, runs, precision, rng):
    architecture = dataclasses.replace(ARCHITECTURES[name], precision=precision)
    # In float32 weights that it holds exactly: everything after them is in float64.
    genomes = rng.normal(0, 0.4, (3, *architecture.genome_shape)).astype(np.float32)
    expansions = [expansion_for(rng, architecture, kernel, count) for count in (5, 20, 1)]
    cells, outputs = architecture.cells, architecture.outputs
    start = CellStates(*rng.normal(0, 0.3, (2, 3, runs, cells)))
    previous = rng.normal(size=(runs, outputs)).astype(np.float32)
    inputs = rng.normal(size=(runs, 30, architecture.inputs)).astype(np.float32)
    noise = rng.normal(0, 1e-3, (7, 2, cells)).astype(np.float32)
    given = free_runs_from(architecture, previous, inputs, noise=noise)
    networks = pack(architecture, genomes.astype(np.float64))
    found = free_runs_of(networks, expansions, start, given)
    assert found.shape == (3, runs, 30, outputs)
    for p, n in ((0, 0), (1, runs - 1), (2, runs // 2)):
        wanted = plain_run(
            architecture,
            genomes[p].astype(np.float64),
            expansions[p],
            start.outputs[p, n],
            start.states[p, n],
            previous[n],
            inputs[n],
            noise,
        )
        np.testing.assert_allclose(found[p, n], wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("runs", [3, 10])
def test_a_run_too_far_from_its_target_is_lost_and_others_go_on(runs, rng):
    architecture = evolino.LSTM(cells=3)
    networks = pack(architecture, rng.normal(0, 0.4, (1, *architecture.genome_shape)))
    expansions = [expansion_for(rng, architecture, "gaussian")]
    start = CellStates(*np.zeros((2, 1, runs, 3)))

    def run(targets=None, tolerance=np.inf):
        given = free_runs_from(
            architecture,
            np.zeros((runs, 1)),
            np.zeros((runs, 10, 0)),
            targets=targets,
            tolerance=tolerance,
        )
        return free_runs_of(networks, expansions, start, given)[0]

    free = run()
    targets = free.copy()
    targets[1, 4] += 1.0
    found = run(targets, 0.5)
    assert np.isinf(found[1, 4:]).all()
    np.testing.assert_array_equal(found[1, :4], free[1, :4])
    np.testing.assert_array_equal(np.delete(found, 1, 0), np.delete(free, 1, 0))
    targets[:, 4] += 1.0
    lost = run(targets, 0.5)
    assert np.isinf(lost[:, 4:]).all()
    assert np.isfinite(lost[:, :4]).all()
