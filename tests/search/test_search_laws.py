"""Laws that every search obeys, over real and ternary weights."""

import random

import numpy as np
import pytest

from evolino.network.initialisers.spread import Spread
from evolino.network.lstm import LSTM
from evolino.registry import find, from_table, names, to_table
from evolino.search.base import WeightSpace
from evolino.search.cma_es import CMAES
from evolino.search.composed.racing import Raced
from evolino.search.composed.restarts import Restarted
from evolino.search.composed.screening import Screened
from evolino.search.composed.stages import Staged
from evolino.search.cosyne import CoSyNE
from evolino.search.diagonal_cma_es import DiagonalCMAES
from evolino.search.esp import ESP
from evolino.search.genetic import Genetic
from evolino.search.openai_es import OpenAIES
from evolino.search.random_search import RandomSearch
from evolino.search.scales import ScaleEvolution
from evolino.search.xnes import XNES
from evolino.storage.archive import load_state, save_state

CELLS, NETWORK = 3, LSTM(cells=3)
SMALL_ESP = ESP(subpopulation=6, combinations=2, burst_after=3)
SEARCHES = {
    "esp": SMALL_ESP,
    "esp mean": ESP(subpopulation=6, combinations=2, credit="mean"),
    "esp sum, crossover": ESP(
        subpopulation=6, combinations=2, credit="sum", crossover=True
    ),
    "genetic": Genetic(population=12, elite=2),
    "cma-es": CMAES(),
    "cma-es, step floor": CMAES(step_floor=0.1),
    "diagonal-cma-es": DiagonalCMAES(),
    "xnes": XNES(),
    "xnes, step floor": XNES(step=0.5, population=15, step_floor=0.5),
    "cosyne": CoSyNE(population=12),
    "openai-es": OpenAIES(population=12, rate=0.3),
    "random": RandomSearch(population=7),
    "screened": Screened(SMALL_ESP, draws=10, batch=4),
    "restarted": Restarted(CMAES(), after=2),
    "restarted, limit": Restarted(XNES(), after=9, limit=3),
    "raced": Raced(CMAES(), starts=3, evaluations=15),
    "staged": Staged(RandomSearch(population=5), SMALL_ESP, evaluations=12),
    "scales": ScaleEvolution(population=4, draws=3, kept=2),
    "scales, then weights": Staged(
        ScaleEvolution(population=4, draws=2, kept=1), DiagonalCMAES(), evaluations=17
    ),
}


def weight_space(level=0.0):
    shape = NETWORK.genome_shape
    scale = np.full(shape, 0.5)
    scale[0, 2] = scale[2, 0] = 0.0

    def draw(rng, count):
        if level:
            return level * rng.integers(-1, 2, (count, *shape)).astype(float)
        return rng.normal(size=(count, *shape))

    family = None if level else Spread().family(NETWORK)
    return WeightSpace(draw, scale, level, family)


def sphere(genomes):
    return np.square(genomes - 0.7).sum(axis=(1, 2))


def generations(search, count):
    """Ask and tell; return what was asked for."""
    asked = []
    for _ in range(count):
        genomes = search.ask()
        asked.append(genomes.copy())
        search.tell(sphere(genomes))
    return asked


FROM_SCALES = {name for name in SEARCHES if name.startswith("scales")}
TERNARY = [(name, 20.0) for name in SEARCHES if name not in FROM_SCALES]
CASES = [(name, 0.0) for name in SEARCHES] + TERNARY
# Those that draw from the space's own distribution alone.
DRAWN = [(name, level) for name, level in CASES if name not in FROM_SCALES]


def label(value):
    name, level = value
    return f"{name}{', ternary' if level else ''}"


@pytest.fixture(params=CASES, ids=label)
def case(request):
    name, level = request.param
    return SEARCHES[name], weight_space(level)


def test_every_registered_search_is_held_to_the_laws():
    assert {settings.name for settings in SEARCHES.values()} == set(names("search"))


def start(case, seed=1, origin=None):
    settings, space = case
    return settings.start(space, np.random.default_rng(seed), origin)


def test_genomes_have_the_shape_of_the_space_and_are_finite(case):
    for genomes in generations(start(case), 8):
        assert genomes.ndim == 3
        assert genomes.shape[1:] == case[1].shape
        assert np.isfinite(genomes).all()


def test_the_same_seed_asks_for_the_same_genomes(case):
    first, second = (generations(start(case), 8) for _ in range(2))
    other = generations(start(case, seed=2), 8)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("name", ["esp", "cma-es", "diagonal-cma-es", "xnes", "esp mean"])
@pytest.mark.parametrize("level", [0.0, 20.0])
def test_a_held_gene_stays_where_the_origin_has_it(name, level):
    space = weight_space(level)
    origin = space.draw(np.random.default_rng(5), 1)[0]
    search = SEARCHES[name].start(space, np.random.default_rng(1), origin)
    held = space.scale == 0
    for genomes in generations(search, 6):
        expected = np.broadcast_to(origin[held], genomes[:, held].shape)
        np.testing.assert_array_equal(genomes[:, held], expected)
        assert (genomes[:, ~held] != origin[~held]).any()


@pytest.mark.parametrize("case", DRAWN, ids=label, indirect=True)
def test_held_genes_are_only_ever_ones_that_were_drawn(case):
    settings, space = case
    drawn = []
    watched = WeightSpace(
        lambda rng, count: drawn.append(space.draw(rng, count)) or drawn[-1],
        space.scale,
        space.level,
    )
    held = space.scale == 0
    for genomes in generations(settings.start(watched, np.random.default_rng(1), None), 8):
        allowed = {tuple(row) for part in drawn for row in part[:, 0, held[0]]}
        assert {tuple(row) for row in genomes[:, 0, held[0]]} <= allowed


@pytest.mark.parametrize("case", TERNARY, ids=label, indirect=True)
def test_ternary_weights_are_minus_level_0_or_level(case):
    settings, space = case
    for genomes in generations(settings.start(space, np.random.default_rng(1), None), 8):
        assert set(np.unique(genomes)) <= {-20.0, 0.0, 20.0}


@pytest.mark.parametrize("after", [0, 1, 2, 4, 7])
def test_a_restored_search_goes_on_to_the_same_bits(case, after, tmp_path):
    search = start(case)
    generations(search, after)
    save_state(tmp_path / "state.npz", search.state(), kind="checkpoint")
    wanted = generations(search, 5)
    again = start(case, seed=99)
    again.restore(load_state(tmp_path / "state.npz", kind="checkpoint"))
    found = generations(again, 5)
    assert all(np.array_equal(a, b) for a, b in zip(wanted, found, strict=True))


def test_a_state_is_not_changed_by_going_on(case):
    search = start(case)
    generations(search, 3)
    state = search.state()
    wanted = generations(search, 4)
    again = start(case, seed=99)
    again.restore(state)
    assert all(
        np.array_equal(a, b) for a, b in zip(wanted, generations(again, 4), strict=True)
    )


def exchange(search, other, count):
    """Generations that take in the best network of another search every second time."""
    asked = []
    for generation in range(count):
        asked += generations(search, 1)
        if generation % 2:
            losses = sphere(other)
            search.receive(other[losses.argmin()], float(losses.min()))
    return asked


def migrants(case):
    return start(case, seed=5).ask()


def test_a_search_that_takes_in_migrants_stays_in_its_space(case):
    for genomes in exchange(start(case), migrants(case), 8):
        assert genomes.shape[1:] == case[1].shape
        assert np.isfinite(genomes).all()
        if case[1].level:
            assert set(np.unique(genomes)) <= {-20.0, 0.0, 20.0}


def test_migrants_leave_a_search_determined_by_its_seed(case):
    first, second = (exchange(start(case), migrants(case), 8) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("after", [0, 1, 3, 6])
def test_a_restored_search_keeps_its_migrant(case, after, tmp_path):
    search, migrant = start(case), migrants(case)[0]
    generations(search, after)
    state = search.state()
    search.receive(migrant.copy(), 0.125)
    save_state(tmp_path / "state.npz", search.state(), kind="checkpoint")
    wanted = generations(search, 5)
    again = start(case, seed=99)
    again.restore(load_state(tmp_path / "state.npz", kind="checkpoint"))
    found = generations(again, 5)
    assert all(np.array_equal(a, b) for a, b in zip(wanted, found, strict=True))
    before = start(case, seed=99)
    before.restore(state)
    before.receive(migrant, 0.125)
    found = generations(before, 5)
    assert all(np.array_equal(a, b) for a, b in zip(wanted, found, strict=True))


@pytest.mark.parametrize("name", ["esp", "genetic"])
def test_a_migrant_takes_part_in_the_next_generation(name):
    search = start((SEARCHES[name], weight_space()))
    generations(search, 2)
    migrant = np.full(NETWORK.genome_shape, 0.7)
    search.receive(migrant, 0.0)
    genomes = search.ask()
    assert all((genomes[:, cell] == 0.7).all(axis=1).any() for cell in range(CELLS))


@pytest.mark.parametrize(
    ("settings", "count"),
    [(CMAES(), 150), (DiagonalCMAES(), 150), (XNES(), 400)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_migrant_helps_an_evolution_strategy_from_near_and_cannot_wreck_it_from_far(
    settings, count
):
    space = weight_space()
    free = space.scale > 0

    def best(migrant):
        search = settings.start(space, np.random.default_rng(1), np.zeros(space.shape))
        for generation in range(count):
            if generation % 5 == 1 and migrant is not None:
                search.receive(migrant, 0.0)
            losses = np.square(search.ask()[:, free] - 0.7).sum(axis=1)
            search.tell(losses)
        return losses.min()

    alone = best(None)
    assert best(np.full(space.shape, 0.7)) < alone
    assert best(np.full(space.shape, 1e9)) < 100 * alone + 1e-3


def test_tell_before_ask_and_wrong_losses_are_refused(case):
    search = start(case)
    with pytest.raises(RuntimeError, match="tell came before ask"):
        search.tell(np.zeros(3))
    count = len(search.ask())
    with pytest.raises(ValueError, match="losses must have shape"):
        search.tell(np.zeros(count + 1))
    with pytest.raises(ValueError, match="must not be NaN"):
        search.tell(np.full(count, np.nan))
    search.tell(np.zeros(count))
    with pytest.raises(RuntimeError, match="tell came before ask"):
        search.tell(np.zeros(count))


def test_generations_of_failures_are_survived(case):
    search = start(case)
    for _ in range(6):
        search.tell(np.full(len(search.ask()), np.inf))
    assert np.isfinite(search.ask()).all()


def test_global_generators_are_left_alone(case):
    random.seed(1)
    python = random.getstate()
    numpy = repr(np.random.get_state())  # noqa: NPY002 - the law is about this very state
    generations(start(case), 6)
    assert random.getstate() == python
    assert repr(np.random.get_state()) == numpy  # noqa: NPY002


@pytest.mark.parametrize("name", names("search"))
def test_every_name_has_settings_that_survive_their_table(name):
    settings = find("search", name)()
    assert settings.name == name
    assert from_table("search", to_table(settings)) == settings


@pytest.mark.parametrize("name", SEARCHES)
def test_composed_settings_survive_their_table(name):
    assert from_table("search", to_table(SEARCHES[name])) == SEARCHES[name]


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        (ESP(subpopulation=10, combinations=2, mutation=0.1), 4),
        (Genetic(population=20, mutation=0.3), 4),
        (CMAES(), 100),
        (DiagonalCMAES(), 100),
        (XNES(), 2),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_search_beats_random_search_on_a_sphere_by_a_wide_margin(settings, factor):
    space = weight_space()
    free = space.scale > 0

    def best(settings, seed):
        search = settings.start(space, np.random.default_rng(seed), None)
        lowest, evaluated = np.inf, 0
        while evaluated < 3000:
            genomes = search.ask()
            losses = np.square(genomes[:, free] - 0.7).sum(axis=1)
            search.tell(losses)
            lowest, evaluated = min(lowest, losses.min()), evaluated + len(losses)
        return lowest

    ours = np.median([best(settings, seed) for seed in range(3)])
    chance = np.median([best(RandomSearch(population=20), seed) for seed in range(3)])
    assert ours < chance / factor
