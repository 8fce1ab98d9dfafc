"""The Mackey-Glass series against its equation, and the protocol of GMD-148."""

import numpy as np
import pytest

from evolino.tasks.signals.mackey_glass import MackeyGlass, original, trajectory


def test_the_trajectory_obeys_the_euler_equation(rng):
    # With step 1 every point is kept, so that the recursion can be read off the result.
    y = trajectory(rng, 200, tau=17.0, step=1.0)
    late = y[: 200 - 18]
    following = y[17:-1] + 0.2 * late / (1 + late**10) - 0.1 * y[17:-1]
    np.testing.assert_allclose(y[18:], following, rtol=1e-14)


def test_the_equilibrium_stays():
    class Constant:
        def random(self, count):
            return np.full(count, 0.5 + (1.0 - 1.2) / 0.2)

    y = trajectory(Constant(), 50, tau=17.0, step=0.1)
    np.testing.assert_allclose(y, 1.0, rtol=1e-12)


def test_the_variance_is_the_one_of_the_report(rng):
    # GMD-148 has sigma^2 about 0.067 in original coordinates.
    assert abs(trajectory(rng, 5000, tau=17.0, step=0.1).var() - 0.067) < 0.02


def test_the_84th_step_ahead_of_the_last_value_heard_is_scored(rng):
    task = MackeyGlass()
    split = task.sequences(rng)
    segment = split.test[0]
    assert segment.stop - segment.start == 84
    wanted = segment.series.targets[segment.start - 1 + 84]
    assert segment.targets[-1] == wanted


def test_training_has_3000_steps_of_which_1000_are_washout(rng):
    (fitted,) = MackeyGlass().sequences(rng).train
    assert (fitted.start, fitted.stop) == (1000, 3000)


def test_the_error_is_measured_in_original_coordinates(rng):
    task = MackeyGlass()
    split = task.sequences(rng)

    class Shifted:
        def respond(self, segments, *, free_running):
            return [np.tanh(original(s.targets) - 1 + 0.01) for s in segments]

    spread = original(split.test[0].series.targets).std()
    figures = task.measure(Shifted(), split)
    np.testing.assert_allclose(figures["nrmse84"], 0.01 / spread, rtol=1e-9)


def test_outputs_that_are_not_finite_count_as_wrong_not_as_missing(rng):
    task = MackeyGlass()
    split = task.sequences(rng)

    class Exploded:
        def respond(self, segments, *, free_running):
            return [np.full(s.targets.shape, np.inf) for s in segments]

    assert task.measure(Exploded(), split)["nrmse84"] > 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tau": 17.05}, "tau must be a multiple of step=0.1, got 17.05"),
        ({"tau": -17.0}, "tau must be > 0"),
        ({"step": 0.3}, "multiple of step=0.3"),
        ({"steps": 1050}, "steps=1050 is too short"),
        ({"test_starts": 10}, "test_starts must be >= 50, got 10"),
        ({"washout": 0}, "washout must be >= 1, got 0"),
        ({"refit_from": 1001}, "refit_from must be <= 1,000, got 1001"),
        (
            {"settling": 950},
            "fits between settling=950 and the end of the washout, washout=1000",
        ),
    ],
)
def test_a_parameter_out_of_range_is_named(fields, message):
    with pytest.raises(ValueError, match=message):
        MackeyGlass(**fields)


def test_validation_runs_lie_in_the_washout_that_no_readout_is_fitted_on(rng):
    split = MackeyGlass(settling=200, validation_starts=32).sequences(rng)
    assert len(split.validation) == 32
    assert split.validation[0].start == 200
    assert split.validation[-1].stop == 1000
    assert [(s.start, s.stop) for s in split.train] == [(1000, 3000)]
    assert not split.refit


def test_the_trained_readout_may_have_the_dropped_rows_too():
    splits = [
        MackeyGlass(refit_from=row).sequences(np.random.default_rng(0))
        for row in (0, 1000, 150)
    ]
    assert [[(s.start, s.stop) for s in each.refit] for each in splits] == [
        [],
        [],
        [(150, 3000)],
    ]
    for each in splits:  # search and test are as they were
        assert [(s.start, s.stop) for s in each.train] == [(1000, 3000)]
        np.testing.assert_array_equal(each.test[0].targets, splits[0].test[0].targets)
