"""What tests share."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# The same examples on every machine, however slow it is.
settings.register_profile("evolino", deadline=None, derandomize=True)
settings.load_profile("evolino")


SLOW = tuple((Path(__file__).parent / "slow.txt").read_text(encoding="utf-8").split())


def pytest_collection_modifyitems(items):
    """Mark what begins as a line of slow.txt does; `make quick` leaves it out."""
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def chorales(tmp_path_factory):
    """Made-up chorales in the place of those that are built from music21's corpus."""
    from evolino.storage.cache import VARIABLE
    from tests.support.chorales import save_chorales

    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder))
        yield save_chorales(folder)


@pytest.fixture
def rng():
    return np.random.default_rng(20070319)


@pytest.fixture(scope="session")
def golden():
    """A function: a language's name -> a network made by hand that counts exactly;
    `phases` gives the phases of the language."""
    from tests.support.counters import make, phases_of

    def network(language, **options):
        return make(language, **options)

    network.phases = phases_of
    return network
