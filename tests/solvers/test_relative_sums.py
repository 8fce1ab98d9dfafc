"""Laws of relative weights: their sums, what these pass back, and the optimum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolino.solvers.likelihood import Likelihood, maximise, probabilities
from evolino.solvers.relative_products import relative_products
from evolino.solvers.relative_sums import (
    NOTHING,
    Relation,
    RelativeRows,
    last_alternatives,
    references,
    relations,
)

ROWS, SEEN = 25, 4


@st.composite
def relative_rows(draw):
    count = draw(st.integers(1, 5))
    others = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    last = np.stack([rng.integers(NOTHING, size, ROWS) for size in others], axis=1)
    return RelativeRows(Relation(count, others), last), rng


def plain_sums(rows, features, weights):
    """The definition, a sum at a time."""
    relation = rows.relation
    own, *shared = relation.parts()
    found = np.zeros((len(features), relation.count))
    for t, x in enumerate(features):
        for k in range(relation.count):
            found[t, k] = x @ weights[:, own][:, k]
            for part, size, last in zip(shared, relation.others, rows.last[t], strict=True):
                if last != NOTHING:
                    found[t, k] += x @ weights[:, part][:, k - last + size - 1]
    return found


@given(relative_rows())
def test_sums_are_those_of_the_definition(drawn):
    rows, rng = drawn
    x, w = rng.normal(size=(ROWS, SEEN)), rng.normal(size=(SEEN, rows.relation.width))
    expected = plain_sums(rows, x, w)
    np.testing.assert_allclose(rows.sums(x @ w), expected, atol=1e-12)
    products = relative_products(x, rows)
    np.testing.assert_allclose(products.sums(w), expected, atol=1e-12)


@given(relative_rows())
def test_what_sums_pass_back_is_the_adjoint(drawn):
    rows, rng = drawn
    x, w = rng.normal(size=(ROWS, SEEN)), rng.normal(size=(SEEN, rows.relation.width))
    errors = rng.normal(size=(ROWS, rows.relation.count))
    expected = (errors * rows.sums(x @ w)).sum()
    assert (rows.spread(errors) * (x @ w)).sum() == pytest.approx(expected, abs=1e-9)
    back = relative_products(x, rows).back(errors)
    np.testing.assert_allclose(back, x.T @ rows.spread(errors), atol=1e-12)


def test_a_distance_has_the_same_weights_wherever_it_begins():
    rows = RelativeRows(Relation(4, (4,)), np.array([[0], [2], [NOTHING]]))
    products = np.zeros((3, rows.relation.width))
    products[:, 4 + 3 + 1] = 5.0  # one above the last
    np.testing.assert_array_equal(
        rows.sums(products), [[0, 5, 0, 0], [0, 0, 0, 5], [0, 0, 0, 0]]
    )


@pytest.mark.parametrize("relative", ["own", "all"])
def test_at_the_optimum_nothing_pulls_any_weight(relative, rng):
    """The slope of what is minimised, written out, is 0 for every weight."""
    sizes, penalty = (5, 4), 0.03
    last = np.stack([rng.integers(NOTHING, size, 300) for size in sizes], axis=1)
    rows = RelativeRows(
        relations(sizes, relative)[0], last[:, references(0, sizes, relative)]
    )
    x = np.concatenate([rng.normal(size=(300, 3)), np.ones((300, 1))], axis=1)
    targets = np.eye(5)[np.where(last[:, 0] == NOTHING, 0, (last[:, 0] + 1) % 5)]
    targets[rng.random(300) < 0.3] = np.eye(5)[2]
    (found,) = maximise(Likelihood(True), x, targets, (penalty,), rows)
    chance = probabilities(rows.sums(x @ found), True)
    scales = x.std(axis=0)
    scales[-1] = 1e-2
    slope = (
        x.T @ rows.spread(chance - targets) / 300 + penalty * scales[:, None] ** 2 * found
    )
    assert np.abs(slope / scales[:, None]).max() < 2e-3
    # Without what they share the alternatives fit much worse.
    (plain,) = maximise(Likelihood(True), x, targets, (penalty,))
    alone = probabilities(x @ plain, True)
    fits = [-(targets * np.log(p)).sum(axis=1).mean() for p in (chance, alone)]
    assert fits[0] < 0.6 * fits[1]


def test_the_last_alternative_is_the_one_that_is_fed_back():
    fed_back = np.array([[0, 0, 0, 0, 0], [0, 1, 0, 0, 0], [-1, -1, 1, 1, -1]])
    np.testing.assert_array_equal(
        last_alternatives(fed_back, (3, 2)), [[-1, -1], [1, -1], [2, 0]]
    )
