"""Laws of generations whose best are scored with a costly readout."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies
from hypothesis.extra import numpy as arrays

import evolino
from evolino.network.kernel_expansion import KernelExpansion
from evolino.readout.best_only import BestOnly, chosen, joined
from evolino.search.esp import ESP
from evolino.task.series import Segment, Series, Split
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.evolution import evaluate
from evolino.training.experiment import Budget, Experiment
from evolino.training.problem import Problem
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers import open_workers

LOSSES = strategies.floats(0, 1e6) | strategies.just(np.inf)


@hypothesis.given(
    arrays.arrays(np.float64, strategies.integers(1, 30), elements=LOSSES),
    strategies.integers(1, 40),
    strategies.data(),
)
def test_who_was_not_chosen_is_never_better_and_keeps_the_order(ranks, count, data):
    best = chosen(ranks, count)
    assert len(best) == min(count, int(np.isfinite(ranks).sum()))
    others = np.setdiff1d(np.arange(len(ranks)), best)
    hypothesis.assume(len(best))
    assert ranks[best].max() <= ranks[others].min(initial=np.inf)
    losses = data.draw(arrays.arrays(np.float64, len(best), elements=LOSSES))
    found = joined(ranks, best, losses)
    finite = losses[np.isfinite(losses)]
    np.testing.assert_array_equal(found[best], losses)
    assert (found[others] >= finite.max(initial=0.0)).all()
    assert len(finite) or np.isinf(found).all()
    in_order = found[others][np.argsort(ranks[others], kind="stable")]
    assert (in_order[:-1] <= in_order[1:]).all()
    assert np.isinf(found[others][np.isinf(ranks[others])]).all()


def experiment(**changes):
    fields = {
        "task": Oscillators(sines=2),
        "network": evolino.LSTM(cells=5),
        "initialiser": evolino.LinearRegime(),
        "search": ESP(subpopulation=6, combinations=2, mutation=0.05),
        "readout": BestOnly(evolino.KernelSVR(epsilon=0.1), evolino.Ridge(), count=3),
        "budget": Budget(generations=2),
        "seed": 4,
    }
    return Experiment(**{**fields, **changes})


def test_the_best_have_the_costly_loss_and_the_others_stand_behind(rng):
    made = experiment()
    problem = Problem(made)
    genomes = made.initialiser.draw(made.architecture, rng, 20)
    with open_workers(2) as workers:
        found = evaluate(problem, genomes, workers)
    ranks = Problem(experiment(readout=evolino.Ridge())).evaluator.losses(genomes)
    best = np.argsort(ranks)[:3]
    costly = Problem(experiment(readout=evolino.KernelSVR(epsilon=0.1))).evaluator
    np.testing.assert_array_equal(found[best], costly.losses(genomes[best]))
    assert found.argmin() in best


def test_a_count_of_all_is_the_costly_readout_alone(rng):
    readout = evolino.KernelSVR(epsilon=0.1)
    made = experiment(readout=BestOnly(readout, evolino.Ridge(), count=99))
    genomes = made.initialiser.draw(made.architecture, rng, 9)
    with open_workers(1) as workers:
        found = evaluate(Problem(made), genomes, workers)
    wanted = Problem(experiment(readout=readout)).evaluator.losses(genomes)
    np.testing.assert_array_equal(found, wanted)


def test_where_all_fail_the_generation_fails(rng):
    made = experiment()
    genomes = np.full((9, *made.architecture.genome_shape), np.nan)
    with open_workers(1) as workers:
        assert np.isinf(evaluate(Problem(made), genomes, workers)).all()


def test_the_model_of_a_run_has_the_costly_readout_and_survives_its_file(tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    result = run_experiment(experiment(), folder=folder, baselines=False)
    assert isinstance(result.model.output, KernelExpansion)
    loaded = evolino.load(folder.path)
    signal = np.sin(0.3 * np.arange(50.0))
    np.testing.assert_array_equal(
        loaded.generate(20, prime=signal), result.model.generate(20, prime=signal)
    )
    assert RunFolder.open(folder.path).experiment().readout == experiment().readout


class Lights:
    """Say whether the last input was above 0, in two levels; a task without feedback."""

    name, inputs, outputs, generates = "lights", 1, 2, False

    def __init__(self, levels):
        self.levels = levels

    def sequences(self, rng):
        heard = rng.normal(size=(300, 1))
        above = np.concatenate([heard > 0, heard > 1], axis=1)
        series = Series(heard, np.where(above, self.levels[1], self.levels[0]))
        cut = [Segment(series, a, b) for a, b in ((10, 150), (150, 220), (220, 300))]
        return Split(*[(each,) for each in cut])

    def loss(self, outputs, targets):
        middle = sum(self.levels) / 2
        wrong = (outputs > middle) != (targets > middle)
        return wrong.mean(axis=(1, 2, 3)) + np.isnan(outputs).any(axis=(1, 2, 3))

    def measure(self, model, split):
        outputs = model.respond(split.test, free_running=False)[0]
        return {"wrong": float(self.loss(outputs[None, None], split.test[0].targets)[0])}

    def baselines(self, split):
        return {}

    def published(self):
        return ()


@pytest.mark.parametrize("levels", [(-1.0, 1.0), (0.0, 1.0)])
@pytest.mark.parametrize(
    "readout",
    [
        evolino.SVM(balanced=True),
        evolino.KernelSVM(),
        BestOnly(evolino.KernelSVM(), evolino.SVM(), count=4),
    ],
    ids=lambda each: each.name,
)
def test_classifiers_learn_what_they_see(levels, readout):
    made = experiment(
        task=Lights(levels),
        network=evolino.LSTM(cells=2, feedback=False),
        initialiser=evolino.Gaussian(),
        readout=readout,
    )
    result = run_experiment(made, baselines=False)
    assert result.metrics["wrong"] < 0.05


@pytest.mark.parametrize(
    ("readout", "message"),
    [
        (evolino.SVM(), "a classifier needs targets of two numbers"),
        (evolino.KernelSVM(), "a classifier needs targets of two numbers"),
        (BestOnly(), "a classifier needs targets of two numbers"),
        (evolino.KernelSVR(memory=1e-4), "kernels between 200 rows need 0.00032 GB"),
        (BestOnly(evolino.KernelSVR(), evolino.SVM()), "needs targets of two numbers"),
    ],
)
def test_what_a_readout_cannot_learn_is_said_before_anything_is_evolved(readout, message):
    with pytest.raises(ValueError, match=message):
        run_experiment(experiment(readout=readout))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: BestOnly(count=0), ValueError, "count must be >= 1, got 0"),
        (lambda: BestOnly("svm"), TypeError, "readout must be a readout of one kind"),
        (lambda: BestOnly(ranking=BestOnly()), TypeError, "ranking must be a readout of"),
    ],
)
def test_what_cannot_work_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
