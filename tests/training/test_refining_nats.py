"""Laws of refinement on nats in a run: chorales by frames and by voices, as any other."""

from dataclasses import replace

import pytest

import evolino
from evolino.readout.best_only import BestOnly
from evolino.readout.logistic import Logistic
from evolino.training.refining import Round
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.training.test_refining import StopsAt

FILES = ("model.npz", "history.jsonl", "refinement.jsonl")


def experiment(predicts="pitches"):
    voices = predicts == "voices"
    # Voices have four readouts each fold: few gradients, of what is quickly solved.
    settings = {"steps": 9, "round_steps": 4, "best": 3}
    settings = {"steps": 5, "round_steps": 1, "best": 2} if voices else settings
    penalty = 0.5 if voices else 0.05
    kinds = {"output": "softmax", "alternatives": (34, 38, 33, 32)} if voices else {
        "output": "logistic"
    }  # fmt: skip
    return evolino.Experiment(
        evolino.Chorales(predicts=predicts),
        evolino.LSTM(cells=2 if voices else 5, **kinds),
        evolino.Uniform(0.5),
        evolino.RandomSearch(),
        BestOnly(Logistic(penalty, voices), Logistic(penalty, voices, steps=2), count=2),
        evolino.Budget(evaluations=4),
        ensemble=2,
        refine=evolino.LBFGS(folds=2, **settings),
    )


@pytest.fixture(scope="module", params=["pitches", "voices"])
def whole(request, tmp_path_factory):
    """A run that was never broken off."""
    given = experiment(request.param)
    folder = RunFolder.create(tmp_path_factory.mktemp("whole"), given)
    run_experiment(given, folder=folder, baselines=False)
    return given, folder


def test_refinement_lowers_the_nats_of_an_ensemble_and_keeps_the_figure_before(whole):
    metrics = whole[1].result()["metrics"]
    name = "test_nll_voices" if "test_nll_voices" in metrics else "test_nll"
    assert metrics[name] < metrics[f"{name}_unrefined"]
    assert metrics[f"{name}_alone"] < metrics[f"{name}_alone_unrefined"]


def test_each_round_is_a_line_of_the_best_networks(whole):
    rounds = [Round(**line) for line in whole[1].refinement.rounds()]
    assert len(rounds) >= 2
    assert all(len(each.losses) == whole[0].refine.best for each in rounds)
    assert all(rounds[-1].ended)


def test_a_run_broken_off_goes_on_to_the_same_bits_by_other_workers(whole, tmp_path):
    given, expected = whole
    folder = RunFolder.create(tmp_path / "run", given)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(given, folder=folder, baselines=False, callbacks=[StopsAt(1)])
    resume(RunFolder.open(folder.path), baselines=False, workers=2)
    for file in FILES:
        assert (folder.path / file).read_bytes() == (expected.path / file).read_bytes()
    assert folder.result()["metrics"] == expected.result()["metrics"]


def test_a_finished_run_is_refined_afterwards_on_segments_of_validation(tmp_path):
    plain = replace(experiment(), refine=None, ensemble=1)
    folder = RunFolder.create(tmp_path / "run", plain)
    before = run_experiment(plain, folder=folder, baselines=False)
    after = resume(folder, baselines=False, refine=evolino.LBFGS(steps=6))
    assert after.metrics["test_nll_unrefined"] == before.metrics["test_nll"]
    assert after.metrics["test_nll"] != before.metrics["test_nll"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": evolino.LSTM(5, output="logistic", precision="float32")},
         "got 'float32'"),
        ({"readout": Logistic(0.05, exclusive=True)}, "one class a row"),
        ({"refine": evolino.Adam(batch=3)}, "on all segments: batch must be 0, got 3"),
        ({"task": evolino.Blues(corrupted=0.1)}, "blues has none with these parameters"),
    ],
)  # fmt: skip
def test_what_has_no_gradient_is_refused_before_the_search(changes, message):
    plain = replace(experiment(), ensemble=1)
    with pytest.raises(ValueError, match=message):
        run_experiment(replace(plain, **changes), baselines=False)
