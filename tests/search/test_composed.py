"""Searches made of searches, in what is their own; settings out of range."""

from dataclasses import dataclass

import numpy as np
import pytest

from evolino.network.initialisers.spread import Spread
from evolino.network.lstm import LSTM
from evolino.search.base import WeightSpace
from evolino.search.cma_es import CMAES
from evolino.search.composed.racing import Raced
from evolino.search.composed.restarts import Restarted
from evolino.search.composed.screening import Screened
from evolino.search.composed.stages import Staged
from evolino.search.diagonal_cma_es import DiagonalCMAES
from evolino.search.genetic import Genetic
from evolino.search.random_search import RandomSearch
from evolino.search.scales import ScaleEvolution
from evolino.search.xnes import XNES


@dataclass(frozen=True)
class Spy:
    """Settings that remember how they were started."""

    started: list
    name: str = "spy"

    def start(self, space, rng, origin):
        self.started.append((space, origin))
        return RandomSearch(population=3).start(space, rng, origin)


def space_of(cells=2, genes=4, scale=0.5, level=0.0):
    return WeightSpace(
        lambda rng, count: rng.normal(size=(count, cells, genes)),
        np.full((cells, genes), scale),
        level,
    )


def test_screening_starts_the_search_from_the_best_draw(rng):
    spy = Spy([])
    search = Screened(spy, draws=10, batch=4).start(space_of(), rng, None)
    drawn = []
    for size in (4, 4, 2):
        assert not spy.started
        genomes = search.ask()
        assert len(genomes) == size
        drawn.append(genomes)
        search.tell(genomes.sum(axis=(1, 2)))
    every = np.concatenate(drawn)
    best = every[every.sum(axis=(1, 2)).argmin()]
    np.testing.assert_array_equal(spy.started[0][1], best)


def test_a_search_restarts_after_exactly_as_many_stagnant_generations(rng):
    spy = Spy([])
    search = Restarted(spy, after=3).start(space_of(), rng, None)
    losses = [5.0, 4.0, 4.0, 4.0, 4.0, 9.0, 9.0, 9.0, 9.0]
    starts = []
    for loss in losses:
        search.tell(np.full(len(search.ask()), loss))
        starts.append(len(spy.started))
    # 4.0 comes first in the second generation; three more without a better one restart.
    assert starts == [1, 1, 1, 1, 2, 2, 2, 2, 3]


def test_a_small_gain_may_count_as_none(rng):
    spy = Spy([])
    search = Restarted(spy, after=2, by=0.5).start(space_of(), rng, None)
    starts = []
    for loss in (5.0, 4.8, 4.6, 4.4, 4.2):
        search.tell(np.full(len(search.ask()), loss))
        starts.append(len(spy.started))
    assert starts == [1, 1, 2, 2, 2]


def test_a_start_ends_after_its_generations_however_well_it_does(rng):
    spy = Spy([])
    search = Restarted(spy, after=9, limit=2).start(space_of(), rng, None)
    starts = []
    for loss in (5.0, 4.0, 3.0, 2.0, 1.0):
        search.tell(np.full(len(search.ask()), loss))
        starts.append(len(spy.started))
    assert starts == [1, 2, 2, 3, 3]


@pytest.mark.parametrize("from_origin", [True, False])
def test_every_second_start_or_the_first_alone_begins_at_the_origin(from_origin, rng):
    spy, origin = Spy([]), np.ones((2, 4))
    settings = Restarted(spy, after=1, from_origin=from_origin)
    search = settings.start(space_of(), rng, origin)
    for _ in range(5):
        search.tell(np.full(len(search.ask()), 1.0))
    began = [start is origin for _, start in spy.started[:3]]
    assert began == [True, False, from_origin]


def test_the_second_stage_gets_the_best_genome_and_the_scales_learnt(rng):
    network = LSTM(cells=2)
    family = Spread().family(network)
    space = WeightSpace(
        lambda rng, count: family.draw_at(np.zeros(10), rng, count),
        np.ones(network.genome_shape),
        family=family,
    )
    spy = Spy([])
    first = ScaleEvolution(population=4, draws=2, kept=1)
    search = Staged(first, spy, evaluations=9).start(space, rng, None)
    seen, losses = [], []
    for _ in range(2):
        genomes = search.ask()
        loss = np.abs(genomes).sum(axis=(1, 2))
        seen.append(genomes)
        losses.append(loss)
        search.tell(loss)
    (handed_space, origin), *others = spy.started
    assert not others
    every = np.concatenate(seen)
    np.testing.assert_array_equal(origin, every[np.concatenate(losses).argmin()])
    assert (handed_space.scale != space.scale).any()


def test_the_best_start_of_a_race_goes_on(rng):
    search = Raced(CMAES(), starts=3, evaluations=20).start(space_of(), rng, None)
    bests, last = [], None
    for _ in range(3):
        evaluated, best = 0, np.inf
        while evaluated < 20:
            genomes = search.ask()
            losses = np.square(genomes - 1.0).sum(axis=(1, 2))
            search.tell(losses)
            evaluated, best = evaluated + len(losses), min(best, losses.min())
        bests.append(best)
    for _ in range(200):
        last = np.square(search.ask() - 1.0).sum(axis=(1, 2))
        search.tell(last)
    assert last.min() < min(bests) < max(bests)


def test_scales_need_a_family_of_distributions(rng):
    with pytest.raises(
        ValueError, match="needs an initialiser whose scales can be evolved"
    ):
        ScaleEvolution().start(space_of(), rng, None)


def test_the_elite_lives_on_unchanged(rng):
    search = Genetic(population=10, elite=3).start(space_of(), rng, None)
    genomes = search.ask()
    losses = genomes.sum(axis=(1, 2))
    search.tell(losses)
    np.testing.assert_array_equal(search.ask()[:3], genomes[np.argsort(losses)[:3]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Genetic(elite=100), r"elite must be < population \(100\), got 100"),
        (lambda: Genetic(crossover=2.0), "crossover must be <= 1, got 2"),
        (lambda: CMAES(step=-1.0), "step must be > 0, got -1"),
        (lambda: DiagonalCMAES(population=2), "population must be >= 4, got 2"),
        (lambda: RandomSearch(population=0), "population must be >= 1, got 0"),
        (lambda: ScaleEvolution(kept=9), r"kept must be <= draws \(8\), got 9"),
        (lambda: XNES(step=0.0), "step must be > 0, got 0"),
        (
            lambda: XNES(step=0.3, step_floor=0.5),
            r"step_floor must be <= step \(0.3\), got 0.5",
        ),
        (lambda: CMAES(step_floor=-0.1), "step_floor must be >= 0, got -0.1"),
        (lambda: Screened(draws=0), "draws must be >= 1, got 0"),
        (lambda: Raced(starts=0), "starts must be >= 1, got 0"),
        (lambda: Restarted(after=0), "after must be >= 1, got 0"),
        (lambda: Restarted(limit=0), "limit must be >= 1, got 0"),
        (lambda: Staged(evaluations=0), "evaluations must be >= 1, got 0"),
    ],
)
def test_a_setting_out_of_range_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
