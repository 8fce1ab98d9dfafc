"""Laws of chosen genes: what is left out stays, and scales descend as the gradient says."""

import numpy as np
import pytest

import evolino
from evolino.gradient.descent import Descended
from evolino.gradient.genes import movable_genes
from evolino.gradient.group_scales import group_scales
from evolino.gradient.refinement import check_refinement, refinement_of
from evolino.training.problem import split_of

TASK = evolino.MackeyGlass(
    steps=400, washout=200, settling=50, horizon=14, validation_starts=8, test_starts=50
)
NETWORK = evolino.LSTM(
    3, inputs=0, outputs=1, readout_states=True, peepholes=True, forget_gate=True
)
GENOME = np.random.default_rng(4).normal(0, 0.5, NETWORK.genome_shape)
GROUPS = NETWORK.gene_groups()


def refinement(settings, readout=None, genome=GENOME):
    readout = readout or evolino.Ridge(1e-9)
    return refinement_of(settings, NETWORK, TASK, readout, split_of(TASK, 0), genome)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), lambda source, gate: True),
        (("bias", "feedback"), lambda source, gate: source in ("bias", "feedback")),
        (("recurrent.forget",), lambda *group: group == ("recurrent", "forget")),
        (
            ("peephole", "bias.cell"),
            lambda source, gate: source == "peephole" or (source, gate) == ("bias", "cell"),
        ),
    ],
)
@pytest.mark.parametrize("method", [evolino.LBFGS, evolino.Adam])
def test_only_genes_of_the_named_groups_move(names, expected, method):
    settings = method(steps=6, genes=names, hold_out=0.0)
    *_, last = refinement(settings).rounds(refinement(settings).begin(GENOME))
    moved = (last.place.genome != GENOME).any(axis=0)
    assert moved.tolist() == [expected(*group) for group in GROUPS]
    assert last.loss < refinement(settings).begin(GENOME).loss


def test_the_chosen_part_of_the_gradient_is_that_of_the_full_one():
    settings = evolino.LBFGS(genes=("bias.forget", "recurrent"))
    chosen = movable_genes(NETWORK, settings.genes)
    _, full = refinement(settings).descended.value_and_gradient(GENOME)
    seen = []

    def record(losses, start, movable, until):
        value, gradient = losses(0)(start.genome)
        seen.append((movable, gradient[movable]))
        return Descended(start.genome, value, until, "steps")

    class Recording(evolino.LBFGS):
        round = staticmethod(record)

    own = refinement(Recording(genes=settings.genes))
    own.next_round(own.begin(GENOME), 1)
    ((movable, gradient),) = seen
    assert (movable == chosen).all()
    np.testing.assert_array_equal(gradient, full[chosen])


@pytest.mark.parametrize(("scales", "count"), [("group", 4), ("cell", 12)])
def test_the_slope_of_scales_is_that_of_differences_of_the_loss(scales, count):
    objective = refinement(evolino.LBFGS()).descended
    own = group_scales(NETWORK, ("recurrent",), scales)
    assert own.count == count
    logs = np.random.default_rng(1).normal(0, 0.1, count)
    genome = own.genome(GENOME, logs)
    slope = own.slope(genome, objective.value_and_gradient(genome)[1])
    for number in range(count):
        step = 1e-5 * (np.arange(count) == number)
        up, down = (objective.value(own.genome(GENOME, logs + s)) for s in (step, -step))
        assert slope[number] == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("method", [evolino.LBFGS, evolino.Adam])
def test_scales_multiply_whole_groups_and_lower_the_loss(method):
    settings = method(steps=25, round_steps=10, scales="group", hold_out=0.0)
    own = refinement(settings)
    first = own.begin(GENOME)
    *_, last = own.rounds(first)
    assert last.loss < first.loss
    factors = last.place.genome / GENOME
    assert (factors > 0).all()
    for group in dict.fromkeys(GROUPS):
        columns = [each == group for each in GROUPS]
        np.testing.assert_allclose(factors[:, columns], factors[0, columns][0], rtol=1e-12)


def test_a_scale_of_a_group_that_is_not_named_stays_one():
    own = refinement(evolino.LBFGS(steps=5, scales="cell", genes=("bias",)))
    *_, last = own.rounds(own.begin(GENOME))
    still = ~movable_genes(NETWORK, ("bias",))
    np.testing.assert_array_equal(last.place.genome[still], GENOME[still])


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"genes": "bias"}, TypeError, "genes must be a list of names, got 'bias'"),
        (
            {"genes": ("biases",)},
            ValueError,
            "genes must be of bias, input, feedback, below, recurrent, peephole, or of one "
            "gate, input, forget, cell, output, such as bias.forget; got 'biases'",
        ),
        ({"genes": ("bias.gate",)}, ValueError, "got 'bias.gate'"),
        ({"genes": ("bias.",)}, ValueError, "got 'bias.'"),
        ({"scales": "cells"}, ValueError, "one of none, group, cell, got 'cells'"),
        ({"cpu_seconds": 0}, ValueError, "cpu_seconds must be > 0, got 0"),
    ],
)
def test_other_names_are_refused(fields, kind, message):
    with pytest.raises(kind) as raised:
        evolino.LBFGS(**fields)
    assert message in str(raised.value)


def test_genes_that_the_network_does_not_have_are_refused_with_those_that_it_has():
    network = evolino.LSTM(2, inputs=0, outputs=1, forget_gate=False)
    with pytest.raises(ValueError, match=r"no genes .peephole.; it has bias\.input, "):
        check_refinement(
            evolino.LBFGS(genes=("peephole",)), network, TASK, evolino.Ridge(1e-9)
        )
