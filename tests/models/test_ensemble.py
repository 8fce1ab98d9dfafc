"""Several networks as one: the mean of their sums, whatever the outputs are."""

import dataclasses

import numpy as np
import pytest

import evolino
from evolino.models.ensemble import trained
from evolino.models.loading import load_network
from evolino.network.kernel_expansion import KernelExpansion
from evolino.task.series import Segment, Series

NETWORK = evolino.LSTM(cells=4, inputs=1, outputs=3)


def members(rng, count=3, network=NETWORK):
    return tuple(
        evolino.Model(
            network,
            rng.normal(0, 0.6, network.genome_shape),
            rng.normal(0, 0.8, (network.readout_width, network.outputs)),
        )
        for _ in range(count)
    )


@pytest.fixture
def series(rng):
    return Series(rng.normal(size=(30, 1)), rng.normal(size=(30, 3)))


def mean_of(sums):
    return np.mean(sums, axis=0)


def softmax(sums):
    powers = np.exp(sums)
    return powers / powers.sum(axis=-1, keepdims=True)


OUTPUTS = {
    "identity": mean_of,
    "threshold": lambda sums: (mean_of(sums) > 0.5).astype(float),
    "threshold in feedback": mean_of,
    "logistic": lambda sums: 1 / (1 + np.exp(-mean_of(sums))),
    "softmax": lambda sums: softmax(mean_of(sums)),
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_its_outputs_are_those_of_the_mean_of_its_members_sums(rng, series, output):
    network = dataclasses.replace(NETWORK, output=output)
    ensemble = evolino.Ensemble(members(rng, network=network))
    as_sums = [
        evolino.Model(NETWORK, each.genome, each.output).predict(
            series.inputs, series.targets
        )
        for each in ensemble.members
    ]
    np.testing.assert_allclose(
        ensemble.predict(series.inputs, series.targets),
        OUTPUTS[output](as_sums),
        rtol=1e-12,
    )


def test_segments_are_answered_in_order_each_as_long_as_it_is(rng, series):
    ensemble = evolino.Ensemble(members(rng))
    segments = [Segment(series, 20, 30), Segment(series, 3, 9)]
    whole = ensemble.predict(series.inputs, series.targets)
    for segment, answer in zip(
        segments, ensemble.respond(segments, free_running=False), strict=True
    ):
        np.testing.assert_allclose(answer, whole[segment.start : segment.stop], rtol=1e-12)


@pytest.mark.parametrize("output", ["identity", "threshold", "threshold in feedback"])
@pytest.mark.parametrize("feedback", [True, False])
def test_copies_of_a_network_run_freely_as_it_does_alone(rng, series, output, feedback):
    network = dataclasses.replace(
        NETWORK, output=output, feedback=feedback, feedback_scale=0.7
    )
    (alone,) = members(rng, 1, network)
    segments = [Segment(series, 12, 30), Segment(series, 0, 8)]
    together = evolino.Ensemble((alone, alone)).respond(segments, free_running=True)
    for found, wanted in zip(
        together, alone.respond(segments, free_running=True), strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_in_a_free_run_every_member_hears_what_all_make_together(rng, series):
    ensemble = evolino.Ensemble(members(rng))
    free = ensemble.generate(9, prime=series.targets[:20], inputs=series.inputs[:29])
    heard = np.concatenate([series.targets[:20], free])
    np.testing.assert_allclose(
        ensemble.predict(series.inputs[:29], heard)[20:], free, rtol=1e-9
    )


def test_an_ensemble_improvises_on_its_own_chances(rng):
    network = evolino.LSTM(cells=4, outputs=3, output="softmax")
    ensemble = evolino.Ensemble(members(rng, network=network))
    prime = np.eye(3)[rng.integers(0, 3, 6)]
    chosen, chances = ensemble.improvise(5, prime, lambda p: np.eye(3)[p.argmax()])
    heard = np.concatenate([prime, chosen])
    np.testing.assert_allclose(chances, ensemble.predict(targets=heard)[6:], rtol=1e-9)


def test_members_may_be_expansions_in_kernels(rng, series):
    width = NETWORK.readout_width
    output = KernelExpansion(
        "gaussian",
        2.0,
        rng.normal(size=(30, width)),
        rng.normal(0, 0.1, (30, 3)),
        rng.normal(0, 0.1, 3),
        rng.uniform(0.5, 2.0, width),
    )
    expanded = evolino.Model(NETWORK, rng.normal(0, 0.6, NETWORK.genome_shape), output)
    (linear,) = members(rng, 1)
    both = evolino.Ensemble((linear, expanded))
    wanted = mean_of([m.predict(series.inputs, series.targets) for m in both.members])
    np.testing.assert_allclose(
        both.predict(series.inputs, series.targets), wanted, rtol=1e-12
    )


def test_it_survives_its_file(rng, series, tmp_path):
    ensemble = evolino.Ensemble(members(rng))
    ensemble.save(tmp_path / "model.npz")
    loaded = evolino.load(tmp_path / "model.npz")
    assert len(loaded.members) == 3
    np.testing.assert_array_equal(
        loaded.predict(series.inputs, series.targets),
        ensemble.predict(series.inputs, series.targets),
    )
    best = load_network(tmp_path / "model.npz")
    np.testing.assert_array_equal(best.genome, ensemble.members[0].genome)


def test_one_member_is_no_ensemble(rng):
    (alone,) = members(rng, 1)
    assert trained([alone]) is alone


def test_members_that_do_not_belong_together_are_refused(rng):
    with pytest.raises(ValueError, match="one or more models, got none"):
        evolino.Ensemble(())
    others = members(rng, 1, dataclasses.replace(NETWORK, peepholes=True))
    with pytest.raises(ValueError, match="must have the same architecture"):
        evolino.Ensemble((*members(rng, 1), *others))


def test_probabilities_are_drawn_from_not_fed_back(rng):
    network = evolino.LSTM(cells=2, outputs=2, output="softmax")
    with pytest.raises(ValueError, match="are not fed back as they are: draw from them"):
        evolino.Ensemble(members(rng, 2, network)).generate(3)
