"""Parity: its answers, its pictures, and a network made by hand that knows it."""

import itertools

import numpy as np
import pytest

from evolino.models.model import Model
from evolino.network.lstm import LSTM
from evolino.task.series import Segment, Series
from evolino.tasks.classic.parity import Parity, pixels


def flip_flop(task):
    """One cell that holds +1 after an odd number of ones, else -1, or 0 as long as none."""
    architecture = LSTM(1, inputs=1, outputs=task.outputs, feedback=False)
    genome = np.zeros(architecture.genome_shape)
    genome[0, architecture.genes_of("input", "input")] = 50.0
    genome[0, architecture.genes_of("input", "forget")] = -50.0
    genome[0, architecture.genes_of("bias", "output")] = 50.0
    genome[0, architecture.genes_of("bias", "cell")] = 20.0
    genome[0, architecture.genes_of("recurrent", "cell")] = -100.0
    even, odd = (-1.0, 1.0) if task.kind == "plain" else (pixels("E"), pixels("O"))
    weights = np.zeros((architecture.readout_width, task.outputs))
    weights[0] = np.subtract(odd, even)
    weights[-1] = np.add(odd, even) / 2 - weights[0] * np.tanh(1.0) / 2
    return Model(architecture, genome, weights)


@pytest.mark.parametrize("kind", ["display", "plain"])
def test_a_flip_flop_is_never_wrong(kind):
    task = Parity(kind=kind, tested=500)
    split = task.sequences(np.random.default_rng(0))
    assert set(task.measure(flip_flop(task), split).values()) == {0.0}


def test_the_answer_is_whether_the_ones_are_odd():
    split = Parity(kind="plain", tested=200).sequences(np.random.default_rng(0))
    for segment in (*split.train, *split.test):
        symbols = segment.series.inputs[:, 0]
        assert segment.targets[0, 0] == (-1.0) ** (int((symbols == 1).sum()) + 1)
        assert (segment.start, segment.stop) == (len(symbols) - 1, len(symbols))


def test_a_flip_flop_knows_every_short_sequence():
    model = flip_flop(Parity(kind="plain"))
    for length in range(1, 9):
        every = np.array(list(itertools.product((-1.0, 1.0), repeat=length)))
        segments = [
            Segment(Series(each[:, None], np.zeros((length, 1))), length - 1, length)
            for each in every
        ]
        answers = np.concatenate(model.respond(segments, free_running=False))[:, 0]
        np.testing.assert_array_equal(answers > 0, (every == 1).sum(axis=1) % 2 == 1)


def test_lengths_are_those_that_were_asked_for():
    task = Parity(training=300, shortest=5, longest=7, tested=300, test_longest=4)
    split = task.sequences(np.random.default_rng(0))
    assert {segment.stop for segment in split.train} == {5, 6, 7}
    assert {segment.stop for segment in split.test} == {1, 2, 3, 4}


def test_no_test_sequence_was_trained_on():
    task = Parity(training=6, shortest=1, longest=2, tested=100, test_longest=2)
    split = task.sequences(np.random.default_rng(0))
    trained = {segment.series.inputs.tobytes() for segment in split.train}
    assert not trained & {segment.series.inputs.tobytes() for segment in split.test}


def test_the_pictures_are_symmetric_as_the_letters_are_and_differ():
    o, e = pixels("O").reshape(10, 10), pixels("E").reshape(10, 10)
    np.testing.assert_array_equal(o, o[::-1])
    np.testing.assert_array_equal(o, o[:, ::-1])
    np.testing.assert_array_equal(e, e[::-1])
    assert 20 < (o != e).sum() < 60


def test_the_most_frequent_answer_is_wrong_half_of_the_time():
    task = Parity(tested=1000)
    split = task.sequences(np.random.default_rng(0))
    figures = task.baselines(split)["most frequent answer"]
    assert 400 < figures["errors"] < 600


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "display10"}, "nearest: display"),
        ({"training": 0}, "training must be >= 1"),
        ({"shortest": 10, "longest": 9}, "longest must be >= 10, got 9"),
        ({"tested": 1.5}, "tested must be an integer"),
    ],
)
def test_bad_parameters_are_named(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Parity(**options)
