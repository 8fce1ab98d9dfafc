"""Laws of schedules of descent: short free runs first, and an end by what is held out."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from evolino.gradient.adam import Adam
from evolino.gradient.descent import Descended
from evolino.gradient.lbfgs import LBFGS
from evolino.gradient.refinement import refinement_of
from evolino.gradient.schedule import scheduled, stage_of
from evolino.network.initialisers.delay_line import DelayLine
from evolino.network.lstm import LSTM
from evolino.readout.linear import Ridge
from evolino.tasks.signals.mackey_glass import MackeyGlass
from evolino.tasks.signals.series import SeriesTask

TASK = MackeyGlass(steps=600, washout=300, settling=50, horizon=21, validation_starts=12)
NETWORK = LSTM(cells=5, readout_states=True)
HERE = Descended(np.zeros((1, 1)), 1.0, 10)


def refinement(settings, task=TASK):
    split = task.sequences(np.random.default_rng(5))
    genome = DelayLine(length=4).draw(NETWORK, np.random.default_rng(3), 1)[0]
    made = refinement_of(settings, NETWORK, task, Ridge(1e-9), split, genome)
    return made, made.begin(genome)


@pytest.mark.parametrize("kind", [LBFGS, Adam])
def test_free_runs_are_short_first_and_whole_at_the_end(kind):
    made, start = refinement(kind(steps=60, round_steps=10, horizons=(3, 9)))
    lengths = {
        stage: {s.stop - s.start for s in made.at(stage).descended.scored}
        for stage in range(3)
    }
    assert lengths == {0: {3}, 1: {9}, 2: {21}}
    places = [here.place for here in made.rounds(start)]
    stages = [stage_of(place) for place in places]
    assert stages == sorted(stages) and set(stages) == {0, 1, 2}
    assert places[-1].ended is not None
    assert all(each.ended is None for each in places[:-1])
    assert places[-1].gradients >= 50


def test_the_genome_that_is_kept_is_that_of_whole_runs():
    made, start = refinement(LBFGS(steps=40, round_steps=10, horizons=(3,)))
    kept = list(made.rounds(start))[-1]
    assert kept.loss == made.held_out.value(kept.genome) <= start.loss
    lengths = {s.stop - s.start for s in made.held_out.scored}
    assert lengths == {21}


@pytest.mark.parametrize("kind", [LBFGS, Adam])
def test_a_descent_goes_on_to_the_same_bits_from_any_round(kind):
    made, start = refinement(kind(steps=40, round_steps=7, horizons=(3, 9), patience=3))
    whole = list(made.rounds(start))
    for here, after in pairwise(whole):
        again = made.next_round(here, made.settings.steps)
        np.testing.assert_array_equal(again.place.genome, after.place.genome)
        assert again.place.gradients == after.place.gradients


def test_patience_ends_a_descent_after_rounds_without_improvement():
    settings, place = LBFGS(patience=2), HERE
    for improved, ended in ((False, False), (True, False), (False, False), (False, True)):
        place = scheduled(settings, place, replace(HERE, memory={}), improved=improved)
        assert (place.ended is not None) == ended
    assert place.ended == "nothing held out has improved for 2 rounds"


def test_patience_does_not_count_rounds_of_cut_runs():
    settings, place = LBFGS(steps=100, horizons=(3,), patience=1), HERE
    place = scheduled(settings, place, replace(HERE, memory={}), improved=False)
    assert place.ended is None and stage_of(place) == 0


def test_a_loss_that_is_not_finite_ends_a_descent_at_any_horizon():
    settings = LBFGS(steps=100, horizons=(3,))
    lost = Descended(HERE.genome, np.inf, 1, "its loss is not finite")
    assert scheduled(settings, HERE, lost, improved=False).ended == lost.ended


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"horizons": (5, 3)}, r"horizons must rise, got \[5, 3\]"),
        ({"horizons": (0,)}, "horizons must be"),
        ({"horizons": (1, 2, 3), "steps": 3}, "steps must be more than the 3 horizons"),
        ({"patience": -1}, "patience must be"),
    ],
)
def test_schedules_that_cannot_be_are_refused(fields, message):
    with pytest.raises((ValueError, TypeError), match=message):
        LBFGS(**fields)


def test_horizons_of_a_task_without_free_runs_are_refused():
    t = np.arange(400.0)[:, None]
    task = SeriesTask(
        np.sin(t), inputs=np.cos(t), washout=50, train=200, validation=60, test=60,
        generates=False,
    )  # fmt: skip
    with pytest.raises(ValueError, match="horizons are of free runs, which series"):
        refinement(LBFGS(horizons=(3,)), task)
