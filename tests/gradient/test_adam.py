"""Laws of Adam: its step is PyTorch's; rounds go on to the same bits; halving is fair."""

import numpy as np
import pytest
import torch

from evolino.gradient.adam import HALVINGS, Adam
from evolino.gradient.descent import Descended, descend
from evolino.gradient.first_order import AdamStep, Moments, adam, clipped, plain, scheduled
from evolino.gradient.minibatches import minibatch
from evolino.training.refining import halved

EVERY = np.ones((3, 4), dtype=bool)


def valley(genome):
    """A stretched quadratic with its minimum where gene k is k."""
    away = genome - np.arange(12).reshape(3, 4)
    stretch = np.logspace(0, 1, 12).reshape(3, 4)
    return float((stretch * away**2).sum()), 2 * stretch * away


def begin(genome):
    return Descended(genome, float("inf"), 0)


def last(loss, start, settings, movable=EVERY):
    *_, end = descend(loss, start, settings, movable)
    return end


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9), (0.0, 0.99)])
def test_a_step_is_that_of_pytorchs_adam(betas, rng):
    theirs = torch.zeros(7, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([theirs], lr=0.02, betas=betas, eps=1e-7)
    ours, moments = np.zeros(7), Moments.zeros(7)
    for _ in range(50):
        gradient = rng.normal(size=7) * 10.0 ** rng.uniform(-6, 3)
        theirs.grad = torch.from_numpy(gradient.copy())
        optimiser.step()
        move, moments = adam(moments, gradient, AdamStep(0.02, betas, 1e-7))
        ours = ours + move
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_plain_step_is_that_of_pytorchs_sgd(momentum, rng):
    theirs = torch.zeros(7, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([theirs], lr=0.02, momentum=momentum)
    ours, moments = np.zeros(7), Moments.zeros(7)
    for _ in range(20):
        gradient = rng.normal(size=7)
        theirs.grad = torch.from_numpy(gradient.copy())
        optimiser.step()
        move, moments = plain(moments, gradient, 0.02, momentum)
        ours = ours + move
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-13)


def test_a_long_gradient_keeps_its_direction_and_a_short_one_itself(rng):
    gradient = rng.normal(size=9)
    short = clipped(gradient, 0.5)
    assert np.linalg.norm(short) == pytest.approx(0.5)
    np.testing.assert_allclose(short / gradient, short[0] / gradient[0])
    np.testing.assert_array_equal(clipped(gradient, 100.0), gradient)
    np.testing.assert_array_equal(clipped(gradient, 0.0), gradient)


def test_the_cosine_falls_from_1_to_0():
    scales = [scheduled("cosine", share) for share in (0.0, 0.5, 1.0, 2.0)]
    np.testing.assert_allclose(scales, [1.0, 0.5, 0.0, 0.0], atol=1e-15)
    assert scheduled("constant", 0.7) == 1.0


def test_it_finds_the_minimum_of_a_quadratic():
    end = last(valley, begin(np.zeros((3, 4))), Adam(steps=900, rate=0.1))
    np.testing.assert_allclose(end.genome, np.arange(12).reshape(3, 4), atol=1e-4)
    assert (end.gradients, end.ended) == (900, "steps")


def test_the_genome_of_the_lowest_loss_is_kept():
    seen = []

    def noted(genome):
        value, gradient = valley(genome)
        seen.append(value)
        return value, gradient

    settings = Adam(steps=250, rate=3.0, schedule="constant")
    end = last(noted, begin(np.zeros((3, 4))), settings)
    assert end.loss == min(seen) == valley(end.genome)[0]
    assert len(seen) == end.gradients == 250


def test_genes_that_may_not_move_stay():
    movable = EVERY.copy()
    movable[1] = False
    end = last(valley, begin(np.full((3, 4), 0.5)), Adam(steps=50, rate=0.1), movable)
    np.testing.assert_array_equal(end.genome[1], 0.5)
    assert (end.genome[0] != 0.5).all()


def test_a_descent_that_is_broken_off_goes_on_to_the_same_bits(rng):
    start = begin(rng.normal(size=(3, 4)))
    settings = Adam(steps=350, rate=0.05, clip=1.0, decay=0.1)
    whole = list(descend(valley, start, settings, EVERY))
    assert [place.gradients for place in whole] == [100, 200, 300, 350]
    assert [len(place.losses) for place in whole] == [100, 100, 100, 50]
    for number, place in enumerate(whole[:-1]):
        again = list(descend(valley, place, settings, EVERY))
        for one, other in zip(again, whole[number + 1 :], strict=True):
            np.testing.assert_array_equal(one.genome, other.genome)
            np.testing.assert_array_equal(one.memory["genome"], other.memory["genome"])
            assert one.losses == other.losses


def test_a_loss_that_is_not_finite_shortens_the_step():
    def bounded(genome):
        value, gradient = valley(genome)
        return (np.inf, 0 * gradient) if np.abs(genome).max() > 11.2 else (value, gradient)

    settings = Adam(steps=600, rate=3.0, schedule="constant")
    end = last(bounded, begin(np.zeros((3, 4))), settings)
    assert end.ended == "steps"
    assert end.memory["halved"] > 0
    assert end.loss < 1.0


@pytest.mark.parametrize(("finite", "taken"), [(0, 1), (1, 2 + HALVINGS)])
def test_a_network_is_given_up_where_no_step_is_finite(finite, taken):
    count = 0

    def lost(genome):
        nonlocal count
        count += 1
        return (1.0 if count <= finite else float("nan")), np.ones_like(genome)

    end = last(lost, begin(np.zeros((3, 4))), Adam())
    assert end.ended == "its loss is not finite"
    assert count == end.gradients == taken
    np.testing.assert_array_equal(end.genome, 0.0)


def test_every_segment_serves_once_an_epoch_in_an_order_that_changes():
    epochs = [[minibatch(12, 4, 3 * e + k, seed=1) for k in range(3)] for e in range(2)]
    for batches in epochs:
        assert sorted(k for batch in batches for k in batch) == list(range(12))
    assert epochs[0] != epochs[1]
    assert minibatch(12, 4, 0, seed=2) != epochs[0][0]


def state(loss, gradients, until=10, ended=""):
    return {"loss": loss, "gradients": gradients, "until": until, "ended": ended}


def test_the_better_half_goes_on_to_twice_as_many_gradients():
    settings = Adam(steps=70, halve_after=10)
    first = [state(loss, 10) for loss in (3.0, 1.0, 2.0, 5.0, 4.0)]
    after = halved(first, settings)
    assert [bool(each["ended"]) for each in after] == [False, False, False, True, True]
    assert [each["until"] for each in after[:3]] == [20, 20, 20]
    two = halved([state(loss, 20, 20) for loss in (2.0, 1.0)], settings)
    assert two[0]["ended"]
    assert (two[1]["ended"], two[1]["until"]) == ("", 70)


def test_networks_wait_for_those_that_are_behind():
    behind = [state(1.0, 10), state(2.0, 7), state(3.0, 4, ended="no step lowers the loss")]
    assert halved(behind, Adam(halve_after=10)) == behind


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rate", 0.0), ("betas", (0.9, 1.0)), ("betas", (0.9,)), ("epsilon", 0.0),
        ("schedule", "linear"), ("clip", -1.0), ("batch", -1), ("halve_after", 2000),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_named(field, value):
    with pytest.raises(ValueError, match=field):
        Adam(**{field: value})
