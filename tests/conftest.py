"""What tests share."""

import numpy as np
import pytest
from hypothesis import settings

# The same examples on every machine, however slow it is.
settings.register_profile("evolino", deadline=None, derandomize=True)
settings.load_profile("evolino")


@pytest.fixture
def rng():
    return np.random.default_rng(20070319)


@pytest.fixture(scope="session")
def golden():
    """A function: a language's name -> a network made by hand that counts exactly;
    `phases` gives the phases of the language."""
    from tests.golden import make, phases_of

    def network(language, **options):
        return make(language, **options)

    network.phases = phases_of
    return network
