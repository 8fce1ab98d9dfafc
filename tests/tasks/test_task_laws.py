"""Laws that every registered task obeys."""

import dataclasses

import numpy as np
import pytest

from evolino.models.driving import stack_rows
from evolino.registry import find, from_table, to_table
from evolino.task.capabilities import ScoresManyNetworks
from evolino.task.counted import Checked
from evolino.tasks.long_lags.continual_reber import ContinualReber
from evolino.tasks.music.music import Music
from evolino.tasks.signals.series import SeriesTask
from evolino.training.tables import load_table, tables
from tests.support.registered import CONTROL, WITH_TARGETS

# Figures of which more is better, or that only describe.
NO_ERRORS = {
    *("solved", "successes", "steps_per_evaluation", "deterministic_accuracy"),
    *("bars_right",),
    *("accepted_to", "accepted_from", "accepted_through", "accepted_all_checked"),
    *("training_accepted", "test_steps_in_bounds"),
    "frame_accuracy",
    "back_on_course",
    "nats",  # of pixels between black and white: their own entropy is left
    *("distinct", "presented", "symbols"),
}

SERIES = np.sin(np.arange(600) * 0.2)


def make(name):
    if name == "music":
        return Music(pieces={f"{n}": f"60.64.67*{4 + n} 62.65 -*2 60*20" for n in range(6)})
    return SeriesTask(SERIES) if name == "series" else shortened(find("task", name)())


def shortened(task):
    """The task, with test streams of 2,000 symbols where it has 100,000."""
    if isinstance(task, ContinualReber):
        return dataclasses.replace(task, test_length=2000)
    return task


@pytest.fixture(params=WITH_TARGETS)
def task(request):
    return make(request.param)


class Oracle:
    """A model that knows the answer."""

    def respond(self, segments, *, free_running):
        return [segment.targets for segment in segments]

    def check(self, phases, strings):
        shape = len(strings), len(phases)
        return Checked(np.ones(len(strings)), np.zeros(shape, dtype=np.int64))


def share_rows(some, others):
    by_series = {}
    for segment in others:
        by_series.setdefault(id(segment.series), []).append(segment)
    return any(
        a.start < b.stop and b.start < a.stop
        for a in some
        for b in by_series.get(id(a.series), ())
    )


def test_the_same_generator_gives_the_same_bits(task):
    first = task.sequences(np.random.default_rng(3))
    second = task.sequences(np.random.default_rng(3))
    for part in ("train", "validation", "test", "refit"):
        for a, b in zip(getattr(first, part), getattr(second, part), strict=True):
            np.testing.assert_array_equal(a.targets, b.targets)
            np.testing.assert_array_equal(a.series.input_rows(), b.series.input_rows())


def every_task():
    """Every registered task, and every one that a preset learns."""
    rows_of_presets = [
        row
        for table in tables()
        for row in load_table(table).rows
        if table not in ("series-best", "music-best")
        and load_table(table).task not in CONTROL
    ]
    learnt = [shortened(row.experiment(0).task) for row in rows_of_presets]
    return [*(make(name) for name in WITH_TARGETS), *learnt]


def described(task):
    """Its name with what it is of; no address, so that the tests are the same each time."""
    return repr(task) if dataclasses.is_dataclass(task) else type(task).__name__


@pytest.mark.parametrize("task", every_task(), ids=described)
def test_no_row_serves_two_parts(task):
    split = task.sequences(np.random.default_rng(0))
    selecting = [*split.validation, *(s for stage in split.confirmation for s in stage)]
    assert not share_rows(split.train, selecting)
    assert not share_rows(split.test, [*split.train, *selecting, *split.refit])


def test_shapes_are_those_that_the_task_names(task):
    split = task.sequences(np.random.default_rng(0))
    for segment in (*split.train, *split.validation, *split.test):
        assert segment.series.inputs.shape == (segment.series.steps, task.inputs)
        assert segment.targets.shape == (segment.stop - segment.start, task.outputs)


def test_perfect_outputs_have_loss_0_and_wrong_ones_more(task):
    split = task.sequences(np.random.default_rng(0))
    selecting = split.validation or split.train
    targets = stack_rows([segment.targets for segment in selecting])
    outputs = np.stack([targets, targets + 0.01, np.full(targets.shape, np.inf)])
    perfect, near, failed = task.loss(outputs, targets)
    assert perfect == 0
    assert 0 < near < failed


def scoring_many():
    """The names of the tasks that score many networks at once."""
    return [name for name in WITH_TARGETS if isinstance(make(name), ScoresManyNetworks)]


@pytest.mark.parametrize("task", scoring_many(), indirect=True)
def test_losses_of_many_networks_have_the_bits_of_one_after_another(task, rng):
    split = task.sequences(np.random.default_rng(0))
    targets = stack_rows([segment.targets for segment in split.validation or split.train])
    outputs = targets + 0.1 * rng.normal(size=(16, *targets.shape))
    outputs[3] = np.inf
    outputs[4, :, -1] = 1e30
    cut = targets.copy()
    cut[0, len(cut[0]) // 2 :] = np.nan  # as of a shorter segment
    for each in (outputs, outputs.astype(np.float32)):
        for wanted in (targets, cut):
            together = task.loss_against(wanted)(each)
            alone = [task.loss(one[None], wanted)[0] for one in each]
            np.testing.assert_array_equal(together, alone)
            few = task.loss_against(wanted)(each[2:5])
            np.testing.assert_array_equal(few, together[2:5])


def test_the_oracle_measures_nothing_wrong(task):
    split = task.sequences(np.random.default_rng(0))
    figures = task.measure(Oracle(), split)
    assert figures
    errors = [value for key, value in figures.items() if key not in NO_ERRORS]
    assert max(errors, default=0.0) < 1e-12
    for key in ("solved", "deterministic_accuracy", "training_accepted", "frame_accuracy"):
        assert figures.get(key, 1.0) == 1.0


def test_baselines_have_the_metrics_of_the_task(task):
    split = task.sequences(np.random.default_rng(0))
    metrics = set(task.measure(Oracle(), split))
    baselines = task.baselines(split)
    assert baselines
    for figures in baselines.values():
        assert set(figures) == metrics


def test_published_figures_name_a_metric_of_the_task_and_their_source(task):
    metrics = task.measure(Oracle(), task.sequences(np.random.default_rng(0)))
    for figure in task.published():
        assert figure.metric in metrics
        assert figure.source


def test_a_task_survives_its_table(task):
    again = from_table("task", to_table(task))
    first = task.sequences(np.random.default_rng(1)).train[0].targets
    np.testing.assert_array_equal(
        first, again.sequences(np.random.default_rng(1)).train[0].targets
    )
