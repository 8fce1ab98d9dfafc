"""Laws of certificates: what they claim is what running finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolino.certificates import proof_search as search
from evolino.certificates.certificate import certify
from evolino.certificates.proof_search import largest
from evolino.certificates.running import LONGEST_PERIOD
from evolino.models.model import Model
from evolino.network import reference
from evolino.network.features import features_of
from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.lstm import LSTM
from evolino.task.counted import Phase, rows_of
from evolino.tasks.languages.languages import Languages
from tests.support.counters import make_pairs


@pytest.fixture
def small(monkeypatch):
    """Begin proofs at short strings and run few, to save time."""
    monkeypatch.setattr(search, "BASES", ((24,), (8,)))
    monkeypatch.setattr(search, "RUN_ALL", (200, 20))
    monkeypatch.setattr(search, "RUN_SOME", (2_000, 200))
    monkeypatch.setattr(search, "PRECISION", 4)


def accepts(model, phases, string):
    """Whether the plain reference accepts a string."""
    inputs, targets = rows_of(phases, string)
    trace = reference.run(model.architecture, model.genome, inputs)
    seen = features_of(model.architecture, trace.outputs, trace.states, inputs)
    return bool((seen @ model.output_weights * targets > 0).all())


@pytest.mark.parametrize("language", ["anbn", "anbncn", "anbmcn+m", "anbmBmAn"])
def test_exact_counters_accept_every_string_that_float64_counts(small, golden, language):
    found = certify(golden(language), golden.phases(language))
    assert found.verdict == "proved"
    assert found.accepts_to > 10**6
    assert found.accepts_to_real > 10**15
    assert min(each.margin for each in found.margins) > 0


@pytest.mark.parametrize("options", [{"peepholes": True}, {"cell_output": "tanh(o*s)"}])
def test_the_variants_of_the_cell_count_too(small, golden, options):
    found = certify(golden("anbn", **options), golden.phases("anbn"))
    assert found.verdict == "proved"


def test_a_cell_that_creeps_is_held_by_what_it_grows_in_the_end(small, golden):
    model = golden("anbn", peepholes=True, creeping=True)
    found = certify(model, golden.phases("anbn"))
    assert found.verdict == "proved"
    assert found.accepts_to > 10**6


@pytest.mark.parametrize("forget", [3.0, 11.0])
def test_a_cell_that_takes_long_to_settle_is_held(small, golden, forget):
    """With 11 it forgets a share of 2e-5 a row, so that it settles after 10^5 rows and
    more, 60,000 times as high as what a row adds."""
    model = golden("anbn", peepholes=True, creeping=True)
    genes, genome = model.architecture.genes_of, model.genome.copy()
    genome[-1, genes("bias", "input")] = -60.0
    genome[-1, genes("peephole", "input")] = 0.0
    genome[-1, genes("bias", "forget")] = forget
    settling = Model(model.architecture, genome, model.output_weights)
    found = certify(settling, golden.phases("anbn"))
    assert found.verdict == "proved"
    assert found.accepts_to > 10**6


@pytest.mark.parametrize("forget", [7.0, 9.0, 12.0])
def test_a_leak_fails_at_the_n_of_the_closed_form(small, golden, forget):
    """A counter that keeps the share f of its count holds f^(n-1) (1 - f^n) / (1 - f)
    - (1 - f^(n-1)) / (1 - f) before the last b, and must hold artanh(tanh(1) / 2)."""
    f, n = 1 / (1 + np.exp(-forget)), np.arange(1, 5000)
    before = (f ** (n - 1) * (1 - f**n) - (1 - f ** (n - 1))) / (1 - f)
    expected = int(n[np.tanh(before) <= np.tanh(1.0) / 2][0])
    found = certify(golden("anbn", forget=forget), golden.phases("anbn"))
    assert (found.verdict, found.rejects, found.first) == ("fails", (expected,), True)
    assert found.accepts_to == expected - 1


def test_a_small_leak_is_proven_nearly_as_far_as_it_holds(golden, monkeypatch):
    monkeypatch.setattr(search, "RUN_ALL", (1, 1))
    found = certify(golden("anbn", forget=16.0), golden.phases("anbn"))
    assert found.rejects is not None
    assert found.accepts_to > 0.3 * found.rejects[0]


@settings(max_examples=10)
@given(
    seed=st.integers(0, 2**31),
    deviation=st.sampled_from([1e-4, 1e-3, 1e-2, 0.03, 0.1]),
    forget=st.sampled_from([8.0, 11.0, 20.0, 800.0]),
    language=st.sampled_from(["anbn", "anbncn"]),
)
def test_no_claim_is_contradicted_by_running(golden, seed, deviation, forget, language):
    rng = np.random.default_rng(seed)
    model, phases = golden(language, forget=forget), golden.phases(language)
    genome = model.genome + rng.normal(0.0, deviation, model.genome.shape)
    weights = model.output_weights + rng.normal(
        0.0, deviation / 10, model.output_weights.shape
    )
    model = Model(model.architecture, genome, weights)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (
            ("BASES", ((24,),)), ("RUN_ALL", (40,)), ("RUN_SOME", (600,)), ("PRECISION", 4)
        ):  # fmt: skip
            patch.setattr(search, name, value)
        found = certify(model, phases)
    longest = min(found.accepts_to, 300)
    for n in (25, longest, *rng.integers(1, max(longest, 1) + 1, 3).tolist()):
        assert not 1 <= n <= longest or accepts(model, phases, (n,))
    rejects = found.rejects
    assert rejects is None or not accepts(model, phases, rejects)
    assert not found.first or found.accepts_to == rejects[0] - 1


def test_random_networks_are_never_certified_wrongly(small, golden):
    """Readouts that are all but 0 accept nothing, and none that oscillates is proven."""
    rng = np.random.default_rng(0)
    phases = golden.phases("anbn")
    for _ in range(20):
        architecture = LSTM(3, inputs=3, outputs=3, feedback=False, peepholes=True)
        genome = rng.normal(0.0, 15.0, architecture.genome_shape)
        weights = rng.normal(size=(architecture.readout_width, 3))
        found = certify(Model(architecture, genome, weights), phases)
        assert found.verdict == "fails"
        assert not accepts(Model(architecture, genome, weights), phases, found.rejects)


def oscillator():
    """A network whose two cells hand a 1 to and fro at every row of its one symbol."""
    architecture = LSTM(2, inputs=1, outputs=1, feedback=False)
    genome = np.zeros(architecture.genome_shape)
    genome[:, architecture.genes_of("bias", "input")] = 50.0
    genome[:, architecture.genes_of("bias", "forget")] = -50.0
    genome[:, architecture.genes_of("bias", "output")] = 50.0
    genome[0, architecture.genes_of("bias", "cell")] = 20.0
    genome[0, architecture.genes_of("recurrent", "cell")[0]] = -60.0
    weights = np.zeros((architecture.readout_width, 1))
    weights[0], weights[-1] = 1.0, 1.0
    return Model(architecture, genome, weights)


def test_a_network_with_a_period_is_proven_by_its_period(small):
    phases = (Phase(np.zeros(1), np.ones(1), 0, (1,)),)
    found = certify(oscillator(), phases)
    assert (found.verdict, found.period) == ("proved", 2)


def test_a_cycle_of_targets_is_proven_by_a_period_that_it_divides(small):
    phases = Languages(pattern="a^2n b^n", encoding="one-hot").phases()
    found = certify(make_pairs(), phases)
    assert (found.verdict, found.period) == ("proved", 2)
    assert found.accepts_to > 10**6
    assert found.accepts_to_real > 10**15


@pytest.mark.parametrize("cycle", [2, 3, 13])
@pytest.mark.parametrize("wrong", [False, True])
def test_every_row_of_a_cycle_is_proven(small, cycle, wrong):
    """An output of 1 for ever, of which the last of a cycle may ask for -1. Cycles beyond
    the longest period are not proven."""
    asked = np.ones((cycle, 1))
    asked[-1] -= 2 * wrong
    model = oscillator()
    model.output_weights[0] = 0.0
    found = certify(model, (Phase(np.zeros(1), asked, 0, (cycle,)),))
    proved = "proved" if cycle <= LONGEST_PERIOD else "cannot tell"
    assert found.verdict == ("fails" if wrong else proved)


def test_a_leak_of_a_counter_of_pairs_fails_where_brute_force_says(small):
    phases = Languages(pattern="a^2n b^n", encoding="one-hot").phases()
    model = make_pairs(forget=9.0)
    found = certify(model, phases)
    assert (found.verdict, found.first) == ("fails", True)
    assert accepts(model, phases, (found.accepts_to,))
    assert not accepts(model, phases, found.rejects)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "float32"}, "this one is float32"),
        ({"feedback": True}, "feedback=False"),
        ({"output": "threshold"}, "output='identity'"),
        ({"cell_output": "o*s"}, "pass tanh"),
        ({"inputs": 4}, "the network has 4 inputs and 3 outputs, the language 3 and 3"),
    ],
)
def test_what_cannot_be_reasoned_about_is_refused(golden, options, message):
    architecture = LSTM(
        **{"cells": 1, "inputs": 3, "outputs": 3, "feedback": False} | options
    )
    model = Model(
        architecture,
        np.zeros(architecture.genome_shape),
        np.zeros((architecture.readout_width, 3)),
    )
    with pytest.raises(ValueError, match=message):
        certify(model, golden.phases("anbn"))


def test_a_readout_of_kernels_is_refused(golden):
    model = golden("anbn")
    width = model.architecture.readout_width
    one = np.ones((1, width)), np.ones((1, 3)), np.zeros(3), np.ones(width)
    expanded = Model(
        model.architecture, model.genome, KernelExpansion("gaussian", 1.0, *one)
    )
    with pytest.raises(ValueError, match="linear readouts, this one has kernels"):
        certify(expanded, golden.phases("anbn"))


def test_three_numbers_are_refused():
    phases = (Phase(np.zeros(1), np.ones(1), 0, (1, 1, 1)),)
    with pytest.raises(ValueError, match="one or two numbers, this one has 3"):
        certify(oscillator(), phases)


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_the_largest_that_holds_is_found_to_its_precision(threshold, most):
    found = largest(lambda reach: reach <= threshold, most)
    true = min(threshold, most)
    assert true - max(1, true / 500) <= found <= true
