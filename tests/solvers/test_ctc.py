"""Laws of CTC: forward-backward and decoding against all paths, the twin, and PyTorch."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evolino.solvers.ctc import (
    ctc_gradient,
    forward_backward,
    frames_needed,
    labelled,
    log_softmax,
)
from evolino.solvers.ctc_decoding import (
    LabelBigram,
    WordList,
    best_path,
    collapsed,
    decoded,
    prefix_search,
)
from tests.support.ctc_plain import by_brute_force, every_path, recursion

SEEDS = st.integers(0, 2**32 - 1)


def frames_of(seed, frames, labels, spread=2.0):
    rng = np.random.default_rng(seed)
    return log_softmax(rng.normal(0.0, spread, (frames, labels)))


def drawn(rng, sequences=7, labels=6):
    lengths = rng.integers(9, 40, sequences)
    strings = [rng.integers(1, labels, rng.integers(0, 5)) for _ in lengths]
    return rng.normal(0, 3, (lengths.sum(), labels)), lengths, strings


@settings(max_examples=60)
@given(SEEDS, st.integers(1, 6), st.integers(2, 4), st.integers(0, 4))
def test_all_paths_of_a_string_together(seed, frames, labels, length):
    chances = frames_of(seed, frames, labels)
    string = np.random.default_rng(seed).integers(1, labels, length)
    found, (likelihood,) = forward_backward(chances, labelled([frames], [string]))
    whole, posteriors = by_brute_force(chances, string.tolist())
    assert np.isfinite(likelihood) == (frames_needed(string) <= frames)
    np.testing.assert_allclose(likelihood, whole, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found, posteriors, atol=1e-12)


def test_the_kernel_is_its_twin_on_sequences_of_many_lengths(rng):
    sums, lengths, strings = drawn(rng)
    chances, sequences = log_softmax(sums), labelled(lengths, strings)
    posteriors, likelihoods = forward_backward(chances, sequences)
    for n, string in enumerate(strings):
        whole, wanted = recursion(chances[sequences.frames_of(n)], string)
        np.testing.assert_allclose(likelihoods[n], whole, rtol=1e-12)
        np.testing.assert_allclose(posteriors[sequences.frames_of(n)], wanted, atol=1e-11)


def test_likelihood_and_gradient_are_those_of_pytorch(rng):
    sums, lengths, strings = drawn(rng)
    likelihoods, gradient = ctc_gradient(sums, labelled(lengths, strings))
    first = 0
    for n, (length, string) in enumerate(zip(lengths, strings, strict=True)):
        rows = slice(first, first + length)
        first += length
        own = torch.tensor(sums[rows], requires_grad=True)
        loss = torch.nn.functional.ctc_loss(
            own.log_softmax(1), torch.tensor(string), (int(length),), (len(string),),
            reduction="sum",
        )  # fmt: skip
        loss.backward()
        np.testing.assert_allclose(likelihoods[n], -loss.item(), rtol=1e-10)
        np.testing.assert_allclose(gradient[rows], -own.grad.numpy(), atol=1e-10)


def test_a_string_longer_than_its_frames_has_no_path_and_harms_no_other(rng):
    sums = rng.normal(size=(9, 3))
    strings = [np.array([1, 1]), np.array([2, 1]), np.array([1, 2])]
    likelihoods, gradient = ctc_gradient(sums, labelled([2, 2, 5], strings))
    assert likelihoods[0] == -np.inf
    assert np.isfinite(likelihoods[1:]).all()
    assert not gradient[:2].any()
    assert gradient[2:].any()


def test_no_path_is_lost_however_unlikely_it_is():
    chances = np.full((400, 3), -1e4)
    chances[:, 0] = 0.0
    posteriors, (likelihood,) = forward_backward(
        chances, labelled([400], [np.array([1, 2, 1])])
    )
    assert likelihood == pytest.approx(-3e4 + np.log(400 * 399 * 398 / 6), rel=1e-12)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1.0, rtol=1e-9)


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 6), st.integers(2, 4))
def test_prefix_search_finds_the_most_probable_string(seed, frames, labels):
    chances = frames_of(seed, frames, labels)
    totals = {
        string: np.logaddexp.reduce([log_chance for log_chance, _ in paths])
        for string, paths in every_path(chances).items()
    }
    found = tuple(prefix_search(chances, width=4096).tolist())
    assert totals[found] == pytest.approx(max(totals.values()), abs=1e-12)


def test_the_best_path_can_be_another_string_than_the_most_probable():
    chances = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert best_path(chances).tolist() == []
    assert prefix_search(chances).tolist() == [1]
    assert [each.tolist() for each in decoded([np.exp(chances)])] == [[]]
    assert [each.tolist() for each in decoded([np.exp(chances)], width=5)] == [[1]]


def test_repetitions_go_before_blanks():
    assert collapsed(np.array([0, 1, 1, 0, 1, 2, 2, 0])).tolist() == [1, 1, 2]
    assert collapsed(np.array([], dtype=int)).tolist() == []


def by_rank(chances, allowed, prior):
    """The best string of all that are allowed, and their own log-probabilities."""
    scores = {
        string: np.logaddexp.reduce([each for each, _ in paths]) + prior(string)
        for string, paths in every_path(chances).items()
        if allowed(string)
    }
    return max(scores, key=scores.get)


@settings(max_examples=25)
@given(SEEDS)
def test_a_word_list_gives_the_best_of_its_words(seed):
    chances, words = frames_of(seed, 5, 4), ((1, 2), (2, 1, 3), (3,), (3, 3))
    found = prefix_search(chances, 4096, WordList(words))
    assert tuple(found.tolist()) == by_rank(chances, lambda s: s in words, lambda s: 0.0)


@settings(max_examples=15)
@given(SEEDS)
def test_words_with_a_bigram_between_separators(seed):
    words, separator = ((1,), (2,), (1, 2)), 3
    bigram = np.random.default_rng(seed + 1).normal(0, 2, (4, 3))
    chances = frames_of(seed, 6, 4)
    strings = {}
    for first, word in enumerate(words):
        strings[word] = bigram[3, first]
        for second, after in enumerate(words):
            total = bigram[3, first] + bigram[first, second]
            strings[(*word, separator, *after)] = total
            for third, last in enumerate(words):
                three = (*word, separator, *after, separator, *last)
                strings[three] = total + bigram[second, third]
    found = prefix_search(chances, 4096, WordList(words, separator, bigram))
    wanted = by_rank(chances, lambda s: s in strings, strings.get)
    assert tuple(found.tolist()) == wanted


@settings(max_examples=25)
@given(SEEDS)
def test_a_bigram_of_labels(seed):
    table = np.random.default_rng(seed + 1).normal(0, 2, (3, 3))
    chances = frames_of(seed, 5, 3)

    def prior(string):
        way = (0, *string, 0)
        return sum(table[a, b] for a, b in pairwise(way))

    found = prefix_search(chances, 4096, LabelBigram(table))
    assert tuple(found.tolist()) == by_rank(chances, lambda _: True, prior)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((),), "needs words of one label"),
        ((((1,), ()),), "needs words of one label"),
        ((((1, 3),), 3), "without the separator, 3"),
        ((((1,),), None, np.zeros((3, 1))), r"shape \(2, 1\), got \(3, 1\)"),
    ],
)
def test_bad_word_lists(arguments, message):
    with pytest.raises(ValueError, match=message):
        WordList(*arguments)
