"""Laws of an ensemble's free runs, all at once: those of a step at a time, one by one."""

import numpy as np
import pytest

import evolino
from evolino.models.lockstep import Lockstep, free_run
from evolino.models.runs_together import free_runs
from evolino.task.series import Segment, Series

VARIANTS = {
    "peepholes": evolino.LSTM(cells=5, inputs=2, outputs=1, readout_squares=True),
    "few sources": evolino.LSTM(
        cells=9, outputs=2, sources=3, readout_states=True, feedback_scale=0.7
    ),
    "without a forget gate": evolino.LSTM(
        cells=4, outputs=1, forget_gate=False, cell_output="tanh(o*s)"
    ),
    "full peepholes": evolino.LSTM(cells=4, outputs=1, full_peepholes=True),
}


def made(network, rng):
    networks = [
        (
            rng.normal(0.0, 0.4, network.genome_shape),
            rng.normal(0.0, 0.2, (network.readout_width, network.outputs)),
        )
        for _ in range(3)
    ]
    inputs = rng.normal(size=(40, network.inputs))
    series = Series(inputs, rng.normal(0.0, 0.3, (40, network.outputs)))
    return networks, [
        Segment(series, 20, 40),
        Segment(series, 0, 9),
        Segment(series, 7, 12),
    ]


@pytest.mark.parametrize("name", VARIANTS)
def test_runs_at_once_are_those_of_a_step_at_a_time(name, rng):
    network = VARIANTS[name]
    networks, segments = made(network, rng)
    together = free_runs(network, networks, segments)
    for segment, found in zip(segments, together, strict=True):
        wanted = free_run(Lockstep(network, networks), segment)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_run_does_not_depend_on_those_beside_it(name, rng):
    network = VARIANTS[name]
    networks, segments = made(network, rng)
    together = free_runs(network, networks, segments)
    for segment, found in zip(segments, together, strict=True):
        (alone,) = free_runs(network, networks, [segment])
        np.testing.assert_array_equal(found, alone)


def test_lost_runs_are_inf(rng):
    network = evolino.LSTM(cells=4, outputs=1)
    networks, segments = made(network, rng)
    output = np.full((network.readout_width, 1), 1e200)
    for run in free_runs(network, [(networks[0][0], output)], segments):
        assert np.isinf(run).all()
