"""Laws of exported C99: it compiles without a warning and computes what the model does."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evolino.export.c99 import c_files, has_bounds
from evolino.export.step_model import forward_model
from evolino.models.ensemble import Ensemble
from evolino.models.model import Model
from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.lstm import LSTM
from tests.export.networks import VARIANTS, answers, expected, model, sizes, steps_ahead

FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O0")
# Where there is no clang, the one inside of the package ziglang takes its place.
CLANG = ("clang",) if shutil.which("clang") else (sys.executable, "-m", "ziglang", "cc")
COMPILERS = {"gcc": ("gcc",), "clang": CLANG}
TYPES = {"double": (ctypes.c_double, 1e-12), "float": (ctypes.c_float, 1e-6)}
PRIME = 20


def write(folder, files):
    for name, text in files.items():
        (folder / name).write_text(text)
    return [str(folder / name) for name in files if name.endswith(".c")]


def built(compiler, sources, result, *options):
    """Compile sources by a compiler, link by gcc; return the result's path.

    So that clang needs no libraries, which that of ziglang would build first.
    """
    folder, objects = Path(result).parent, []
    cache = {f"ZIG_{each}_CACHE_DIR": str(folder) for each in ("GLOBAL", "LOCAL")}
    for source in sources:
        objects.append(f"{source}.o")
        command = [*COMPILERS[compiler], *FLAGS, *options, "-fPIC", "-c", source]
        command += ["-fno-sanitize=undefined", "-o", objects[-1]]
        subprocess.run(command, check=True, env={**os.environ, **cache})
    shared = ["-shared"] if str(result).endswith(".so") else []
    subprocess.run(["gcc", *shared, *objects, "-lm", "-o", str(result)], check=True)
    return str(result)


@pytest.fixture(scope="module", params=COMPILERS)
def library(request, tmp_path_factory):
    """Every variant in both precisions, compiled by a compiler."""
    folder = tmp_path_factory.mktemp("c")
    sources = []
    for variant in VARIANTS:
        for precision in TYPES:
            files = c_files(model(variant), f"{variant}_{precision}", precision)
            sources += write(folder, files)
    return ctypes.CDLL(built(request.param, sources, folder / "all.so"))


def test_compilers_are_gcc_and_clang():
    """Both are there: no machine passes these tests with one of them."""
    for compiler, word in (("gcc", "Free Software Foundation"), ("clang", "clang version")):
        command = [*COMPILERS[compiler], "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert word in said


def in_c(library, prefix, of, precision):
    """A compiled network: its largest error beside the model, forced and in a free run."""
    kind, _ = TYPES[precision]
    state, outputs = (kind * 200)(), (kind * of.architecture.outputs)()

    def as_c(values):
        return (kind * len(values))(*values)

    def step(inputs):
        getattr(library, f"{prefix}_step")(state, as_c(inputs), outputs)
        return np.array(outputs[:])

    def feed(values):
        getattr(library, f"{prefix}_feed")(state, as_c(values))

    def bound(values):
        if not has_bounds(forward_model(of).head):
            return values
        cut = as_c(values)
        getattr(library, f"{prefix}_bound")(cut)
        return np.array(cut[:])

    getattr(library, f"{prefix}_init")(state)
    found = answers(of, step, feed, bound, PRIME, steps_ahead(of))
    both = zip(found, expected(of, PRIME, steps_ahead(of)), strict=True)
    errors = (np.abs(got - wanted) / sizes(of) for got, wanted in both)
    return max(np.max(each, initial=0.0) for each in errors)


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_compiled_network_answers_as_the_model(library, variant, precision):
    error = in_c(library, f"{variant}_{precision}", model(variant), precision)
    assert error < TYPES[precision][1]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("variant", ["units", "softmax"])
def test_self_test_passes_and_prints_size_and_time(tmp_path, variant, precision, compiler):
    sources = write(tmp_path, c_files(model(variant), "net", precision))
    program = built(compiler, sources, tmp_path / "net", "-DEVOLINO_SELF_TEST")
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert {"bytes", "us", "error"} <= set(done.stdout.split())


def test_self_test_fails_where_a_weight_is_another(tmp_path):
    of = model("plain")
    changed = of.output_weights.copy()
    changed[0, 0] += 1e-6
    other = Model(of.architecture, of.genome, changed)
    right, wrong = (c_files(each, "net") for each in (of, other))
    recorded = right["net.c"].partition("#ifdef EVOLINO_SELF_TEST")[1:]
    text = wrong["net.c"].partition("#ifdef EVOLINO_SELF_TEST")[0] + "".join(recorded)
    sources = write(tmp_path, {"net.h": right["net.h"], "net.c": text})
    program = built("gcc", sources, tmp_path / "net", "-DEVOLINO_SELF_TEST")
    assert subprocess.run([program], capture_output=True, check=False).returncode == 1


def test_source_needs_math_alone_and_no_memory():
    text = c_files(model("units"), "net")["net.c"].partition("#ifdef EVOLINO_SELF_TEST")[0]
    included = [line for line in text.splitlines() if line.startswith("#include")]
    assert included == ['#include "net.h"', "#include <math.h>"]
    assert "alloc" not in text


def test_an_ensemble_and_a_kernel_expansion_are_refused():
    of = model("alone")
    with pytest.raises(ValueError, match="ensemble"):
        c_files(Ensemble((of, of)))
    shape = LSTM(4, outputs=1)
    expansion = KernelExpansion(
        "linear", 1.0, np.zeros((1, 6)), np.zeros((1, 1)), np.zeros(1), np.ones(6)
    )
    kernels = Model(shape, np.zeros(shape.genome_shape), expansion)
    with pytest.raises(ValueError, match="kernels"):
        c_files(kernels)


@pytest.mark.parametrize("name", ["", "a-b", "1st", "a/b", "class", "é"])
def test_a_name_that_is_no_identifier_is_refused(name):
    with pytest.raises(ValueError, match="name must be"):
        c_files(model("alone"), name)


def test_a_weight_beyond_the_precision_is_refused():
    of = model("alone")
    huge = Model(of.architecture, of.genome, of.output_weights * 1e60)
    with pytest.raises(ValueError, match="float cannot hold"):
        c_files(huge, precision="float")
    with pytest.raises(ValueError, match="precision must be"):
        c_files(of, precision="half")


def test_program_of_the_page_prints_what_the_model_generates(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text()
    of = model("papers")
    sources = write(tmp_path, {
        "main.c": page.partition("```c\n")[2].partition("```")[0],
        **c_files(of, "filter", "float"),
    })  # fmt: skip
    program = built("gcc", sources, tmp_path / "filter")
    out = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    wanted = of.generate(10, np.array([[0.1], [0.4], [0.2]]))
    np.testing.assert_allclose(np.array(out.split(), float), wanted[:, 0], atol=2e-6)
