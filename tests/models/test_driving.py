"""Many series and segments in one call give the bits of one after another."""

import numpy as np
import pytest

from evolino.models.driving import (
    drive,
    forced_pass,
    free_running,
    one_step_ahead,
    teacher_forced,
)
from evolino.network.kernels import dispatch
from evolino.network.lstm import LSTM
from evolino.simd.workspace import Workspace
from evolino.task.series import Segment, Series


def made(rng, lengths, outputs=1):
    return [Series(rng.normal(size=(n, 2)), rng.normal(size=(n, outputs))) for n in lengths]


@pytest.fixture(params=["networks in the lanes", "cells in the lanes"])
def layout(request, monkeypatch):
    large = 1 if request.param == "cells in the lanes" else 1000
    monkeypatch.setattr(dispatch, "LARGE", large)


@pytest.fixture(params=["float64", "float32"])
def network(request):
    return LSTM(
        cells=5, inputs=2, peepholes=True, readout_states=True, precision=request.param
    )


def test_series_in_one_call_give_the_bits_of_single_ones(network, layout, rng):
    series = made(rng, [30, 1, 17, 4])
    driver = network.driver()
    networks = driver.pack(rng.normal(size=(3, *network.genome_shape)))
    fitted = [Segment(s, s.steps // 2, s.steps) for s in series]
    started = [Segment(s, row, s.steps) for s in series for row in (0, s.steps // 2)]
    states, targets, kept = drive(driver, networks, fitted, started)
    np.testing.assert_array_equal(targets, np.concatenate([s.targets for s in fitted]))
    alone = [drive(driver, networks, [each], [])[0] for each in fitted]
    np.testing.assert_array_equal(states, np.concatenate(alone, axis=1))
    for k, each in enumerate(started):
        begun = drive(driver, networks, [], [each])[2]
        for ours, alone in zip(kept, begun, strict=True):
            np.testing.assert_array_equal(ours[:, k], alone[:, 0])


def test_segments_may_overlap_and_come_in_any_order(network, layout, rng):
    a, b = made(rng, [40, 25])
    driver = network.driver()
    networks = driver.pack(rng.normal(size=(2, *network.genome_shape)))
    segments = [Segment(b, 3, 9), Segment(a, 20, 40), Segment(b, 5, 25), Segment(a, 2, 6)]
    states, targets, _ = drive(driver, networks, segments, [])
    np.testing.assert_array_equal(targets, np.concatenate([s.targets for s in segments]))
    alone = [drive(driver, networks, [each], [])[0] for each in segments]
    np.testing.assert_array_equal(states, np.concatenate(alone, axis=1))


def test_outputs_one_step_ahead_do_not_depend_on_what_else_is_driven(network, layout, rng):
    a, b, c = made(rng, [40, 25, 12])
    driver = network.driver()
    networks = driver.pack(rng.normal(size=(3, *network.genome_shape)))
    weights = rng.normal(size=(3, network.readout_width, 1))
    scored = [Segment(a, 30, 40), Segment(c, 0, 12), Segment(a, 0, 33), Segment(b, 7, 8)]
    together = one_step_ahead(driver, networks, scored).outputs(weights)
    fitted = [Segment(b, 0, 20), Segment(a, 5, 30)]
    over = forced_pass(driver, fitted, scored=scored)
    beside = teacher_forced(driver, networks, over).outputs(weights)
    np.testing.assert_array_equal(beside, together)
    for k, each in enumerate(scored):
        alone = one_step_ahead(driver, networks, [each]).outputs(weights)[:, 0]
        length = each.stop - each.start
        np.testing.assert_array_equal(together[:, k, :length], alone)
        assert np.isnan(together[:, k, length:]).all()


def test_a_series_that_segments_share_is_driven_once(network, rng):
    a, b = made(rng, [40, 25])
    segments = [Segment(a, 5, 30), Segment(b, 0, 25)]
    last = Segment(a, 30, 40)
    over = forced_pass(network.driver(), segments, continued=[last], scored=segments)
    assert [len(vectors) for vectors in over.runs.vectors] == [30, 25]
    assert over.runs.firsts == (5, 0)
    assert over.fitted == slice(0, 50)


def test_a_workspace_changes_no_bit(network, layout, rng):
    workspace, driver = Workspace(), network.driver()
    for lengths, count in (([30, 9], 5), ([50], 1), ([8, 8, 30], 8)):
        series = made(rng, lengths)
        genomes = rng.normal(size=(count, *network.genome_shape))
        segments = [Segment(series[-1], 2, 7), Segment(series[0], 1, 8)]
        started = [Segment(s, 5, 8) for s in series]
        over = forced_pass(driver, segments, continued=started, scored=segments)
        packed = driver.pack(genomes, workspace)
        kept = teacher_forced(driver, packed, over, workspace)
        fresh = teacher_forced(driver, driver.pack(genomes), over)
        np.testing.assert_array_equal(kept.features, fresh.features)
        np.testing.assert_array_equal(kept.fitted, fresh.fitted)
        for ours, theirs in zip(kept.states, fresh.states, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_free_runs_together_give_the_bits_of_single_ones(network, rng):
    series = made(rng, [40, 25, 12] * 7)
    driver = network.driver()
    networks = driver.pack(rng.normal(size=(3, *network.genome_shape)))
    weights = 0.1 * rng.normal(size=(3, network.readout_width, 1))
    segments = [Segment(s, 6, 12) for s in series]
    starts = drive(driver, networks, [], segments)[2]
    run = free_running(driver, segments, tolerance=3.0)
    together = run(networks, weights, starts, None)
    for k, each in enumerate(segments):
        begun = drive(driver, networks, [], [each])[2]
        one = free_running(driver, [each], tolerance=3.0)
        alone = one(networks, weights, begun, None)
        np.testing.assert_array_equal(together[:, k], alone[:, 0])
