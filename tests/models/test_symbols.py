"""Symbols given as indices: the bits of one-hot inputs, wherever networks are driven."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import evolino
from evolino import LSTM, Ensemble, Model, Segment, Series, Symbols
from evolino.models import driving
from evolino.models.driving import forced_pass, in_chunks, teacher_forced
from evolino.network.kernels import dispatch
from tests.support.elman import Elman
from tests.support.recalled_symbol import RecalledSymbol

COUNT = 7


def drawn(rng, lengths, outputs=2):
    """Series of symbols, and the same one-hot."""
    symbols = [Symbols(rng.integers(0, COUNT, n), COUNT) for n in lengths]
    targets = [rng.normal(size=(n, outputs)) for n in lengths]
    pairs = list(zip(symbols, targets, strict=True))
    one_hot = [Series(np.eye(COUNT)[each.indices], wanted) for each, wanted in pairs]
    return [Series(*pair) for pair in pairs], one_hot


def answers(series):
    return [Segment(each, each.steps - 2, each.steps) for each in series]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("feedback", [True, False])
@pytest.mark.parametrize("large", [1, 1000], ids=["cells in lanes", "networks in lanes"])
@pytest.mark.parametrize("count", [1, 5], ids=["one series", "five series"])
def test_a_pass_has_the_bits_of_one_hot_inputs(
    precision, feedback, large, count, rng, monkeypatch
):
    monkeypatch.setattr(dispatch, "LARGE", large)
    network = LSTM(
        cells=9, inputs=COUNT, outputs=2, feedback=feedback, peepholes=True,
        readout_squares=True, precision=precision,
    )  # fmt: skip
    driver = network.driver()
    networks = driver.pack(rng.normal(size=(3, *network.genome_shape)))
    found = []
    for series in drawn(rng, [30, 11, 17, 4, 23][:count]):
        fitted = [Segment(each, each.steps // 2, each.steps) for each in series]
        kept = [Segment(each, row, each.steps) for each in series for row in (0, 3)]
        over = forced_pass(driver, fitted, continued=kept)
        found.append(teacher_forced(driver, networks, over))
    symbols, one_hot = found
    assert symbols.over.runs.vectors[0].others.shape[1] == (2 if feedback else 0)
    assert symbols.features.shape[2] == network.readout_width
    np.testing.assert_array_equal(symbols.features, one_hot.features)
    for ours, theirs in zip(symbols.states, one_hot.states, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_symbols_beside_other_inputs_are_written_out(rng):
    network = LSTM(cells=3, inputs=COUNT, outputs=2)
    model = drawn_model(network, rng)
    symbols, one_hot = drawn(rng, [9, 12, 8])
    mixed = [symbols[0], one_hot[1], symbols[2]]
    same_bits(model, answers(mixed), answers(one_hot))


def drawn_model(network, rng):
    genome = rng.normal(size=network.genome_shape)
    return Model(network, genome, 0.1 * rng.normal(size=(network.readout_width, 2)))


def same_bits(model, segments, expected):
    for free_running in (False, True):
        ours = model.respond(segments, free_running=free_running)
        theirs = model.respond(expected, free_running=free_running)
        assert len(ours) == len(segments)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("feedback", [True, False])
def test_a_model_gives_the_bits_of_one_hot_inputs(members, feedback, rng, tmp_path):
    network = LSTM(cells=4, inputs=COUNT, outputs=2, feedback=feedback)
    each = [drawn_model(network, rng) for _ in range(members)]
    model = each[0] if members == 1 else Ensemble(tuple(each))
    (symbols,), (one_hot,) = drawn(rng, [20])
    given, rows, targets = symbols.inputs, one_hot.inputs, one_hot.targets
    model.save(tmp_path / "model.npz")
    for used in (model, evolino.load(tmp_path / "model.npz")):
        ours, theirs = used.predict(given, targets), used.predict(rows, targets)
        np.testing.assert_array_equal(ours, theirs)
        prime = targets[:15]
        ours, theirs = (used.generate(5, prime, inputs) for inputs in (given, rows))
        np.testing.assert_array_equal(ours, theirs)
    same_bits(model, answers([symbols]), answers([one_hot]))
    if members == 1:
        ours, theirs = model.states(given, targets), model.states(rows, targets)
        np.testing.assert_array_equal(ours.gates, theirs.gates)


class Lazily:
    """Segments that are made when they are indexed; counts how often, and how many live."""

    def __init__(self, length):
        self.length, self.made = length, 0

    def __len__(self):
        return self.length

    def __getitem__(self, k):
        if not 0 <= k < self.length:
            raise IndexError(k)
        self.made += 1
        rng = np.random.default_rng(k)
        series = Series(Symbols(rng.integers(0, COUNT, 10), COUNT), np.zeros((10, 2)))
        return Segment(series, 9, 10)


@pytest.mark.parametrize("members", [1, 2])
def test_segments_made_lazily_are_made_once_and_a_chunk_at_a_time(
    members, rng, monkeypatch
):
    network = LSTM(cells=4, inputs=COUNT, outputs=2, feedback=False)
    each = [drawn_model(network, rng) for _ in range(members)]
    model = each[0] if members == 1 else Ensemble(tuple(each))
    at_once = model.respond([Lazily(40)[k] for k in range(40)], free_running=False)
    monkeypatch.setattr(driving, "CHUNK", 200)
    lazily = Lazily(40)
    sizes = [len(chunk) for chunk in in_chunks(network, lazily)]
    assert len(sizes) > 3 and sum(sizes) == 40
    lazily = Lazily(40)
    np.testing.assert_array_equal(model.respond(lazily, free_running=False), at_once)
    assert lazily.made == 40


@pytest.mark.parametrize(
    "workers",
    [1, 3, *(evolino.WorkerSettings(2, name) for name in ("loky", "dask"))],
    ids=str,
)
def test_training_gives_the_bits_of_one_hot_inputs(workers):
    settings = {
        "network": LSTM(cells=3, feedback=False, readout_inputs=False),
        "budget": evolino.Budget(generations=3),
        "search": evolino.ESP(subpopulation=8),
        "seed": 5,
    }
    if not isinstance(workers, int):
        settings |= {"workers": workers.count, "backend": workers.backend}
    else:
        settings["workers"] = workers
    symbols = evolino.train(RecalledSymbol(), **settings)
    one_hot = evolino.train(RecalledSymbol(one_hot=True), **settings)
    assert symbols.metrics == one_hot.metrics
    np.testing.assert_array_equal(symbols.model.genome, one_hot.model.genome)
    np.testing.assert_array_equal(
        symbols.model.output_weights, one_hot.model.output_weights
    )


@dataclass(frozen=True)
class Faulty(RecalledSymbol):
    """The task with other symbols in one sequence."""

    kind: str = ""
    FAULTS: ClassVar = {
        "beyond": (Symbols(np.array([0, 1, 9, 0]), 5), "step 2: .* must be 0 to 4, got 9"),
        "negative": (Symbols(np.array([0, -1, 2, 0]), 5), "step 1: .* got -1"),
        "floats": (Symbols(np.array([0.0, 1.0, 2.0, 0.5]), 5), "integers, got float64.*0"),
        "truth": (Symbols(np.ones(4, bool), 5), "integers, got bool"),
        "none": (Symbols(np.zeros(4, int), 0), "count must be an integer >= 1, got 0"),
        "half": (Symbols(np.zeros(4, int), 2.5), "count must be an integer >= 1, got 2.5"),
        "other": (Symbols(np.zeros(4, int), 6), "there must be 5 symbols, got 6"),
        "shape": (Symbols(np.zeros((4, 1), int), 5), r"indices must be \(T,\)"),
    }  # fmt: skip

    def sequences(self, rng):
        split = super().sequences(rng)
        faulty = Series(self.FAULTS[self.kind][0], np.zeros((4, self.outputs)))
        train = (*split.train[:2], Segment(faulty, 3, 4))
        return evolino.Split(train, split.validation, split.test)


@pytest.mark.parametrize("kind", Faulty.FAULTS)
def test_a_wrong_symbol_is_named_with_its_sequence_and_step(kind):
    symbols, message = Faulty.FAULTS[kind]
    network = LSTM(cells=3, feedback=False)
    with pytest.raises(ValueError, match=f"inputs of train sequence 2.*{message}"):
        evolino.train(Faulty(kind=kind), network=network)
    whole = LSTM(cells=2, inputs=5, outputs=2, feedback=False)
    model = drawn_model(whole, np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"inputs.*{message}"):
        model.predict(symbols)


def test_an_architecture_that_looks_nothing_up_gets_one_hot_vectors(rng):
    network = Elman(units=3, inputs=COUNT, outputs=2)
    driver = network.driver()
    networks = driver.pack(rng.normal(size=(2, *network.genome_shape)))
    symbols, one_hot = (
        teacher_forced(driver, networks, forced_pass(driver, answers(series)))
        for series in drawn(rng, [9, 12])
    )
    np.testing.assert_array_equal(symbols.features, one_hot.features)


def test_a_loss_that_wants_inputs_gets_one_hot_rows(rng):
    @dataclass(frozen=True)
    class Asking(RecalledSymbol):
        def loss(self, outputs, targets, inputs):
            assert inputs.shape[-1] == self.symbols
            np.testing.assert_array_equal(inputs.sum(axis=-1), 1.0)
            return evolino.rmse(outputs, targets)

    network = LSTM(cells=2, feedback=False)
    result = evolino.train(Asking(), network=network, budget=evolino.Budget(generations=1))
    assert np.isfinite(result.history[-1].best)
