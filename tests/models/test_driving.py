"""Many series and segments in one call give the bits of one after another."""

import numpy as np
import pytest

from evolino.models.driving import drive, lesson, respond_one_step, run_freely, teach
from evolino.network.kernels import dispatch
from evolino.network.kernels.dispatch import Workspace, pack
from evolino.network.lstm import LSTM
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
    networks = pack(network, rng.normal(size=(3, *network.genome_shape)))
    fitted = [Segment(s, s.steps // 2, s.steps) for s in series]
    started = [Segment(s, row, s.steps) for s in series for row in (0, s.steps // 2)]
    states, targets, cells = drive(networks, fitted, started)
    np.testing.assert_array_equal(targets, np.concatenate([s.targets for s in fitted]))
    alone = [drive(networks, [each], [])[0] for each in fitted]
    np.testing.assert_array_equal(states, np.concatenate(alone, axis=1))
    for k, each in enumerate(started):
        begun = drive(networks, [], [each])[2]
        np.testing.assert_array_equal(cells.outputs[:, k], begun.outputs[:, 0])
        np.testing.assert_array_equal(cells.states[:, k], begun.states[:, 0])


def test_segments_may_overlap_and_come_in_any_order(network, layout, rng):
    a, b = made(rng, [40, 25])
    networks = pack(network, rng.normal(size=(2, *network.genome_shape)))
    segments = [Segment(b, 3, 9), Segment(a, 20, 40), Segment(b, 5, 25), Segment(a, 2, 6)]
    states, targets, _ = drive(networks, segments, [])
    np.testing.assert_array_equal(targets, np.concatenate([s.targets for s in segments]))
    alone = [drive(networks, [each], [])[0] for each in segments]
    np.testing.assert_array_equal(states, np.concatenate(alone, axis=1))


def test_outputs_one_step_ahead_do_not_depend_on_what_else_is_heard(network, layout, rng):
    a, b, c = made(rng, [40, 25, 12])
    networks = pack(network, rng.normal(size=(3, *network.genome_shape)))
    weights = rng.normal(size=(3, network.readout_width, 1))
    heard = [Segment(a, 30, 40), Segment(c, 0, 12), Segment(a, 0, 33), Segment(b, 7, 8)]
    together = respond_one_step(networks, weights, heard)
    fitted = [Segment(b, 0, 20), Segment(a, 5, 30)]
    beside = teach(networks, lesson(network, fitted, heard=heard)).outputs(weights)
    np.testing.assert_array_equal(beside, together)
    for k, each in enumerate(heard):
        alone = respond_one_step(networks, weights, [each])[:, 0]
        length = each.stop - each.start
        np.testing.assert_array_equal(together[:, k, :length], alone)
        assert np.isnan(together[:, k, length:]).all()


def test_a_series_that_segments_share_is_driven_once(network, rng):
    a, b = made(rng, [40, 25])
    segments = [Segment(a, 5, 30), Segment(b, 0, 25)]
    given = lesson(network, segments, started=[Segment(a, 30, 40)], heard=segments)
    assert given.course.steps.tolist() == [30, 25]
    assert given.course.recorded == 50
    assert given.fitted == slice(0, 50)


def test_a_workspace_changes_no_bit(network, layout, rng):
    workspace = Workspace()
    for lengths, count in (([30, 9], 5), ([50], 1), ([8, 8, 30], 8)):
        series = made(rng, lengths)
        genomes = rng.normal(size=(count, *network.genome_shape))
        segments = [Segment(series[-1], 2, 7), Segment(series[0], 1, 8)]
        started = [Segment(s, 5, 8) for s in series]
        given = lesson(network, segments, started=started, heard=segments)
        kept = teach(pack(network, genomes, workspace), given, workspace)
        fresh = teach(pack(network, genomes), given)
        np.testing.assert_array_equal(kept.seen, fresh.seen)
        np.testing.assert_array_equal(kept.fitted, fresh.fitted)
        np.testing.assert_array_equal(kept.starts.outputs, fresh.starts.outputs)
        np.testing.assert_array_equal(kept.starts.states, fresh.starts.states)


def test_free_runs_together_give_the_bits_of_single_ones(network, rng):
    series = made(rng, [40, 25, 12] * 7)
    networks = pack(network, rng.normal(size=(3, *network.genome_shape)))
    weights = 0.1 * rng.normal(size=(3, network.readout_width, 1))
    segments = [Segment(s, 6, 12) for s in series]
    starts = drive(networks, [], segments)[2]
    together = run_freely(networks, weights, segments, starts, tolerance=3.0)
    for k, each in enumerate(segments):
        begun = drive(networks, [], [each])[2]
        alone = run_freely(networks, weights, [each], begun, tolerance=3.0)
        np.testing.assert_array_equal(together[:, k], alone[:, 0])
