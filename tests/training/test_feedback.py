"""No answer leaks: a network is never given a target that it could not know."""

from collections.abc import Sequence

import numpy as np
import pytest

import evolino
from evolino.models.driving import stack_rows
from evolino.models.model import Model
from evolino.registry import find, names
from evolino.task.capabilities import feeds_back
from evolino.task.series import Segment, Series, Split
from evolino.tasks.error_measures import rmse
from evolino.tasks.music.music import Music
from evolino.tasks.signals.series import SeriesTask
from evolino.training.presets import experiment_for
from evolino.training.tables import load_table, presets_of
from tests.support.registered import WITH_TARGETS

SHORT = evolino.Budget(evaluations=20)


class RepeatedAnswer:
    """A number that nobody can know, as the target of every row of a series."""

    name, inputs, outputs, generates = "repeated", 1, 1, False

    def sequences(self, rng):
        def part(count):
            return tuple(
                Segment(
                    Series(rng.normal(size=(12, 1)), np.full((12, 1), rng.normal())), 1, 12
                )
                for _ in range(count)
            )

        return Split(part(40), part(20), part(40))

    def loss(self, outputs, targets):
        return rmse(outputs, targets)

    def measure(self, model, split):
        outputs = stack_rows(model.respond(split.test, free_running=False))
        targets = stack_rows([each.targets for each in split.test])
        return {"rmse": float(rmse(outputs[None], targets)[0])}

    def baselines(self, split):
        return {}

    def published(self):
        return ()


def made(name):
    if name == "music":
        return Music(pieces={f"{n}": f"60.64.67*{4 + n} 62.65 -*2 60*20" for n in range(6)})
    return SeriesTask(np.sin(np.arange(600) * 0.2)) if name == "series" else name


def test_by_default_nobody_knows_what_cannot_be_known():
    result = evolino.train(RepeatedAnswer(), seed=1, budget=SHORT)
    assert not result.model.architecture.feedback
    assert result.metrics["rmse"] > 0.8


def test_feedback_of_unknown_targets_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"feedback would give .* LSTM\(feedback=False\)"):
        evolino.train(RepeatedAnswer(), network=evolino.LSTM(cells=4), budget=SHORT)


def test_a_task_may_say_that_its_past_targets_are_known():
    class Known(RepeatedAnswer):
        past_targets_known = True

    result = evolino.train(
        Known(), network=evolino.LSTM(cells=4), budget=SHORT, search="random"
    )
    assert result.metrics["rmse"] < 0.1


def test_inputs_mapped_to_targets_get_no_targets(rng):
    inputs, answers = rng.normal(size=600), np.repeat(rng.normal(size=60), 10)
    task = SeriesTask(answers, inputs=inputs, generates=False)
    result = evolino.train(task, seed=1, budget=SHORT)
    assert not result.model.architecture.feedback
    assert result.metrics["test_nrmse"] > 0.8
    known = SeriesTask(answers, inputs=inputs, generates=False, past_targets_known=True)
    assert evolino.train(known, budget=SHORT).model.architecture.feedback


def experiments():
    for name in names("task"):
        yield experiment_for(made(name))
        for preset in presets_of(name):
            if name not in ("series", "music"):
                yield from (
                    row.experiment(0) for row in load_table(f"{name}-{preset}").rows
                )


@pytest.mark.parametrize("name", WITH_TARGETS)
def test_no_shipped_network_sees_the_target_of_a_step_before_it_answers(name, rng):
    """Targets from a row on are replaced by noise: no output up to that row changes."""
    experiment = experiment_for(made(name))
    task, architecture = experiment.task, experiment.architecture
    genome = experiment.initialiser.draw(architecture, rng, 1)[0]
    weights = rng.normal(size=(architecture.readout_width, architecture.outputs))
    model = Model(architecture, genome, weights)
    segment = task.sequences(np.random.default_rng(0)).test[0]
    segment = Segment(segment.series, segment.start, min(segment.stop, segment.start + 40))
    half = segment.start + (segment.stop - segment.start) // 2
    first = segment.start if task.generates else half
    series = segment.series
    unknown = series.targets.copy()
    unknown[first:] = rng.normal(size=unknown[first:].shape)
    other = Segment(Series(series.inputs, unknown), segment.start, segment.stop)
    shown, unseen = (
        model.respond([each], free_running=task.generates)[0] for each in (segment, other)
    )
    until = len(shown) if task.generates else half + 1 - segment.start
    np.testing.assert_array_equal(shown[:until], unseen[:until])
    if not architecture.feedback:
        np.testing.assert_array_equal(shown, unseen)


def test_every_shipped_experiment_feeds_back_only_what_is_known():
    for experiment in experiments():
        assert feeds_back(experiment.task) or not experiment.network.feedback


def test_past_targets_are_said_to_be_known_by_those_that_foretell_only():
    says = {name for name in names("task") if getattr(find("task", name), "name", None)}
    known = {
        name
        for name in says - {"series"}
        if getattr(find("task", name), "past_targets_known", False)
    }
    assert known == {"blues", "chorales", "music", "rhythm"}


class WeighedByInputs(RepeatedAnswer):
    """Counts only the rows whose input says so."""

    def sequences(self, rng):
        def part(count):
            parts = []
            for steps in rng.integers(5, 12, count):
                inputs = (np.arange(steps) == steps - 1)[:, None].astype(float)
                parts.append(Segment(Series(inputs, inputs + 1), 0, int(steps)))
            return tuple(parts)

        return Split(part(8), part(6), part(6))

    def loss(self, outputs, targets, inputs):
        assert inputs.shape == targets.shape
        np.testing.assert_array_equal(np.isnan(inputs), np.isnan(targets))
        return np.abs(outputs - targets)[:, inputs == 1].mean(axis=1)

    def measure(self, model, split):
        return {}


def test_a_loss_may_ask_for_the_inputs_of_its_segments():
    result = evolino.train(WeighedByInputs(), seed=1, budget=SHORT)
    assert result.history[-1].best < 0.01


class MadeWhenIndexed(Sequence):
    """Fifty segments, each made anew when it is asked for."""

    def __init__(self):
        self.made = []

    def __len__(self):
        return 50

    def __getitem__(self, k):
        self.made.append(k)
        rng = np.random.default_rng(k)
        return Segment(Series(rng.normal(size=(12, 1)), np.zeros((12, 1))), 1, 12)


class LargeTest(RepeatedAnswer):
    """Measures its test ten segments at a time."""

    def sequences(self, rng):
        split = super().sequences(rng)
        return Split(split.train, split.validation, MadeWhenIndexed())

    def measure(self, model, split):
        assert split.test.made == []
        for first in range(0, len(split.test), 10):
            part = [split.test[k] for k in range(first, first + 10)]
            assert len(model.respond(part, free_running=False)) == 10
        return {"made": len(split.test.made)}


def test_test_segments_may_be_made_when_they_are_needed():
    result = evolino.train(LargeTest(), seed=1, budget=SHORT)
    assert result.metrics == {"made": 50}
