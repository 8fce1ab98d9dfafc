"""The gradient of free frames through the readout is that of finite differences."""

import json

import pytest

import evolino
from evolino.gradient.films import Films
from evolino.gradient.pictures_objective import PicturesObjective
from evolino.network.convolutional import ConvLSTM
from evolino.search.genetic import Genetic
from evolino.tasks.pictures.frames import Frames
from evolino.training.experiment import Budget, Experiment
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder


@pytest.mark.parametrize(("readout", "inputs", "layers"), [(3, True, 1), (1, False, 2)])
def test_the_gradient_of_free_frames_is_that_of_finite_differences(
    readout, inputs, layers, rng
):
    network = ConvLSTM(
        2, layers, height=4, width=3, readout_kernel=readout, readout_inputs=inputs
    )
    films = Films(0.2 + 0.6 * rng.random((7, 1, 4, 12)), 1, 4)
    objective = PicturesObjective(network, films, films, 1e-3)
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
