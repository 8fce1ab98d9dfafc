"""The architecture record and the layout of a genome."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolino.models.model import Model
from evolino.network.features import features_of
from evolino.network.lstm import GATES, LSTM, PEEPHOLE_GATES
from evolino.network.weights import unpack

architectures = st.builds(
    LSTM,
    cells=st.integers(1, 5),
    inputs=st.integers(0, 3),
    outputs=st.integers(1, 2),
    forget_gate=st.booleans(),
    peepholes=st.booleans(),
    bias=st.just(True),
    feedback=st.booleans(),
    sources=st.sampled_from([None, 0, 1]),
    readout_states=st.booleans(),
    readout_inputs=st.booleans(),
    readout_squares=st.booleans(),
    readout_constant=st.booleans(),
)


def test_the_papers_cell_has_4_weights_for_each_input_and_cell():
    # Schmidhuber et al. 2005: a chromosome has 4 (I + H) weights, I with bias and feedback.
    paper = LSTM(cells=10, inputs=2, outputs=1)
    assert paper.genes == 4 * (2 + 1 + 1 + 10)


def test_gers_network_of_one_cell_has_17_weights_with_its_readout():
    # JMLR 3, section 3: input, own output and bias into 4 gates, 3 peepholes, 2 to output.
    gers = LSTM(cells=1, inputs=1, feedback=False, peepholes=True, readout_inputs=False)
    assert gers.genes + gers.readout_width == 17


@given(architectures)
def test_every_gene_is_one_weight(architecture):
    groups = architecture.gene_groups()
    assert len(groups) == architecture.genes
    genome = np.arange(1.0, architecture.cells * architecture.genes + 1)
    genome = genome.reshape(1, *architecture.genome_shape)
    parts = unpack(architecture, genome)
    found = np.concatenate(
        [
            part.ravel()
            for part in (parts.bias, parts.inputs, parts.recurrent, parts.peepholes)
        ]
    )
    assert sorted(found[found != 0]) == sorted(genome.ravel())


@given(architectures)
def test_gene_groups_name_the_weight(architecture):
    genome = np.zeros((1, *architecture.genome_shape))
    for gate in architecture.gates:
        genes = architecture.genes_of("bias", gate)
        genome[..., genes] = 1.0
        assert unpack(architecture, genome).bias[..., GATES.index(gate)].all()
        genome[..., genes] = 0.0
    if architecture.peepholes:
        genome[..., architecture.genes_of("peephole", "output")] = 1.0
        assert (
            unpack(architecture, genome)
            .peepholes[..., PEEPHOLE_GATES.index("output")]
            .all()
        )


@given(architectures)
def test_the_readout_sees_as_much_as_the_record_says(architecture):
    shape = (4, architecture.cells)
    seen = features_of(
        architecture, np.ones(shape), np.ones(shape), np.ones((4, architecture.input_width))
    )
    assert seen.shape == (4, architecture.readout_width)


def test_sparse_sources_are_distinct_and_the_same_for_the_same_seed():
    first, second = (LSTM(cells=20, sources=6, sources_seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.recurrent_sources(), second.recurrent_sources())
    assert all(len(set(row)) == 6 for row in first.recurrent_sources())
    other = LSTM(cells=20, sources=6, sources_seed=4).recurrent_sources()
    assert (other != first.recurrent_sources()).any()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cells": 0}, "cells must be >= 1, got 0"),
        ({"cells": 2.5}, "cells must be an integer, got 2.5"),
        ({"cells": True}, "cells must be an integer, got True"),
        ({"inputs": -1}, "inputs must be >= 0, got -1"),
        ({"cell_input": "relu"}, "cell_input must be 'tanh' or 'identity', got 'relu'"),
        ({"cell_output": "tanh"}, "cell_output must be"),
        ({"sources": 9}, r"sources must be <= cells \(4\), got 9"),
        ({"feedback_scale": float("nan")}, "feedback_scale must be finite"),
        ({"feedback": False, "bias": False}, "needs bias=True"),
    ],
)
def test_a_field_out_of_range_is_named(fields, message):
    with pytest.raises((ValueError, TypeError), match=message):
        LSTM(**{"cells": 4, **fields})


def test_genomes_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"genomes must have shape \(P, 2, 16\)"):
        unpack(LSTM(cells=2), np.zeros((1, 2, 15)))


def test_outputs_that_are_probabilities():
    sums = np.array([[0.0, 1.0, -2.0, 700.0]])
    units = LSTM(cells=1, outputs=4, output="logistic").outputs_of(sums)
    np.testing.assert_allclose(units, 1 / (1 + np.exp(-sums)), rtol=1e-14)
    blocks = LSTM(cells=1, outputs=4, output="softmax", alternatives=(2, 2))
    found = blocks.outputs_of(sums)
    np.testing.assert_allclose(found[:, :2].sum(axis=1), 1.0)
    np.testing.assert_allclose(found[0, 1] / found[0, 0], np.e)
    np.testing.assert_allclose(found[0, 2:], [0.0, 1.0], atol=1e-300)
    whole = LSTM(cells=1, outputs=4, output="softmax").outputs_of(np.zeros((1, 4)))
    np.testing.assert_array_equal(whole, 0.25)


def test_alternatives_share_out_the_outputs():
    with pytest.raises(ValueError, match="alternatives need output 'softmax'"):
        LSTM(cells=1, alternatives=(2,))
    with pytest.raises(ValueError, match="alternatives are 3 outputs together"):
        LSTM(cells=1, output="softmax", alternatives=(1, 2)).for_task(0, 4)


def test_probabilities_are_not_fed_back():
    architecture = LSTM(cells=2, outputs=2, output="logistic")
    model = Model(
        architecture,
        np.zeros(architecture.genome_shape),
        np.zeros((architecture.readout_width, 2)),
    )
    with pytest.raises(ValueError, match="draw from them"):
        model.generate(3)
    chosen, outputs = model.improvise(3, np.zeros((0, 2)), lambda y: y > 0.4)
    np.testing.assert_array_equal(outputs, 0.5)
    np.testing.assert_array_equal(chosen, 1.0)
