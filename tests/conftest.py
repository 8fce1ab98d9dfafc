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
