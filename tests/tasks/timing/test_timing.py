"""Intervals, timed spikes and periodic functions."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.tasks.timing import stability
from evolino.tasks.timing.losses import first_errors, interval_loss, stream_loss
from evolino.tasks.timing.spike_streams import parse_delays
from evolino.tasks.timing.stability import Pattern
from evolino.tasks.timing.timing import Timing
from evolino.tasks.timing.waveforms import spikes, waveform
from evolino.training.run_experiment import run_experiment
from evolino.training.tables import load_table


def test_a_spike_says_how_much_longer_than_the_period_it_took_to_come():
    split = Timing("msd", period=10, delays="0:3").sequences(np.random.default_rng(1))
    series = split.train[0].series
    at = np.flatnonzero(series.inputs[:, 0])
    assert at[0] == 0
    np.testing.assert_array_equal(np.diff(at) - 10, series.targets[at[1:], 0])
    assert [segment.start for segment in split.train] == at[1:].tolist()
    assert set(series.targets[at[1:], 0]) == {0, 1, 2, 3}
    assert len(split.test) == 1000


def test_single_intervals_start_from_rest():
    split = Timing("nmsd", period=7).sequences(np.random.default_rng(1))
    assert {segment.series.steps for segment in split.train} == {8, 9}
    assert len(split.test) == 1000
    assert len({id(segment.series) for segment in split.test}) == 2


def test_a_waveform_is_that_of_the_paper():
    for period in (10, 25):
        t = np.arange(period)
        late = t > period / 2
        triangle = np.where(late, 2 * t / period, 2 - 2 * t / period) - 1
        np.testing.assert_allclose(waveform("tri", period), triangle, atol=1e-15)
        np.testing.assert_array_equal(waveform("rect", period), late)
        cosine = (1 - np.cos(2 * np.pi * t / period)) / 2
        np.testing.assert_allclose(waveform("cos", period), cosine, atol=1e-15)


def test_a_stream_ends_at_its_first_error():
    targets = np.zeros(6)
    outputs = np.array([[0, 0.4, 0, 0, 0, 0], [0, 0, 0.6, 0, 0, 0], [np.nan] * 6])
    np.testing.assert_array_equal(first_errors(outputs, targets, 0.49), [6, 2, 0])


def test_a_later_error_is_better_and_none_is_best():
    targets = np.zeros(10)
    outputs = np.zeros((12, 10))
    for row in range(10):
        outputs[row, row:] = 0.9
    outputs[10] = 0.2
    for largest in (True, False):
        losses = stream_loss(outputs, targets, 0.49, largest=largest)
        assert (np.diff(losses) < 0).all()
        assert losses[9] > 0.49 >= losses[10]
        assert losses[11] == 0
        assert losses.max() <= 1


def test_what_comes_after_an_error_does_not_count():
    targets = np.zeros(5)
    outputs = np.array([[0, 0.7, 0, 0, 0], [0, 0.7, np.inf, np.nan, 9]])
    one, other = stream_loss(outputs, targets, 0.49, largest=True)
    assert one == other


def test_intervals_are_scored_by_the_largest_error_up_to_the_tolerance():
    targets = np.zeros(4)
    outputs = np.array([[0.1, -0.3, 0, 0], [0.1, 2, 0, 0], [np.nan, 0, 0, 0]])
    losses = interval_loss(outputs, targets, 0.49)
    assert losses[0] == 0.3
    assert losses[1] == pytest.approx(0.49 + np.sqrt(4.01 / 4))
    assert losses[2] == np.inf


@pytest.mark.parametrize(
    ("text", "numbers"), [("0,1", (0, 1)), ("0:3", (0, 1, 2, 3)), ("5", (5,))]
)
def test_delays_are_lists_or_ranges(text, numbers):
    assert parse_delays(text) == numbers


def test_a_waveform_of_a_file_sets_the_period_and_needs_the_file_once(tmp_path):
    file = tmp_path / "own.txt"
    file.write_text("0, 0.5\n1 0.5")
    task = Timing("pfg", waveform=str(file))
    assert task.values == (0.0, 0.5, 1.0, 0.5)
    assert task.period == 4
    file.unlink()
    assert replace(task, stages=(3,)).period == 4


BAD = {
    "a period of zero": ({"period": 0}, "period must be >= 1, got 0"),
    "a negative delay": ({"kind": "msd", "delays": "-1,0"}, "delays must be >= 0"),
    "words as delays": ({"kind": "msd", "delays": "a"}, "delays must be numbers"),
    "an unknown kind": ({"kind": "gst"}, "nearest: gts"),
    "no such waveform": ({"kind": "pfg", "waveform": "sin"}, "or a file of numbers"),
    "a period longer than the stream": ({"period": 50, "steps": 100}, "3 periods of 50"),
    "no stages": ({"stages": ()}, "at least one"),
    "several intervals to make": ({"delays": "0,1"}, "delays of gts must be one number"),
}


@pytest.mark.parametrize(("fields", "message"), BAD.values(), ids=BAD)
def test_bad_parameters_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        Timing(**fields)


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "is empty"), ("1 2 x", "'x', not a number"), ("1 inf", "not finite")],
)
def test_bad_waveform_files_are_named(tmp_path, content, message):
    file = tmp_path / "own.txt"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        Timing("pfg", waveform=str(file))


class Pendulum:
    """Makes a pattern; a kick moves its phase, and its size for so many steps."""

    def __init__(self, shape, *, shift=3, swell=0, dies_at=1.0):
        self.shape, self.shift, self.swell, self.dies_at = shape, shift, swell, dies_at

    def disturbed(self, segments, *, noise=0.0, kick=0.0, seed=0):
        (segment,) = segments
        steps = segment.stop - segment.start
        turn = self.shift if kick or noise else 0
        output = np.resize(np.roll(self.shape, -turn), steps)
        output[: self.swell if kick else 0] += 0.2
        if noise >= self.dies_at:
            output[steps // 2 :] = np.nan
        return [output[:, None]]


def figures_of(monkeypatch, model, shape, **kwargs):
    monkeypatch.setattr(stability, "EXACT_STEPS", 1000)
    monkeypatch.setattr(stability, "NOISY_STEPS", 1000)
    return stability.stability(model, Pattern(shape, 2 * len(shape), 0.3, **kwargs))


def test_a_shifted_pattern_is_there_but_not_in_phase(monkeypatch):
    shape = waveform("tri", 10)
    figures = figures_of(monkeypatch, Pendulum(shape), shape)
    assert figures["exact_steps"] == 1000
    assert figures["noise_1e-4"] == figures["kick_1e-1"] == 1
    assert figures["noise_1e-4_in_phase"] == 0
    assert figures["kick_1e-1_steps"] == 0


def test_a_pattern_that_noise_ends_and_that_returns_after_a_kick(monkeypatch):
    shape = spikes(8)
    model = Pendulum(shape, shift=0, swell=17, dies_at=1e-3)
    figures = figures_of(monkeypatch, model, shape)
    assert [figures[f"noise_1e-{k}"] for k in (6, 4, 3)] == [1, 1, 0]
    assert figures["kick_1e-3"] == 1
    assert figures["kick_1e-3_steps"] == 24


def test_a_smooth_pattern_is_found_between_steps(monkeypatch):
    shape = waveform("cos", 10)
    between = (1 - np.cos(2 * np.pi * (np.arange(10) + 0.5) / 10)) / 2

    class Late(Pendulum):
        def disturbed(self, segments, **kwargs):
            own = Pendulum(between if kwargs else shape, shift=0)
            return own.disturbed(segments, **kwargs)

    smooth = figures_of(monkeypatch, Late(shape), shape, smooth=True)
    stepwise = figures_of(monkeypatch, Late(shape), shape)
    assert smooth["kick_1e-3"] == 1
    assert stepwise["kick_1e-3"] == 0


def test_the_papers_network_has_17_weights():
    for row in load_table("timing-paper").rows:
        network = row.experiment(0).architecture
        peepholes = 3 if network.peepholes else 0
        assert network.cells * network.genes + network.readout_width == 14 + peepholes


@pytest.mark.parametrize(
    ("table", "label"),
    [("paper", "msd, F = 10, I = {0..10}"), ("threshold", "F = 200"),
     ("functions", "cos, F = 25"), ("functions", "tri, F = 10")],
)  # fmt: skip
def test_presets_solve_what_they_are_for(table, label):
    (row,) = (r for r in load_table(f"timing-{table}").rows if r.label == label)
    result = run_experiment(row.experiment(0), baselines=False)
    assert result.metrics["solved"] == 1
    assert result.metrics[load_table(f"timing-{table}").metric] <= row.target


def test_noise_in_the_fitness_gives_a_pattern_that_noise_does_not_end():
    (row,) = (r for r in load_table("timing-robust").rows if r.label == "cos, F = 10")
    result = run_experiment(row.experiment(0), baselines=False)
    assert result.metrics["unsteady"] == 0
    assert result.metrics["kick_1e-1"] == 1
    model, split = result.model, row.experiment(0).task.sequences(np.random.default_rng(0))
    calm = model.respond(split.test, free_running=True)[0]
    np.testing.assert_array_equal(model.disturbed(split.test)[0], calm)
    assert not np.array_equal(model.disturbed(split.test, noise=1e-3)[0], calm)
    with pytest.raises(ValueError, match="noise must be >= 0"):
        model.disturbed(split.test, noise=-1.0)


def test_an_experiment_keeps_confirmation_and_noise_in_its_table():
    from evolino.training.config import experiment_from_table, experiment_to_table

    experiment = load_table("timing-robust").rows[0].experiment(3)
    assert experiment.robust > 0 and experiment.confirm_at > 0
    assert experiment_from_table(experiment_to_table(experiment)) == experiment
    with pytest.raises(ValueError, match="robust must be >= 0"):
        replace(experiment, robust=-1.0)


def test_only_what_passes_a_stage_comes_to_the_next():
    from evolino.training.problem import Problem

    task = Timing("gts", period=6, stages=(2, 4))
    experiment = load_table("timing-best").rows[0].experiment(0)
    experiment = replace(experiment, task=task, confirm_at=0.8, robust=0.0)
    whole = Problem(experiment).evaluator
    first = Problem(replace(experiment, task=replace(task, stages=(2,)))).evaluator
    second = Problem(replace(experiment, task=replace(task, stages=(4,)))).evaluator
    genomes = evolino.Gaussian(15.0).draw(
        experiment.architecture, np.random.default_rng(5), 400
    )
    short, long, staged = (each.losses(genomes) for each in (first, second, whole))
    passed = short <= experiment.confirm_at
    assert 0 < passed.sum() < 400
    np.testing.assert_array_equal(staged[~passed], 1 + short[~passed])
    np.testing.assert_array_equal(staged[passed], np.minimum(long[passed], 1))


def test_the_gradient_of_a_functions_loss_is_its_slope(rng):
    """By central differences; the loss is the logarithm of the task's own."""
    task = Timing(kind="pfg", waveform="tri", period=8)
    targets = waveform("tri", 8).reshape(1, 8, 1)
    outputs = targets + 0.1 * rng.uniform(-1, 1, size=targets.shape)
    value, gradient = task.loss_gradient(outputs, targets)
    assert value == pytest.approx(np.log(task.loss(outputs, targets)[0]), abs=1e-14)
    step = 1e-6 * rng.standard_normal(outputs.shape)
    above, below = (task.loss_gradient(outputs + s * step, targets)[0] for s in (1, -1))
    assert (above - below) / 2 == pytest.approx((gradient * step).sum(), rel=1e-6)


def test_a_stream_that_ends_early_has_no_gradient():
    task = Timing(kind="pfg", waveform="tri", period=8)
    targets = waveform("tri", 8).reshape(1, 8, 1)
    outputs = targets.copy()
    outputs[0, 5, 0] += 0.31
    for wrong in (outputs, np.full_like(outputs, np.nan)):
        value, gradient = task.loss_gradient(wrong, targets)
        assert value == np.inf
        assert not gradient.any()
