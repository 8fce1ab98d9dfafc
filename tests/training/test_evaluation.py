"""From genomes to losses."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pytest

import evolino
from evolino.models.driving import drive
from evolino.task.series import Segment, Series, Split
from evolino.tasks.signals.oscillators import Oscillators
from evolino.tasks.signals.series import SeriesTask
from evolino.training.evaluation import Evaluator
from evolino.training.scoring import scoring_of
from evolino.training.solved_candidates import Setting


def evaluator_of(task, network, readout):
    architecture = network.for_task(task.inputs, task.outputs)
    split = task.sequences(np.random.default_rng(0))
    setting = Setting(architecture.driver(), task, readout, split)
    return Evaluator(setting, scoring_of(task))


def architecture_of(evaluator):
    return evaluator.setting.driver.architecture


@pytest.fixture
def evaluator():
    return evaluator_of(
        Oscillators(sines=1), evolino.LSTM(cells=20), evolino.PseudoInverse()
    )


@pytest.fixture
def genomes(rng, evaluator):
    # 0.8^100: after the washout nothing is left of the start.
    regime = evolino.LinearRegime(lowest_radius=0.6, highest_radius=0.8)
    return regime.draw(architecture_of(evaluator), rng, 11)


def test_a_linear_network_continues_one_sine_to_rounding(evaluator, genomes):
    assert np.median(evaluator.losses(genomes)) < 1e-10


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_loss_does_not_depend_on_the_block(precision, genomes):
    evaluator = evaluator_of(
        Oscillators(sines=1),
        evolino.LSTM(cells=20, precision=precision),
        evolino.PseudoInverse(),
    )
    genomes = np.concatenate([genomes, genomes[::-1] * 1.01])
    together = evaluator.losses(genomes)
    assert len(set(together)) == 22
    order = np.random.default_rng(3).permutation(22)
    np.testing.assert_array_equal(evaluator.losses(genomes[order]), together[order])
    alone = [evaluator.losses(genomes[[k]])[0] for k in range(22)]
    np.testing.assert_array_equal(alone, together)


def test_a_network_that_is_not_finite_has_loss_inf_and_leaves_others_alone(
    evaluator, genomes
):
    expected = evaluator.losses(genomes)
    genomes[4] = np.nan
    losses = evaluator.losses(genomes)
    assert losses[4] == np.inf
    np.testing.assert_array_equal(np.delete(losses, 4), np.delete(expected, 4))


def test_of_several_penalties_the_best_one_counts(genomes):
    task, network = Oscillators(sines=2, noise=0.01), evolino.LSTM(cells=20)
    penalties = (1e-12, 1e-4, 1e2)
    together = evaluator_of(task, network, evolino.Ridge(penalties))
    alone = [
        evaluator_of(task, network, evolino.Ridge(p)).losses(genomes) for p in penalties
    ]
    np.testing.assert_array_equal(together.losses(genomes), np.min(alone, axis=0))
    best = int(np.argmin([losses[0] for losses in alone]))
    single = evaluator_of(task, network, evolino.Ridge(penalties[best]))
    np.testing.assert_array_equal(
        together.solve_winner(genomes[0]), single.solve_winner(genomes[0])
    )


@dataclass(frozen=True)
class Delay:
    """Say what was heard a step ago: two series of different lengths, no feedback."""

    name: str = "delay"
    inputs: int = 1
    outputs: int = 1
    generates: bool = False

    def sequences(self, rng):
        series = [rng.normal(size=(n, 1)) for n in (80, 30, 20)]
        made = [Series(x, np.concatenate([np.zeros((1, 1)), x[:-1]])) for x in series]
        segments = [Segment(s, 2, s.steps) for s in made]
        return Split(train=(segments[0],), validation=tuple(segments[1:]), test=())

    def loss(self, outputs, targets):
        error = np.where(np.isfinite(targets), outputs - targets, 0.0)
        return np.sqrt(np.square(error).mean(axis=(1, 2, 3)))


def test_series_of_different_lengths_are_scored_one_step_ahead(rng):
    network = evolino.LSTM(cells=10, feedback=False)
    evaluator = evaluator_of(Delay(), network, evolino.PseudoInverse())
    genomes = evolino.LinearRegime().draw(architecture_of(evaluator), rng, 3)
    # Ten linear states of white noise hold what was heard a step ago, but not alone.
    assert (evaluator.losses(genomes) < 0.7).all()


def test_a_loss_one_step_ahead_does_not_depend_on_the_block_or_thread(rng):
    network = evolino.LSTM(cells=10, feedback=False)
    evaluator = evaluator_of(Delay(), network, evolino.PseudoInverse())
    genomes = rng.normal(size=(11, *architecture_of(evaluator).genome_shape))
    together = evaluator.losses(genomes)
    alone = [evaluator.losses(genomes[[k]])[0] for k in range(11)]
    np.testing.assert_array_equal(alone, together)
    with ThreadPoolExecutor(3) as pool:  # each with a workspace of its own
        for losses in pool.map(evaluator.losses, [genomes] * 12):
            np.testing.assert_array_equal(losses, together)


def test_of_a_network_that_fails_the_fit_counts_too(rng):
    task, network, readout = (
        Oscillators(sines=2),
        evolino.LSTM(cells=6),
        evolino.Ridge(1e-4),
    )
    plain = evaluator_of(task, network, readout)
    genomes = evolino.LinearRegime().draw(architecture_of(plain), rng, 7)
    without = plain.losses(genomes)
    confirm_at = float(np.median(without))
    setting = replace(plain.setting, confirm_at=confirm_at, fit_weight=0.5)
    weighed = replace(plain, setting=setting).losses(genomes)
    for genome, before, after in zip(genomes, without, weighed, strict=True):
        if before <= confirm_at:
            assert after == before
            continue
        driver = plain.setting.driver
        states, targets, _ = drive(
            driver, driver.pack(genome[None]), plain.setting.split.train
        )
        weights = readout.solve(states, targets)[0][0]
        root = np.sqrt(np.square(states[0] @ weights - targets).mean())
        share = np.clip(1 + np.log10(root) / 5, 0, 1)
        assert 0 < share < 1
        np.testing.assert_allclose(after, before + 0.5 * share, rtol=1e-9)


@pytest.mark.parametrize("cells", [3, 6])
def test_the_fit_in_a_loss_does_not_depend_on_the_block(rng, cells):
    evaluator = evaluator_of(
        Oscillators(sines=3), evolino.LSTM(cells=cells), evolino.Ridge(1e-4)
    )
    evaluator = replace(evaluator, setting=replace(evaluator.setting, fit_weight=1.0))
    genomes = evolino.LinearRegime().draw(architecture_of(evaluator), rng, 19)
    together = evaluator.losses(genomes)
    alone = [evaluator.losses(genomes[[k]])[0] for k in range(19)]
    np.testing.assert_array_equal(alone, together)


class HalfOfIt(SeriesTask):
    """A loss of one's own, by inheritance."""

    def loss(self, outputs, targets):
        return super().loss(outputs, targets) / 2


class HalfOfBoth(HalfOfIt):
    """The same, also of many networks."""

    def loss(self, outputs, targets):
        return super().loss(outputs, targets)

    def loss_against(self, targets):
        loss = super().loss_against(targets)
        return lambda outputs: loss(outputs) / 2


def test_a_loss_that_is_overridden_counts(genomes):
    series = np.sin(np.arange(500) * 0.3)
    network, readout = evolino.LSTM(cells=20), evolino.PseudoInverse()
    whole = evaluator_of(SeriesTask(series), network, readout).losses(genomes)
    for kind in (HalfOfIt, HalfOfBoth):
        half = evaluator_of(kind(series), network, readout).losses(genomes)
        np.testing.assert_array_equal(half, whole / 2)


def test_inputs_and_several_outputs_are_learnt(rng):
    drive = rng.normal(size=(400, 1))
    heard = np.concatenate([np.zeros((1, 1)), drive[:-1]])
    task = SeriesTask(
        np.concatenate([drive, heard], axis=1), inputs=drive, washout=20, generates=False
    )
    network = evolino.LSTM(cells=12, feedback=False, readout_states=True)
    evaluator = evaluator_of(task, network, evolino.PseudoInverse())
    genomes = evolino.LinearRegime(lowest_radius=0.5, highest_radius=0.6).draw(
        architecture_of(evaluator), rng, 4
    )
    assert (evaluator.losses(genomes) < 0.3).all()
