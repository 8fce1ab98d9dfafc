"""One step of prediction for one sequence: Python, ONNX Runtime, PyTorch and C."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.markdown import figure, spread, table
from benchmarks.paired import Effort, one_core, take_turns
from benchmarks.paired import spread as spread_of
from benchmarks.peers import installed
from evolino import LSTM, Model, write_export

CELLS = 20
OURS, FILE = "evolino, `Policy.act`", "NumPy file, `Network.step`"
C_DOUBLE = "C99, double, gcc"
ONNX = "ONNX Runtime, {}, from Python"
TORCH = "PyTorch module, `Network.step`"
FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic")
SELF_TEST = re.compile(
    r"constants (\d+) bytes, state (\d+) bytes\s+one step ([\d.]+) us", re.MULTILINE
)


def measure(effort: Effort) -> dict[str, Any]:
    """Return microseconds of one step on one core, and the bytes of the C forms."""
    with tempfile.TemporaryDirectory() as name, one_core():
        folder, model = Path(name), _model()
        calls, absent = _calls(model, folder, effort)
        seconds = take_turns(calls, effort)
        found = {
            form: spread_of([1e6 * each for each in samples])
            for form, samples in seconds.items()
        }
        sizes: dict[str, Any] = {}
        for form, compiler in _compilers().items():
            if shutil.which(compiler[0]) is None or (effort.quick and form != C_DOUBLE):
                absent.append(form)
                continue
            found[form], sizes[form] = _compiled(model, folder, form, compiler, effort)
    return {
        "cells": CELLS,
        "microseconds": found,
        "bytes": sizes,
        "not_measured": absent,
    }


def described(part: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    """Return the table of the page."""
    lines = [["", "one step, us", "code, bytes", "constants, bytes", "state, bytes"]]
    for form, found in part["microseconds"].items():
        sizes = part["bytes"].get(form, {})
        row = [
            figure(sizes[each]) if sizes.get(each) is not None else ""
            for each in ("code", "constants", "state")
        ]
        lines.append([form, spread(found), *row])
    text = (
        f"{part['cells']} memory cells with forget gates, one input, one output, no "
        "feedback; one step at a time."
    )
    absent = part["not_measured"]
    said = f"\n\nNot measured here: {', '.join(absent)}." if absent else ""
    return f"{text}\n\n{table(lines, 'lrrrr')}{said}"


def _model() -> Model:
    """Return a network with random weights."""
    shape = LSTM(CELLS, inputs=1, outputs=1, feedback=False)
    rng = np.random.default_rng(0)
    genome = rng.normal(0.0, 0.3, shape.genome_shape)
    return Model(shape, genome, rng.normal(size=(shape.readout_width, 1)))


def _calls(
    model: Model, folder: Path, effort: Effort
) -> tuple[dict[str, Callable[[], object]], list[str]]:
    """Return what takes one step in this process, and what is not measured."""
    policy, row = model.policy(), np.array([0.5])
    (path,) = write_export(model, folder, name="network", to="numpy")
    network = _imported(path).Network()
    calls: dict[str, Callable[[], object]] = {
        OURS: lambda: policy.act(row),
        FILE: lambda: network.step(row),
    }
    absent = []
    for precision in ("float", "double"):
        form = ONNX.format(precision)
        if effort.quick or not (installed("onnxruntime") and installed("onnx")):
            absent.append(form)
        else:
            calls[form] = _onnx(model, folder, precision)
    if effort.quick or not installed("torch"):
        absent.append(TORCH)
    else:
        calls[TORCH] = _torch(model, folder)
    return calls, absent


def _imported(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _onnx(model: Model, folder: Path, precision: Any) -> Callable[[], object]:
    import onnxruntime

    name = f"network_{precision}"
    path = write_export(model, folder, name=name, to="onnx", precision=precision)[0]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options)
    dtype = np.float32 if precision == "float" else np.float64
    state = [np.zeros((1, CELLS), dtype) for _ in range(2)]
    row = np.full((1, 1), 0.5, dtype)
    wanted = ["outputs", "next_h", "next_s"]

    def step() -> object:
        given = {"inputs": row, "h": state[0], "s": state[1]}
        outputs, *state[:] = session.run(wanted, given)
        return outputs

    return step


def _torch(model: Model, folder: Path) -> Callable[[], object]:
    import torch

    torch.set_num_threads(1)
    (path,) = write_export(model, folder, name="network", to="torch")
    network = _imported(path).Network()
    row, state = torch.full((1, 1), 0.5, dtype=torch.float64), network.at_rest()

    def step() -> object:
        nonlocal state
        with torch.inference_mode():
            outputs, state = network.step(row, state)
        return outputs

    return step


def _compilers() -> dict[str, tuple[str, ...]]:
    """Return form -> compiler; clang is that of the package ziglang where none is there."""
    clang: tuple[str, ...] = ("clang",)
    if shutil.which("clang") is None and installed("ziglang"):
        clang = (sys.executable, "-m", "ziglang", "cc", "-fno-sanitize=undefined")
    compilers = {"gcc": ("gcc",), "clang": clang}
    return {
        f"C99, {precision}, {name}": command
        for name, command in compilers.items()
        for precision in ("double", "float")
    }


def _compiled(
    model: Model, folder: Path, form: str, compiler: tuple[str, ...], effort: Effort
) -> tuple[dict[str, float], dict[str, int | None]]:
    """Return what the self-test prints of the time, and the bytes; gcc links."""
    precision: Any = form.split(", ")[1]
    paths = write_export(model, folder, name="network", to="c", precision=precision)
    source = str(next(each for each in paths if each.suffix == ".c"))
    alone, tested, program = (str(folder / each) for each in ("a.o", "t.o", "self-test"))
    command = [*compiler, *FLAGS, "-c", source, "-o"]
    subprocess.run([*command, alone], check=True)
    subprocess.run([*command, tested, "-DEVOLINO_SELF_TEST"], check=True)
    subprocess.run(["gcc", tested, "-lm", "-o", program], check=True)
    said = []
    for _ in range(effort.rounds):
        out = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        found = SELF_TEST.search(out)
        assert found is not None, out
        said.append(found.groups())
    sizes = {"constants": int(said[0][0]), "state": int(said[0][1])}
    return spread_of([float(each[2]) for each in said]), {**sizes, "code": _code(alone)}


def _code(path: str) -> int | None:
    """Return the bytes of an object's code, None without the program `size`."""
    if shutil.which("size") is None:
        return None
    out = subprocess.run(["size", "-A", path], check=True, capture_output=True, text=True)
    sections = re.findall(r"^\.text\S*\s+(\d+)", out.stdout, re.MULTILINE)
    return sum(map(int, sections))
