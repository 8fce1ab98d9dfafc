"""Laws of the descent: it lowers the loss, goes on to the same bits, and never loses."""

from itertools import islice

import numpy as np
import pytest

from evolino.gradient.descent import Descended, descend
from evolino.gradient.lbfgs import LBFGS

EVERY = np.ones((3, 4), dtype=bool)


def valley(genome):
    """A stretched quadratic with its minimum where gene k is k."""
    away = genome - np.arange(12).reshape(3, 4)
    stretch = np.logspace(0, 3, 12).reshape(3, 4)
    return float((stretch * away**2).sum()), 2 * stretch * away


def begin(genome):
    return Descended(genome, float("inf"), 0)


def last(loss, start, settings, movable=EVERY):
    *_, end = descend(loss, start, settings, movable)
    return end


def test_it_finds_the_minimum_of_a_stretched_quadratic():
    end = last(valley, begin(np.zeros((3, 4))), LBFGS(steps=500))
    np.testing.assert_allclose(end.genome, np.arange(12).reshape(3, 4), atol=1e-5)


def test_genes_that_may_not_move_stay():
    movable = EVERY.copy()
    movable[1] = False
    end = last(valley, begin(np.full((3, 4), 0.5)), LBFGS(steps=500), movable)
    np.testing.assert_array_equal(end.genome[1], 0.5)
    assert (end.genome[0] != 0.5).all()


def test_decay_draws_genes_towards_0():
    free = last(valley, begin(np.zeros((3, 4))), LBFGS(steps=500))
    drawn = last(valley, begin(np.zeros((3, 4))), LBFGS(steps=500, decay=100.0))
    assert np.square(drawn.genome).sum() <= np.square(free.genome).sum()


def test_a_descent_that_is_broken_off_goes_on_to_the_same_bits(rng):
    def rosenbrock(genome):
        x = genome.ravel()
        steep, flat = x[1:] - x[:-1] ** 2, 1 - x[:-1]
        gradient = np.zeros(12)
        gradient[1:] += 200 * steep
        gradient[:-1] -= 400 * steep * x[:-1] + 2 * flat
        return float((100 * steep**2 + flat**2).sum()), gradient.reshape(3, 4)

    start, settings = begin(rng.normal(size=(3, 4))), LBFGS(steps=350, memory=3)
    whole = list(descend(rosenbrock, start, settings, EVERY))
    assert len(whole) > 1
    for number, place in enumerate(whole[:-1]):
        again = list(descend(rosenbrock, place, settings, EVERY))
        for one, other in zip(again, whole[number + 1 :], strict=True):
            np.testing.assert_array_equal(one.genome, other.genome)
            assert (one.loss, one.gradients, one.ended) == (
                other.loss, other.gradients, other.ended,
            )  # fmt: skip


def test_it_never_takes_more_gradients_than_steps_by_a_line_search():
    count = 0

    def counted(genome):
        nonlocal count
        count += 1
        return valley(genome)

    end = last(counted, begin(np.zeros((3, 4))), LBFGS(steps=7))
    assert end.gradients == count
    assert count <= 7 + 20  # of the last line search
    assert end.ended == "steps"


def test_a_loss_that_is_not_finite_shortens_the_step():
    def bounded(genome):
        value, gradient = valley(genome)
        if np.abs(genome).max() > 20:
            return float("inf"), np.zeros_like(genome)
        return value, gradient

    end = last(bounded, begin(np.full((3, 4), 19.0)), LBFGS(steps=500))
    assert np.isfinite(end.loss)
    assert end.loss < 1.0


def test_a_first_loss_that_is_not_finite_ends_the_descent_with_a_reason():
    genome = np.zeros((3, 4))
    ends = list(descend(lambda g: (float("nan"), g), begin(genome), LBFGS(), EVERY))
    assert [end.ended for end in ends] == ["its loss is not finite"]
    np.testing.assert_array_equal(ends[0].genome, genome)


@pytest.mark.parametrize(
    ("field", "value"),
    [("steps", 0), ("memory", 0), ("decay", -1.0), ("best", 0), ("genes", ("gate",))],
)
def test_a_setting_out_of_range_is_named(field, value):
    with pytest.raises(ValueError, match=field):
        LBFGS(**{field: value})


def test_rounds_are_few_gradients_each():
    places = list(islice(descend(valley, begin(np.zeros((3, 4))), LBFGS(), EVERY), 1))
    assert 0 < places[0].gradients <= 130
