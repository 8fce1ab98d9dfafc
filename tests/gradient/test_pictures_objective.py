"""The gradient of free frames through the readout is that of finite differences."""

import json
from itertools import pairwise

import numpy as np
import pytest

import evolino
from evolino.gradient.films import Films
from evolino.gradient.minibatches import minibatch
from evolino.gradient.pictures_objective import PicturesObjective
from evolino.gradient.refinement import refinement_of
from evolino.network.convolutional import ConvLSTM
from evolino.search.genetic import Genetic
from evolino.tasks.pictures.frames import Frames
from evolino.training.experiment import Budget, Experiment
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder


def of_minibatch(network, films, chosen, penalty):
    """Return the loss of a minibatch, in float64."""
    some = films.some(chosen)
    return PicturesObjective(network, some, some, penalty, residual=True)


@pytest.mark.parametrize(("readout", "inputs", "layers"), [(3, True, 1), (1, False, 2)])
def test_the_gradient_of_free_frames_is_that_of_finite_differences(
    readout, inputs, layers, rng
):
    network = ConvLSTM(
        2, layers, height=4, width=3, readout_kernel=readout, readout_inputs=inputs
    )
    films = Films(0.2 + 0.6 * rng.random((7, 1, 4, 12)), 1, 4)
    for objective in (
        PicturesObjective(network, films, films, 1e-3),
        of_minibatch(network, films, (0, 3), 1e-3),
    ):
        genome = rng.normal(0, 0.4, network.genome_shape)
        loss, found = objective.value_and_gradient(genome)
        assert loss == objective.value(genome)
        for _ in range(4):
            along = 1e-5 * rng.normal(size=genome.shape)
            apart = objective.value(genome + along) - objective.value(genome - along)
            assert 2 * (found * along).sum() == pytest.approx(apart, rel=1e-5, abs=1e-10)
    with pytest.raises(ValueError, match="films that fit the readout and are scored"):
        other = Films(films.frames.copy(), 1, 4)
        PicturesObjective(network, films, other, 1e-3).value_and_gradient(genome)


def test_a_minibatch_in_float32_has_the_loss_of_its_films_in_float64(rng):
    network = ConvLSTM(3, 2, height=5, width=3)
    films = Films(rng.random((7, 1, 6, 15)), 1, 4)
    genome = rng.normal(0, 0.4, network.genome_shape)
    objective = PicturesObjective(network, films, films, 1e-3)
    chosen = minibatch(6, 2, 1, seed=5)
    exact = of_minibatch(network, films, chosen, 1e-3).value_and_gradient(genome)
    rough = objective.loss_of(1, 2, 5)(genome)
    assert rough[0] == pytest.approx(exact[0], rel=1e-5)
    np.testing.assert_allclose(rough[1], exact[1], atol=1e-4 * np.abs(exact[1]).max())
    whole = objective.loss_of(1, 6, 5)(genome)
    assert whole[0] == objective.value(genome)
    shorter = objective.cut(1).value(genome)
    only = PicturesObjective(network, *2 * (Films(films.frames[:5], 1, 4),), 1e-3)
    assert shorter == only.value(genome)


def test_minibatches_of_short_runs_go_on_to_the_same_bits_from_any_round(rng):
    task = Frames(size=8, given=3, ahead=3, train=6, validation=2, test=1)
    split, network = task.sequences(rng), ConvLSTM(2).for_pictures(8, 8)
    genome = evolino.Spread().draw(network, rng, 1)[0]
    settings = evolino.Adam(batch=2, steps=8, round_steps=2, horizons=(1,))
    made = refinement_of(settings, network, task, evolino.Ridge(1e-4), split, genome)
    assert len(made.at(0).descended.fitted.frames) == 4
    assert len(made.at(1).descended.fitted.frames) == 6
    whole = list(made.rounds(made.begin(genome)))
    assert [each.place.gradients for each in whole] == [2, 4, 6, 8]
    for here, after in pairwise(whole):
        again = made.next_round(here, settings.steps)
        np.testing.assert_array_equal(again.genome, after.genome)
        np.testing.assert_array_equal(again.place.losses, after.place.losses)


def test_a_flipped_film_is_one_of_its_eight_pictures_in_every_frame(rng):
    films = Films(rng.random((3, 1, 40, 16)), 1, 2)
    flipped = films.flipped(rng, 4, 4).frames.reshape(3, 40, 4, 4)
    ways = []
    for n in range(40):
        film = films.frames[:, 0, n].reshape(3, 4, 4)
        every = [
            np.rot90(each, k, (1, 2)) for each in (film, film[:, ::-1]) for k in range(4)
        ]
        ways += [k for k in range(8) if np.array_equal(every[k], flipped[:, n])]
    assert len(ways) == 40
    assert set(ways) == set(range(8))
    wide = Films(films.frames[..., :8], 1, 2).flipped(rng, 2, 4)
    assert wide.frames.shape == (3, 1, 40, 8)
    with pytest.raises(ValueError, match="batch must be given"):
        evolino.Adam(flips=True)
    with pytest.raises(ValueError, match="need a convolutional network"):
        series = evolino.SeriesTask(np.sin(np.arange(300.0)))
        evolino.train(series, refine=evolino.Adam(flips=True, batch=1))


def test_a_run_is_refined_on_free_frames_and_resumes_to_the_same_bits(tmp_path):
    experiment = Experiment(
        task=Frames(size=8, given=3, ahead=2, train=4, validation=2, test=2),
        network=evolino.ConvLSTM(2),
        initialiser=evolino.Spread(),
        search=Genetic(population=4, elite=1),
        readout=evolino.Ridge(1e-4),
        budget=Budget(generations=1),
        refine=evolino.LBFGS(steps=12),
        seed=1,
    )
    folders = [RunFolder.create(tmp_path / name, experiment) for name in "ab"]
    for folder, workers in zip(folders, (1, 2), strict=True):
        run_experiment(experiment, folder=folder, workers=workers, baselines=False)
    names = ("model.npz", "history.jsonl", "refinement.jsonl")
    for name in names:
        ours, theirs = ((folder.path / name).read_bytes() for folder in folders)
        assert ours == theirs
    text = (folders[0].path / names[2]).read_text(encoding="utf-8")
    losses = [json.loads(line) for line in text.splitlines()]
    assert losses[-1]["losses"][0] < losses[0]["steps"][0][0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"readout": evolino.PseudoInverse()}, "needs readout ridge"),
        ({"network": evolino.ConvLSTM(2, output="logistic")}, "needs output 'identity'"),
        ({"refine": evolino.LBFGS(starts=4)}, "folds, starts and scales"),
        ({"refine": evolino.Adam(noise=0.1)}, "noise needs a ctc readout"),
    ],
)
def test_what_has_no_gradient_is_refused(changes, message):
    fields = {
        "network": evolino.ConvLSTM(2),
        "readout": evolino.Ridge(1e-4),
        "refine": evolino.LBFGS(),
        **changes,
    }
    with pytest.raises(ValueError, match=message):
        evolino.train(Frames(size=8), initialiser="gaussian", **fields)
