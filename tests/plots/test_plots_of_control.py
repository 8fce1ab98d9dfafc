"""Pictures of networks that act: success over evaluations, a course that is played."""

import numpy as np
import pytest
from scipy.stats import binomtest

from evolino.environments import catalogue
from evolino.plots.episodes import observed
from evolino.plots.imitation import course_figure
from evolino.plots.success import share_interval, success, success_figure


def test_a_curve_rises_by_a_share_for_each_run_that_is_solved():
    figure = success_figure({"one cell": [30.0, 10.0, np.inf, 20.0]})
    (axes,) = figure.axes
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), [0, 10, 20, 30, 33])
    np.testing.assert_array_equal(line.get_ydata(), [0, 0.25, 0.5, 0.75, 0.75])


def test_groups_are_drawn_beside_each_other_with_a_band_each():
    figure = success_figure({"a": [5.0] * 3, "b": [np.inf] * 4, "c": [50.0, 40.0]})
    (axes,) = figure.axes
    assert len(axes.lines) == len(axes.collections) == 3
    assert max(axes.lines[1].get_ydata()) == 0


@pytest.mark.parametrize(("count", "total"), [(0, 5), (3, 10), (50, 50), (199, 200)])
def test_the_band_is_wilsons_interval(count, total):
    known = binomtest(count, total).proportion_ci(method="wilson")
    np.testing.assert_allclose(share_interval(count, total), known, atol=1e-12)


def test_where_no_run_is_solved_it_says_so():
    with pytest.raises(ValueError, match="none of these runs is solved"):
        success_figure({"a": [np.inf]})


ENVIRONMENTS = [
    catalogue.cart_and_poles(2, velocities=True),
    catalogue.cart_and_poles(1),
    catalogue.memory(5),
    catalogue.t_maze(5),
    catalogue.pendulum(),
    catalogue.mountain_car(),
    catalogue.acrobot(),
    catalogue.pushed_cart(),
    catalogue.noisy_pendulum(0.1, 0.0, 1.0),
    catalogue.repeat_previous(52, 4),
]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda each: f"kind {each.kind}")
def test_every_observation_of_a_compiled_environment_has_a_name(environment):
    names = observed(environment)
    assert len(names) == len(set(names)) == environment.observations


def test_a_course_and_its_plays_are_drawn(rng):
    shown = np.cumsum(rng.normal(size=(40, 3)), axis=0)
    figure = course_figure(shown, {"undisturbed": shown, "noise": shown + 0.1})
    plane, distance = figure.axes
    assert len(plane.lines) == 4
    np.testing.assert_allclose(distance.lines[0].get_ydata(), 0.0)


def test_pictures_have_an_ending_that_is_known(tmp_path):
    with pytest.raises(ValueError, match="png"):
        success([tmp_path], tmp_path / "a.xyz")
