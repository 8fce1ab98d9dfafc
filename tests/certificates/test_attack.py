"""Laws of proofs: no network that is made to break them makes a false claim.

Here a few networks; `make attack` takes 2,000.
"""

import os
from collections import Counter

import numpy as np
import pytest

from evolino.certificates import proof_search
from evolino.certificates.certificate import certify
from evolino.models.model import Model
from tests.support import brute_force, counters
from tests.support.attacks import SHORT, extended, false_claims, set_gates


def seeds():
    """EVOLINO_ATTACK: how many networks, or first:stop of their seeds."""
    first, colon, stop = os.environ.get("EVOLINO_ATTACK", "24").partition(":")
    return range(int(first), int(stop)) if colon else range(int(first))


def test_no_crafted_network_makes_a_false_claim(monkeypatch):
    faults, verdicts = [], Counter()
    networks = seeds()
    for seed in networks:
        wrong, found = false_claims(seed, monkeypatch)
        faults += wrong
        if found is not None:
            real = " and in real numbers" if found.accepts_to_real else ""
            verdicts[found.verdict + real] += 1
    print(networks, dict(verdicts))
    assert not faults
    assert verdicts["proved and in real numbers"] >= len(networks) / 10
    assert verdicts["fails"] >= len(networks) / 10


@pytest.fixture
def small(monkeypatch):
    for name, value in SHORT.items():
        monkeypatch.setattr(proof_search, name, value)


def test_brute_force_and_kernels_agree_on_counters(golden):
    for language in ("anbn", "anbncn"):
        model, phases = golden(language), golden.phases(language)
        strings = np.arange(1, 20)[:, None]
        smallest, _ = brute_force.margins(model, phases, strings)
        np.testing.assert_allclose(
            smallest.astype(float), model.check(phases, strings).margins, rtol=1e-12
        )
        assert brute_force.accepted_exactly(model, phases, (7,))


def test_bounds_that_are_no_numbers_prove_nothing(small, golden):
    """Weights of 2^1023 that cancel: inf - inf is NaN, which `min` would skip."""
    model = extended(golden("anbn", forget=9.0), 8)
    for k in range(8):
        set_gates(model, 1 + k, input=800.0, forget=-800.0, cell=800.0, output=800.0)
        model.output_weights[1 + k] = 2.0**1023 * (1 if k < 4 else -1)
    found = certify(model, golden.phases("anbn"))
    assert found.verdict == "fails"
    assert model.check(golden.phases("anbn"), np.array([[found.accepts_to]])).accepted


def test_outputs_that_the_kernels_give_up_end_the_proof(small, golden):
    model = extended(golden("anbn"), 0, {"readout_states": True})
    phases, big = golden.phases("anbn"), 1e6
    model.output_weights[1] = [0, big, -big]
    model.output_weights[-1] = [-1, -0.5 * big, 0.5 * big]
    model.output_weights[2], model.output_weights[3] = [2, 0, -big], [2, 0, 0]
    found = certify(model, phases)
    assert found.verdict == "proved"
    assert found.accepts_to <= 1_000_000
    assert model.check(phases, np.array([[found.accepts_to]])).accepted
    assert not model.check(phases, np.array([[1_000_002]])).accepted
    assert found.accepts_to_real > 10**9  # real numbers have no such limit


def test_short_strings_are_claimed_in_exact_arithmetic_only_if_followed(small, golden):
    """A gate that the kernels stop at exp(-100) is exp(-800) in real numbers."""
    model = extended(golden("anbn"), 2)
    genes = model.architecture.genes_of
    for cell, out in ((1, 800.0), (2, -800.0)):
        set_gates(model, cell, input=-800.0, cell=800.0, output=out)
        set_gates(model, cell, forget=np.log(0.1 / 0.9))
        model.genome[cell, np.atleast_1d(genes("input", "input"))[0]] = 1600.0
    model.output_weights[1, 2], model.output_weights[2, 2] = -150.0, 150.0 * np.exp(100.0)
    phases = golden.phases("anbn")
    assert not brute_force.accepted_exactly(model, phases, (1,))
    found = certify(model, phases)
    assert found.verdict == "proved"
    assert found.accepts_to > 10**6
    assert found.accepts_to_real == 0


@pytest.mark.parametrize(("place", "value"), [("genome", np.nan), ("readout", np.inf)])
def test_weights_that_are_not_finite_are_refused(golden, place, value):
    model = golden("anbn")
    genome, weights = model.genome.copy(), model.output_weights.copy()
    (genome if place == "genome" else weights)[0, 0] = value
    with pytest.raises(ValueError, match="finite"):
        certify(Model(model.architecture, genome, weights), counters.phases_of("anbn"))
