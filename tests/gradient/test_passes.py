"""Gradients of the passes of an LSTM: equal to the complex step of a plain twin."""

from itertools import product

import numpy as np
import pytest

from evolino.network.backward import free_runs, sequence, sequences, sparse_sequence
from evolino.network.backward.features import features_backward, features_of
from evolino.network.backward.free_runs import RunStarts, run_freely, run_freely_backward
from evolino.network.backward.matrices import Gradient, matrices_of
from evolino.network.backward.sequence import drive_sequence, drive_sequence_backward
from evolino.network.backward.sequences import (
    drive_sequences,
    drive_sequences_backward,
    steps_of,
)
from evolino.network.groups import Group
from evolino.network.lstm import LSTM
from tests.support.complex_lstm import STEP, Twin

FLAGS = product(
    *([True, False],) * 2,
    ["tanh", "identity"],
    ["o*tanh(s)", "tanh(o*s)", "o*s"],
    *([True, False],) * 3,
)
VARIANTS = [
    {
        "forget_gate": forget,
        "peepholes": peepholes,
        "cell_input": cell_input,
        "cell_output": cell_output,
        "readout_squares": squares,
        "readout_states": states,
        "feedback": feedback,
        "sources": (None, 2)[number % 2],
        "bias": number % 3 != 0,
        "readout_constant": number % 5 != 0,
        "readout_inputs": number % 7 != 0,
        "runs": (9, 5, 20)[number % 3],  # sixteen beside each other, the last eight
    }
    for number, (forget, peepholes, cell_input, cell_output, squares, states, feedback)
    in enumerate(FLAGS)
]  # fmt: skip


FULL = [{**each, "peepholes": False, "full_peepholes": True} for each in VARIANTS[::5]]


def name(variant):
    return " ".join(str(value) for value in variant.values())


class Example:
    """A scalar of cell outputs, states and free-run outputs: weighted sums and sines."""

    def __init__(self, rng, steps=12, runs=9, **variant):
        self.network = LSTM(
            cells=variant.pop("cells", 5),
            inputs=2,
            outputs=2,
            feedback_scale=0.7,
            **variant,
        )
        cells = self.network.cells
        self.genome = rng.normal(0, 0.3, self.network.genome_shape)
        self.direction = rng.normal(size=self.network.genome_shape)
        self.vectors = rng.normal(size=(steps, self.network.input_width))
        self.readout = rng.normal(0, 0.1, (self.network.readout_width, 2))
        self.of_outputs, self.of_states = rng.normal(size=(2, steps, cells))
        self.rows = rng.integers(0, steps + 1, runs)
        self.fed_back = rng.normal(size=(runs, 2))
        self.inputs = rng.normal(size=(6, runs, 2))
        self.of_runs = rng.normal(size=(6, 2, runs))

    def gradient(self):
        """Return the gradient (C, G), and that of the readout (S, K)."""
        matrices = matrices_of(self.network, self.genome)
        passed = drive_sequence(matrices, self.vectors)
        cells = self.network.cells
        starts = RunStarts(
            passed.outputs[self.rows, :cells],
            passed.states[self.rows, :cells],
            self.fed_back,
            self.inputs,
        )
        runs = run_freely(matrices, self.readout, starts)
        gradient = Gradient(matrices)
        back = self.of_runs * np.cos(runs.sums[:, :, : runs.count])
        to_readout, to_h, to_s = run_freely_backward(runs, back, gradient)
        outputs, states = self.of_outputs.copy(), self.of_states.copy()
        for row, h, s in zip(self.rows, to_h, to_s, strict=True):
            if row:
                outputs[row - 1] += h
                states[row - 1] += s
        drive_sequence_backward(passed, outputs, states, gradient)
        return gradient.genome(), to_readout

    def derivative(self, direction=None, readout_direction=0.0):
        """Return the derivative by the complex step."""
        twin = Twin(self.network, self.genome, direction)
        readout = self.readout + 1j * STEP * readout_direction
        h, s = twin.drive(self.vectors)
        total = (self.of_outputs * h[1:]).sum() + (self.of_states * s[1:]).sum()
        for n, row in enumerate(self.rows):
            run = twin.free_run(
                readout, h[row], s[row], self.fed_back[n], self.inputs[:, n]
            )
            total += (self.of_runs[:, :, n] * np.sin(run)).sum()
        return total.imag / STEP


@pytest.mark.parametrize("variant", VARIANTS + FULL, ids=name)
def test_the_gradient_of_every_variant_is_the_twins_complex_step(variant, rng):
    example = Example(rng, **variant)
    found, to_readout = example.gradient()
    expected = example.derivative(example.direction)
    assert (found * example.direction).sum() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    along = rng.normal(size=to_readout.shape)
    expected = example.derivative(None, along)
    assert (to_readout * along).sum() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_every_gene_has_its_own_derivative(rng):
    example = Example(rng, peepholes=True, readout_states=True)
    found, _ = example.gradient()
    for c, g in np.ndindex(found.shape):
        one = np.zeros_like(found)
        one[c, g] = 1.0
        assert found[c, g] == pytest.approx(example.derivative(one), rel=1e-9, abs=1e-11)


def test_genes_of_cells_that_are_not_seen_have_no_gradient(rng):
    groups = (Group(2, 1, (0,)), Group(3, 1, (0, 1)))
    example = Example(rng, groups=groups, readout_states=True)
    found, _ = example.gradient()
    expected = example.derivative(example.direction)
    assert (found * example.direction).sum() == pytest.approx(expected, rel=1e-9)
    assert (found == 0).any()


@pytest.mark.parametrize("kind", ["peepholes", "full_peepholes"])
@pytest.mark.parametrize("cells", [1, 8, 17])
def test_what_is_kept_and_how_long_chunks_are_does_not_matter(
    cells, kind, rng, monkeypatch
):
    example = Example(rng, steps=50, runs=41, cells=cells, **{kind: True})
    whole = example.gradient()
    monkeypatch.setattr(sequence, "GATES_KEPT", 0)
    monkeypatch.setattr(sequence, "LEAST_KEPT", 7)
    monkeypatch.setattr(free_runs, "KEPT", 0)
    for one, other in zip(whole, example.gradient(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("runs", [5, 20])
def test_cells_in_several_panels_of_vectors_have_the_twins_gradient(runs, rng):
    example = Example(
        rng, steps=20, runs=runs, cells=37, peepholes=True, readout_states=True
    )
    found, _ = example.gradient()
    expected = example.derivative(example.direction)
    assert (found * example.direction).sum() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("cells", [8, 19])
def test_few_sources_in_several_vectors_of_cells_have_the_twins_gradient(
    cells, rng, monkeypatch
):
    monkeypatch.setattr(sparse_sequence, "CHUNK", 7)
    example = Example(
        rng, steps=20, cells=cells, sources=3, peepholes=True, readout_states=True
    )
    found, _ = example.gradient()
    expected = example.derivative(example.direction)
    assert (found * example.direction).sum() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_gradient_of_features_is_the_twins(rng):
    network = LSTM(
        cells=3, inputs=2, feedback=False, readout_states=True, readout_squares=True
    )
    h, s = rng.normal(size=(2, 7, 3))
    u, back = rng.normal(size=(7, 2)), rng.normal(size=(7, network.readout_width))
    to_h, to_s = features_backward(network, back, h)
    along_h, along_s = rng.normal(size=(2, 7, 3))
    moved = features_of(network, h + 1j * STEP * along_h, s + 1j * STEP * along_s, u)
    expected = (back * moved).sum().imag / STEP
    assert (to_h * along_h).sum() + (to_s * along_s).sum() == pytest.approx(expected)


def test_outputs_that_are_cut_have_no_gradient(rng):
    network = LSTM(cells=2, output="threshold")
    matrices = matrices_of(network, np.zeros(network.genome_shape))
    starts = RunStarts(
        np.zeros((1, 2)), np.zeros((1, 2)), np.zeros((1, 1)), np.zeros((3, 1, 0))
    )
    with pytest.raises(ValueError, match="output 'identity', got 'threshold'"):
        run_freely(matrices, np.zeros((network.readout_width, 1)), starts)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "computed again"])
@pytest.mark.parametrize("variant", VARIANTS[::7] + FULL[:1], ids=name)
def test_sequences_beside_each_other_have_outputs_and_gradient_of_each_alone(
    variant, kept, rng, monkeypatch
):
    if not kept:
        monkeypatch.setattr(sequences, "KEPT", 0)
    network = Example(rng, **variant).network
    matrices = matrices_of(network, rng.normal(0, 0.3, network.genome_shape))
    lengths = [3, 20, 7, 7, 1, 20, 12, 5, 2, 9, 11]  # two vectors of lanes, then one
    vectors = [rng.normal(size=(each, network.input_width)) for each in lengths]
    passed = drive_sequences(matrices, steps_of(vectors))
    to_h, to_s = rng.normal(size=(2, sum(lengths), network.cells))
    found, expected = Gradient(matrices), Gradient(matrices)
    h, s = passed.cells()
    drive_sequences_backward(passed, to_h, to_s, found)
    first = 0
    for each in vectors:
        alone, rows = drive_sequence(matrices, each), slice(first, first + len(each))
        np.testing.assert_allclose(h[rows], alone.cells()[0], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(s[rows], alone.cells()[1], rtol=1e-12, atol=1e-14)
        drive_sequence_backward(alone, to_h[rows], to_s[rows], expected)
        first = rows.stop
    np.testing.assert_allclose(found.genome(), expected.genome(), rtol=1e-10, atol=1e-12)
