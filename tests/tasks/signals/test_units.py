"""A series' units decide nothing: it is standardised inside, and given back in them."""

import dataclasses

import numpy as np
import pytest

import evolino
from evolino.models.loading import load
from evolino.network.base import EXPLODED
from evolino.network.kernels import free_run
from evolino.tasks.signals.series import SeriesTask
from evolino.training.run_experiment import run_experiment

STEPS = np.arange(420.0)
WAVE = np.sin(0.2 * STEPS) + 0.5 * np.sin(0.311 * STEPS)
PARTS = {"washout": 50, "train": 150, "validation": 100, "test": 120}
SHORT = evolino.Budget(evaluations=64)


def trained(series, *, inputs=None, seed=1, **options):
    task = SeriesTask(series, inputs=inputs, **PARTS, **options)
    return evolino.train(task, seed=seed, budget=SHORT, network=evolino.LSTM(cells=8))


@pytest.mark.parametrize("power", [-600, -40, 9, 530])
def test_a_series_times_a_power_of_two_gives_the_same_bits(power):
    plain, scaled = trained(WAVE), trained(np.ldexp(WAVE, power))
    assert plain.metrics == scaled.metrics
    assert plain.history == scaled.history
    np.testing.assert_array_equal(plain.model.genome, scaled.model.genome)
    np.testing.assert_array_equal(
        np.ldexp(plain.model.generate(30, prime=WAVE), power),
        scaled.model.generate(30, prime=np.ldexp(WAVE, power)),
    )


@pytest.mark.parametrize(("times", "plus"), [(1e-200, 0), (1e160, 0), (1.0, 1e6), (1e6, 3)])
def test_any_unit_is_learnt_alike(times, plus):
    plain, other = trained(WAVE), trained(times * WAVE + plus)
    ratio = other.metrics["test_nrmse"] / plain.metrics["test_nrmse"]
    assert 1 / 3 < ratio < 3
    future = other.model.generate(30, prime=times * WAVE + plus)
    wanted = times * plain.model.generate(30, prime=WAVE) + plus
    np.testing.assert_allclose(future, wanted, atol=0.01 * times)


def test_each_column_counts_by_its_own_deviation():
    two = np.stack([15 + 5 * np.sin(0.2 * STEPS), 1013 + 5 * np.cos(0.17 * STEPS)], axis=1)
    task = SeriesTask(two, **PARTS)
    (test,) = task.sequences(np.random.default_rng(0)).test
    means = np.broadcast_to(test.targets.mean(axis=0), test.targets.shape)
    one_right = test.targets.copy()
    one_right[:, 0] = means[:, 0]
    losses = task.loss(np.stack([means, one_right])[:, None], test.targets[None])
    np.testing.assert_allclose(losses, [1.0, np.sqrt(0.5)], rtol=1e-12)


def test_the_error_of_each_column_is_a_figure():
    two = np.stack([WAVE, 1000 + np.cos(0.4 * STEPS)], axis=1)
    figures = trained(two).metrics
    each = [figures["test_nrmse_1"], figures["test_nrmse_2"]]
    assert figures["test_nrmse"] == pytest.approx(np.sqrt(np.mean(np.square(each))))


def test_a_constant_column_is_centred():
    both = np.stack([WAVE, np.full(len(WAVE), 0.1)], axis=1)
    result = trained(both, inputs=np.full(len(WAVE), 7.0))
    assert np.isfinite(result.metrics["test_nrmse"])
    future = result.model.generate(30, prime=both, inputs=np.full(len(WAVE) + 30, 7.0))
    np.testing.assert_allclose(future[:, 1], 0.1, atol=1e-3)


def test_only_training_rows_decide_the_scaling():
    changed = WAVE.copy()
    changed[200:] *= 100
    for one, other in zip(
        SeriesTask(WAVE, bounds="none", **PARTS).scaling().as_state().values(),
        SeriesTask(changed, bounds="none", **PARTS).scaling().as_state().values(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("count", [1, 2])
def test_a_loaded_model_speaks_in_the_users_units(tmp_path, count):
    series = 300 + 20 * WAVE
    task = SeriesTask(series, **PARTS)
    model = evolino.train(
        task, seed=1, budget=SHORT, network=evolino.LSTM(cells=8), ensemble=count
    ).model
    model.save(tmp_path / "model.npz")
    again = load(tmp_path / "model.npz")
    split = task.sequences(np.random.default_rng(0))
    shown = again.predict(targets=series)
    np.testing.assert_array_equal(shown, model.predict(targets=series))
    assert abs(shown[100:].mean() - 300) < 20
    np.testing.assert_array_equal(
        again.respond(split.test, free_running=True)[0],
        model.respond(split.test, free_running=True)[0],
    )


def test_states_are_those_of_inputs_in_the_users_units():
    drive = 1013 + 5 * np.cos(0.17 * STEPS)
    model = trained(300 + 20 * WAVE, inputs=drive).model
    trace = model.states(drive, 300 + 20 * WAVE)
    assert np.abs(trace.gates[100:]).max() <= 1
    scaling = model.scaling
    plain = evolino.Model(model.architecture, model.genome, model.output)
    seen = plain.states(
        scaling.inputs(drive[:, None]), scaling.outputs(300 + 20 * WAVE[:, None])
    )
    np.testing.assert_array_equal(trace.states, seen.states)


def test_other_tasks_keep_no_scaling():
    result = evolino.train(
        "mso", seed=1, budget=evolino.Budget(generations=1), preset="paper"
    )
    assert result.model.scaling is None
    assert "scaling" not in result.model.as_state()


def test_probabilities_are_those_of_targets_as_they_are(rng):
    fair = (rng.random(420) < 0.5).astype(float)
    task = SeriesTask(fair, generates=False, **PARTS)
    result = evolino.train(
        task,
        seed=1,
        budget=SHORT,
        readout="logistic",
        network=evolino.LSTM(cells=8, output="logistic"),
    )
    shown = result.model.predict(targets=fair)
    assert ((shown >= 0) & (shown <= 1)).all()


@pytest.mark.parametrize("series", [WAVE + 1e3, np.random.default_rng(0).normal(size=420)])
def test_free_runs_stay_within_bounds(series):
    result = trained(series, bounds=0.25)
    fitted = series[50:300]
    span = 0.25 * np.ptp(fitted)
    far = result.model.generate(2000, prime=series[:300])
    assert far.min() >= fitted.min() - span
    assert far.max() <= fitted.max() + span


def test_a_run_that_leaves_its_bounds_says_when():
    task = SeriesTask(WAVE, **PARTS)
    split = task.sequences(np.random.default_rng(0))
    outputs = split.test[0].targets.copy()
    outputs[40:] = 1e9

    class Leaves:
        def respond(self, segments, *, free_running):
            return [outputs]

    assert task.measure(Leaves(), split)["test_steps_in_bounds"] == 40


def test_of_runs_that_all_leave_the_one_that_stays_longest_is_best():
    task = SeriesTask(WAVE, **PARTS)
    (part,) = task.sequences(np.random.default_rng(0)).validation
    outputs = np.stack([part.targets[None]] * 4)
    for k, step in enumerate((10, 50, 90)):
        outputs[k, :, step:] = np.inf
    losses = task.loss(outputs, part.targets[None])
    assert np.isfinite(losses).all()
    assert (np.diff(losses) < 0).all()
    assert losses[-1] == 0


def test_bounds_none_leaves_free_runs_as_they_are():
    task = SeriesTask(WAVE, bounds="none", **PARTS)
    outputs = np.full((1, 1, 100, 1), np.inf)
    (part,) = task.sequences(np.random.default_rng(0)).validation
    assert task.loss(outputs, part.targets[None]) == np.inf
    assert np.isinf(task.scaling().upper).all()


@pytest.mark.parametrize("bounds", ["some", -0.1, float("nan")])
def test_bounds_that_are_none_are_refused(bounds):
    with pytest.raises(ValueError, match="bounds must be"):
        SeriesTask(WAVE, bounds=bounds, **PARTS)


def test_a_damaged_scaling_is_refused(tmp_path):
    model = trained(WAVE).model
    state = model.as_state()
    for name, value in (
        ("output_scale", np.zeros(1)),
        ("output_mean", np.full(1, np.nan)),
        ("upper", np.full(2, np.inf)),
    ):
        broken = {**state, "scaling": {**state["scaling"], name: value}}
        with pytest.raises(ValueError, match=r"output_|upper"):
            evolino.Model.from_state(broken)


def test_resuming_a_standardised_run_gives_the_same_bits(tmp_path):
    from dataclasses import replace

    from evolino.training.resume_run import resume
    from evolino.training.run_folder import RunFolder

    task = SeriesTask(300 * WAVE, **PARTS)
    whole = evolino.train(task, seed=1, budget=SHORT, network=evolino.LSTM(cells=8))
    half = replace(whole.experiment, budget=evolino.Budget(evaluations=32))
    folder = RunFolder.create(tmp_path / "run", half)
    run_experiment(half, folder=folder, baselines=False)
    went_on = resume(folder, budget={"evaluations": 64}, baselines=False)
    assert went_on.metrics == whole.metrics
    assert went_on.history == whole.history


def test_a_tolerance_is_in_standard_deviations_of_each_column():
    two = np.stack([WAVE, 1024 * WAVE[::-1]], axis=1)
    task, other = SeriesTask(two, **PARTS), SeriesTask(two * [4.0, 0.25], **PARTS)
    found = [
        evolino.train(
            each, budget=SHORT, network=evolino.LSTM(cells=8, outputs=2), tolerance=0.5
        )
        for each in (task, other)
    ]
    assert found[0].history == found[1].history
    assert found[0].history != trained(two).history


def lost_at(step):
    """A model whose free run grows by the same factor in each step."""
    network = evolino.LSTM(cells=1, outputs=1)
    weights = np.zeros((network.readout_width, 1))
    weights[-2] = 1e12 ** (1 / step) * 1.0001  # of the output that is fed back
    return evolino.Model(network, np.zeros(network.genome_shape), weights)


@pytest.mark.parametrize("step", [4, 9])
def test_a_free_run_without_bounds_that_is_lost_says_at_which_step(step):
    model = lost_at(step)
    with pytest.warns(RuntimeWarning, match=f"lost at step {step} of 20"):
        outputs = model.generate(20, prime=np.ones(5))
    assert np.isfinite(outputs[: step - 1]).all()
    assert np.isinf(outputs[step - 1 :]).all()
    both = evolino.Ensemble((model, model))
    with pytest.warns(RuntimeWarning, match=f"lost at step {step} of 20"):
        again = both.generate(20, prime=np.ones(5))
    np.testing.assert_allclose(again, outputs, rtol=1e-12)


def test_the_kernels_give_up_what_the_protocol_says():
    assert free_run.EXPLODED == EXPLODED


@dataclasses.dataclass(frozen=True)
class Growing:
    """A readout that makes more of what is fed back."""

    def solve(self, states, targets):
        weights = np.zeros((1, len(states), states.shape[2], targets.shape[1]))
        weights[:, :, -2] = 1.15
        return weights


def test_a_run_whose_test_is_lost_says_at_which_step():
    class Hears(evolino.Callback):
        messages = ()

        def on_message(self, message):
            self.messages = (*self.messages, message)

    hears = Hears()
    result = evolino.train(
        evolino.Oscillators(sines=2),
        network=evolino.LSTM(cells=1),
        readout=Growing(),
        search=evolino.RandomSearch(),
        budget=evolino.Budget(generations=1),
        callbacks=[hears],
    )
    assert result.metrics["test_nrmse"] == np.inf
    (test,) = result.experiment.task.sequences(np.random.default_rng(0)).test
    last = test.series.targets[test.start - 1, 0]
    step = int(np.ceil(np.log(1e12 / abs(last)) / np.log(1.15)))
    assert hears.messages == (f"the free run of the test is lost at step {step}",)
