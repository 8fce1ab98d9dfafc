"""Free runs whose outputs are expansions, held to the plain equations."""

import numpy as np
import pytest

import evolino
from evolino.network import reference
from evolino.network.expansion import KernelExpansion
from evolino.network.kernels.dispatch import CellStates, pack
from evolino.network.kernels.expansion import free_run_expanded

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


def plain_run(architecture, genome, expansion, h, s, y, inputs):
    """`reference.free_run`, the outputs being expanded."""
    weights, sources = architecture.unpack(genome[None]), architecture.recurrent_sources()
    outputs = []
    for external in inputs:
        heard = architecture.feedback_scale * y if architecture.feedback else y[:0]
        u = np.concatenate([external, heard])
        h, s, _ = reference.step(architecture, weights, sources, u, h, s)
        y = expansion.outputs(reference.sees(architecture, h[None], s[None], u[None]))[0]
        outputs.append(y)
    return np.array(outputs)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
@pytest.mark.parametrize("runs", [1, 9])
def test_free_runs_are_those_of_the_equations(name, kernel, runs, rng):
    architecture = ARCHITECTURES[name]
    genomes = rng.normal(0, 0.4, (3, *architecture.genome_shape))
    expansion = expansion_for(rng, architecture, kernel)
    cells, outputs = architecture.cells, architecture.outputs
    start = CellStates(*rng.normal(0, 0.3, (2, runs, cells)))
    previous = rng.normal(size=(runs, outputs))
    inputs = rng.normal(size=(runs, 30, architecture.inputs))
    found = free_run_expanded(
        pack(architecture, genomes), 1, expansion, start, previous, inputs
    )
    for n in range(runs):
        wanted = plain_run(
            architecture,
            genomes[1],
            expansion,
            start.outputs[n],
            start.states[n],
            previous[n],
            inputs[n],
        )
        np.testing.assert_allclose(found[n], wanted, rtol=1e-9, atol=1e-12)


def test_a_run_too_far_from_its_target_is_lost_and_others_go_on(rng):
    architecture = evolino.LSTM(cells=3)
    genomes = rng.normal(0, 0.4, (1, *architecture.genome_shape))
    expansion = expansion_for(rng, architecture, "gaussian")
    start, previous = CellStates(*np.zeros((2, 3, 3))), np.zeros((3, 1))
    inputs, networks = np.zeros((3, 10, 0)), pack(architecture, genomes)
    free = free_run_expanded(networks, 0, expansion, start, previous, inputs)
    targets = free.copy()
    targets[1, 4] += 1.0
    found = free_run_expanded(
        networks, 0, expansion, start, previous, inputs, targets=targets, tolerance=0.5
    )
    assert np.isinf(found[1, 4:]).all()
    np.testing.assert_array_equal(found[1, :4], free[1, :4])
    np.testing.assert_array_equal(found[[0, 2]], free[[0, 2]])
    targets[:, 4] += 1.0
    lost = free_run_expanded(
        networks, 0, expansion, start, previous, inputs, targets=targets, tolerance=0.5
    )
    assert np.isinf(lost[:, 4:]).all()
    assert np.isfinite(lost[:, :4]).all()
