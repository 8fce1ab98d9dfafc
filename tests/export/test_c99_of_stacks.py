"""Laws of exported C99 of stacked layers: it compiles, and computes what the model does."""

import ctypes
import subprocess

import pytest

from evolino.export.c99 import c_files
from tests.export.test_c99 import COMPILERS, TYPES, built, in_c, write
from tests.export.test_export_of_stacks import BOTH, FORWARD, model

FED = [name for name, shape in FORWARD.items() if shape.feedback]


def prefix(name, precision):
    return f"{name}_{precision}".replace(",", "").replace(" ", "_")


@pytest.fixture(scope="module", params=COMPILERS)
def library(request, tmp_path_factory):
    """Every stack in both precisions, compiled by a compiler."""
    folder = tmp_path_factory.mktemp("c")
    sources = []
    for name, shape in FORWARD.items():
        for precision in TYPES:
            files = c_files(model(shape), prefix(name, precision), precision)
            sources += write(folder, files)
    return ctypes.CDLL(built(request.param, sources, folder / "all.so"))


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("name", FED)
def test_compiled_stack_answers_as_the_model(library, name, precision):
    error = in_c(library, prefix(name, precision), model(FORWARD[name]), precision)
    assert error < TYPES[precision][1]


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("name", FORWARD)
def test_self_test_of_a_stack_passes(tmp_path, name, precision):
    sources = write(tmp_path, c_files(model(FORWARD[name]), "net", precision))
    program = built("gcc", sources, tmp_path / "net", "-DEVOLINO_SELF_TEST")
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_bidirectional_network_is_refused_with_the_reason():
    with pytest.raises(
        ValueError, match=r"bidirectional .* read the sequence from its end"
    ):
        c_files(model(BOTH["labels"]))
