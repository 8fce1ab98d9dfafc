"""Long lags: sequences are what the paper describes, and the criteria are the paper's."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.registry import find
from evolino.tasks.long_lags.answer_at_end import DrawnSegments, errors_of
from evolino.tasks.long_lags.arithmetic import Adding, Multiplication
from evolino.tasks.long_lags.lag import Lag
from evolino.tasks.long_lags.noise_free import NoiseFree
from evolino.tasks.long_lags.temporal_order import SYMBOLS, TemporalOrder
from evolino.tasks.long_lags.two_sequence import TwoSequence
from evolino.training.presets import experiment_for
from evolino.training.tables import load_table

NAMES = ("adding", "lag", "multiplication", "noise-free", "order", "two-sequence")
DRAWS = 600


def drawn(task, count=DRAWS):
    return [task.draw(np.random.default_rng(k)) for k in range(count)]


@pytest.mark.parametrize(("task", "neutral"), [(Adding(), 0.0), (Multiplication(), 1.0)])
def test_the_answer_follows_from_the_marked_values(task, neutral):
    firsts, lengths = set(), set()
    for segment in drawn(task):
        values, markers = segment.series.inputs.T
        steps = len(values)
        lengths.add(steps)
        assert segment.start == steps - 1 and segment.stop == steps
        assert markers[0] == markers[-1] == -1 and set(markers) <= {-1.0, 0.0, 1.0}
        places = np.flatnonzero(markers == 1)
        terms = list(values[places])
        if len(places) == 1:  # the other one is the first step
            terms.append(neutral)
            firsts.add(0)
        assert len(terms) == 2 and places.max() < steps // 2 - 1
        assert places.min() < 10 or len(places) == 1
        firsts.add(int(places.min()))
        low = -1 if task.name == "adding" else 0
        assert low <= values.min() and values.max() <= 1
        expected = 0.5 + sum(terms) / 4 if task.name == "adding" else terms[0] * terms[1]
        np.testing.assert_allclose(segment.targets, [[expected]], rtol=1e-14)
    assert firsts >= set(range(10))
    assert lengths == set(range(100, 111))


@pytest.mark.parametrize("kind", ["3a", "3b", "3c"])
@pytest.mark.parametrize("informative", [1, 3])
def test_the_first_inputs_tell_the_class(kind, informative):
    task = TwoSequence(kind=kind, informative=informative)
    segments = drawn(task)
    told = np.array([segment.series.inputs[:informative, 0] for segment in segments])
    rest = np.concatenate([segment.series.inputs[informative:, 0] for segment in segments])
    answers = np.array([segment.targets[0, 0] for segment in segments])
    np.testing.assert_allclose(rest.var(), 0.2, rtol=0.03)
    np.testing.assert_allclose(rest.mean(), 0.0, atol=0.01)
    if kind == "3c":
        first = told[:, 0] > 0
        for mean, those in ((0.2, first), (0.8, ~first)):
            np.testing.assert_allclose(answers[those].mean(), mean, atol=0.06)
            np.testing.assert_allclose(answers[those].std(), 0.32, rtol=0.1)
        test = [task.draw_test(np.random.default_rng(k)) for k in range(50)]
        assert {float(segment.targets[0, 0]) for segment in test} == {0.2, 0.8}
    else:
        assert set(answers) == {0.0, 1.0}
        first = answers == 1
    expected = np.where(first, 1.0, -1.0)[:, None]
    spread = np.sqrt(np.square(told - expected).mean())
    np.testing.assert_allclose(spread, 0.2**0.5 if kind == "3b" else 0.0, rtol=0.1)
    assert abs(first.mean() - 0.5) < 0.07


@pytest.mark.parametrize(
    ("kind", "places"),
    [("6a", [(10, 20), (50, 60)]), ("6b", [(10, 20), (33, 43), (66, 76)])],
)
def test_the_class_is_the_order_of_the_relevant_symbols(kind, places):
    task = TemporalOrder(kind=kind)
    seen, classes = [set() for _ in places], {}
    for segment in drawn(task):
        text = "".join(SYMBOLS[k] for k in segment.series.inputs.indices)
        assert text[0] == "E" and text[-1] == "B" and 100 <= len(text) <= 110
        assert set(text[1:-1]) <= set("abcdXY")
        relevant = [k for k, symbol in enumerate(text) if symbol in "XY"]
        assert len(relevant) == len(places)
        for (first, last), k, known in zip(places, relevant, seen, strict=True):
            assert first <= k <= last
            known.add(k)
        (answer,) = segment.targets
        assert sorted(answer) == [0.0] * (task.outputs - 1) + [1.0]
        classes.setdefault("".join(text[k] for k in relevant), set()).add(answer.argmax())
    assert [len(known) for known in seen] == [11] * len(places)
    assert len(classes) == task.outputs == 2 ** len(places)
    assert sorted(next(iter(each)) for each in classes.values()) == list(
        range(task.outputs)
    )
    assert all(len(each) == 1 for each in classes.values())


def test_the_early_symbol_of_a_lag_comes_again_after_distractors():
    task = Lag(length=20, distractors=7)
    between = []
    for segment in drawn(task):
        begin, early, *others, trigger = segment.series.inputs.indices
        assert (begin, trigger) == (7, 8) and early in (9, 10)
        assert set(others) <= set(range(7))
        np.testing.assert_array_equal(segment.targets, [np.eye(2)[early - 9]])
        between.append(len(others))
    extra = np.array(between) - 20
    assert extra.min() == 0
    np.testing.assert_allclose(extra.mean(), 9.0, rtol=0.15)  # (1 - 0.1) / 0.1
    np.testing.assert_allclose((extra == 0).mean(), 0.1, atol=0.03)


def test_the_two_sequences_of_2a_are_predicted_at_every_step():
    task = NoiseFree(length=6, tested=50)
    split = task.sequences(np.random.default_rng(0))
    assert split.validation == () and len(split.train) == 2
    for first, segment in zip((5, 6), split.train, strict=True):
        assert list(segment.series.inputs.indices) == [first, 0, 1, 2, 3, 4]
        assert list(segment.targets.argmax(axis=1)) == [0, 1, 2, 3, 4, first]
        np.testing.assert_array_equal(segment.targets.sum(axis=1), 1.0)
    starts = [segment.series.inputs.indices[0] for segment in split.test]
    assert set(starts) == {5, 6}


def test_the_last_symbol_of_2b_is_the_first():
    task = NoiseFree(kind="2b", length=6)
    for segment in drawn(task, 100):
        first, *others = segment.series.inputs.indices
        assert first in (5, 6) and set(others) <= set(range(5)) and len(others) == 5
        np.testing.assert_array_equal(segment.targets, [np.eye(7)[first]])


class OffBy:
    """A model that is off by `error` on the first test sequences, else right."""

    def __init__(self, error, count, bias=0.0):
        self.error, self.left, self.bias = error, count, bias

    def respond(self, segments, *, free_running):
        assert not free_running
        answers = []
        for segment in segments:
            off = self.error if self.left > 0 else self.bias
            self.left -= 1
            answers.append(segment.targets + off)
        return answers


@pytest.mark.parametrize(
    ("task", "error", "allowed", "bias"),
    [
        (Adding(tested=2_000), 0.04, 0, 0.01),
        (Multiplication(tested=2_000), 0.04, 12, None),
        (TwoSequence(tested=512), 0.2, 0, 0.01),
        (TwoSequence(kind="3b", tested=512), 0.2, 11, 0.04),
        (TwoSequence(kind="3c", tested=512), 0.1, 0, 0.015),
        (TemporalOrder(tested=600), 0.3, 0, 0.1),
        (Lag(tested=600), 0.2, 0, None),
        (NoiseFree(length=5, tested=600), 0.25, 0, None),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_the_criterion_is_the_papers(task, error, allowed, bias):
    split = task.sequences(np.random.default_rng(0))
    slightly_more, less = error * (1 + 1e-9), error * (1 - 1e-9)

    def figures(*arguments):
        return task.measure(OffBy(*arguments), split)

    assert figures(less, 1)["wrong"] == 0
    found = figures(slightly_more, allowed)
    assert (found["wrong"], found["solved"]) == (allowed, 1.0)
    found = figures(slightly_more, allowed + 1)
    assert (found["wrong"], found["solved"]) == (allowed + 1, 0.0)
    np.testing.assert_allclose(found["max_abs_error"], slightly_more)
    if bias is not None:
        assert figures(0.0, 0, bias * (1 - 1e-9))["solved"] == 1.0
        assert figures(0.0, 0, bias * (1 + 1e-9))["solved"] == 0.0
    failed = figures(np.nan, 1)
    assert failed["wrong"] == 1 and failed["max_abs_error"] == np.inf


def test_test_sequences_are_drawn_when_they_are_used_to_the_same_bits():
    task = Lag(length=5, distractors=3)
    made = []

    def draw(rng):
        made.append(1)
        return task.draw(rng)

    segments = DrawnSegments(draw, 7, 1_200)
    assert len(segments) == 1_200 and not made
    first, again = segments[3], segments[3]
    indices = first.series.inputs.indices
    np.testing.assert_array_equal(indices, again.series.inputs.indices)
    assert len(segments[2:5]) == 3
    with pytest.raises(IndexError):
        segments[1_200]
    made.clear()
    errors_of(OffBy(0.0, 0), segments)
    assert len(made) == 1_200


@pytest.mark.parametrize("name", NAMES)
def test_sequences_that_were_presented_are_counted_over_the_run(name):
    made = experiment_for(name, budget_options={"generations": 2}, seed=1)
    task = replace(made.task, tested=20)
    result = evolino.run(replace(made, task=task), baselines=True)
    evaluations = result.history[-1].evaluations
    metrics = result.metrics
    for_all = metrics["distinct"] - getattr(task, "confirmation", 0)
    assert metrics["presented"] == for_all * evaluations
    assert (
        result.baselines["random search, equal evaluations"]["presented"]
        == (metrics["presented"])
    )
    (trivial,) = (k for k in result.baselines if k.startswith("unevolved"))
    assert result.baselines[trivial]["presented"] == for_all


@pytest.mark.parametrize("name", ["adding", "lag"])
def test_the_preset_solves_it(name):
    made = experiment_for(name, seed=2)
    result = evolino.run(replace(made, task=replace(made.task, tested=500)))
    assert result.metrics["wrong"] == 0 and result.metrics["solved"] == 1


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("adding", {"length": 21}, "length must be >= 22"),
        ("multiplication", {"tested": 0}, "tested must be >= 1"),
        ("two-sequence", {"kind": "3d"}, "unknown kind '3d'"),
        ("two-sequence", {"informative": 100}, "informative must be <= 99"),
        ("order", {"kind": "6"}, "unknown kind"),
        ("order", {"validation": -1}, "validation must be >= 0"),
        ("lag", {"distractors": 0}, "distractors must be >= 1"),
        ("lag", {"length": 10**6, "training": 100}, "must be <= 30,000,000"),
        ("noise-free", {"length": 1}, "length must be >= 2"),
    ],
)
def test_a_wrong_parameter_is_named(name, fields, message):
    with pytest.raises(ValueError, match=message):
        find("task", name)(**fields)


def test_published_figures_are_those_of_the_very_parameters():
    for name in NAMES:
        for row in load_table(f"{name}-best").rows:
            assert row.experiment(0).task.published(), row.label
    assert Adding(length=200).published() == ()


def test_sequences_that_confirm_are_others_and_change_no_other_sequence():
    with_more = Lag(length=5, training=3, validation=2, confirmation=4)
    split = with_more.sequences(np.random.default_rng(0))
    without = replace(with_more, confirmation=0).sequences(np.random.default_rng(0))
    assert [len(stage) for stage in split.confirmation] == [4]
    assert without.confirmation == ()
    both = (*split.train, *split.validation, *split.test[:3])
    again = (*without.train, *without.validation, *without.test[:3])
    for one, other in zip(both, again, strict=True):
        assert np.array_equal(one.series.inputs.indices, other.series.inputs.indices)
    first = split.confirmation[0][0].series.inputs.indices
    assert not any(np.array_equal(first, each.series.inputs.indices) for each in both)


def test_capped_errors_count_as_the_tolerance_and_pass_nothing_on():
    task = TwoSequence(kind="3b", capped=True)
    targets = np.array([0.0, 1.0, 1.0]).reshape(3, 1, 1)
    outputs = np.array([0.1, -7.0, 1.2]).reshape(3, 1, 1)
    wanted = np.sqrt((0.1**2 + 2 * 0.2**2) / 3)
    np.testing.assert_allclose(task.loss(outputs[None], targets), wanted)
    np.testing.assert_allclose(task.loss_against(targets)(outputs[None]), wanted)
    value, gradient = task.loss_gradient(outputs, targets)
    assert gradient[1] == 0 and gradient[0] > 0
    moved = outputs.copy()
    moved[0] += 1e-6
    slope = (task.loss_gradient(moved, targets)[0] - value) / 1e-6
    assert gradient[0, 0, 0] == pytest.approx(slope, rel=1e-4)
    outputs[1] = np.inf
    assert task.loss(outputs[None], targets) == np.inf
