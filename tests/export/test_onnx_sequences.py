"""Laws of exported ONNX sequences: the runtime computes whole runs as the model does."""

import numpy as np
import onnx
import onnxruntime
import pytest

from evolino.export.onnx_file import onnx_files
from evolino.models.model import Model
from evolino.network.lstm import LSTM
from tests.export.networks import (
    FREE,
    VARIANTS,
    data,
    expected,
    model,
    sizes,
    steps_ahead,
)

PRIME = 20
TYPES = {"double": (np.float64, 1e-12), "float": (np.float32, 1e-6)}
BY_OPERATOR = {"plain", "sparse", "grouped", "thresholds", "cut", "logistic", "softmax",
               "policy", "units", "alone", "of2002"}  # fmt: skip


def run(content, given):
    """Name -> what a graph gives out."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options)
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, given), strict=True))


def at_rest(of, dtype, sequences=1):
    shape = of.architecture
    widths = {"h": shape.cells, "s": shape.cells}
    widths |= {"fed": shape.outputs} if shape.feedback else {}
    return {name: np.zeros((sequences, size), dtype) for name, size in widths.items()}


def operators(content):
    return {node.op_type for node in onnx.load_from_string(content).graph.node}


def forced_run(of, files, precision):
    """What the graph of sequences gives out on a prime, from rest."""
    dtype, shape = TYPES[precision][0], of.architecture
    x, y = (each[:PRIME, None].astype(dtype) for each in data(of, PRIME + steps_ahead(of)))
    given = {"inputs": x} if shape.inputs else {}
    given |= {"targets": y} if shape.feedback else {}
    return run(files["network_sequences.onnx"], given | at_rest(of, dtype))


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_sequence_answers_as_the_model(variant, precision):
    of = model(variant)
    files = onnx_files(of, precision=precision)
    assert ("network_free_run.onnx" in files) == (variant in FREE)
    outputs = forced_run(of, files, precision)["outputs"][:, 0]
    wanted = expected(of, PRIME, steps_ahead(of))[0]
    assert (np.abs(outputs - wanted) / sizes(of)).max() < TYPES[precision][1]


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("variant", FREE)
def test_free_run_after_a_sequence_answers_as_the_model(variant, precision):
    of, ahead = model(variant), steps_ahead(model(variant))
    dtype, tolerance = TYPES[precision]
    files = onnx_files(of, precision=precision)
    forced = forced_run(of, files, precision)
    given = {name: forced[f"next_{name}"] for name in ("h", "s", "fed")}
    if of.architecture.inputs:
        x, _ = data(of, PRIME + ahead)
        given["inputs"] = x[PRIME:, None].astype(dtype)
    else:
        given["steps"] = np.array(ahead)
    found = run(files["network_free_run.onnx"], given)
    rows = found.get("bounded", found["outputs"])[:, 0]
    wanted = expected(of, PRIME, ahead)[1]
    assert (np.abs(rows - wanted) / sizes(of)).max() < tolerance


def test_lstm_operator_is_used_in_float_where_it_fits():
    for variant in VARIANTS:
        for precision in TYPES:
            of = model(variant)
            content = onnx_files(of, precision=precision)["network_sequences.onnx"]
            fits = precision == "float" and variant in BY_OPERATOR
            found = operators(content) & {"LSTM", "Scan"}
            assert found == ({"LSTM"} if fits else {"Scan"}), (variant, precision)


@pytest.mark.parametrize("precision", TYPES)
def test_sequences_run_beside_each_other(precision):
    """Each of N sequences gives what it gives alone."""
    of, rng = model("units"), np.random.default_rng(3)
    dtype, tolerance = TYPES[precision]
    x = of.scaling.input_mean + of.scaling.input_scale * rng.normal(size=(3, 12, 2))
    y = of.scaling.restored(rng.normal(size=(3, 12, 3)))
    given = {"inputs": x.swapaxes(0, 1).astype(dtype)}
    given["targets"] = y.swapaxes(0, 1).astype(dtype)
    content = onnx_files(of, precision=precision)["network_sequences.onnx"]
    found = run(content, given | at_rest(of, dtype, 3))["outputs"]
    for n in range(3):
        error = np.abs(found[:, n] - of.predict(x[n], y[n])) / sizes(of)
        assert error.max() < tolerance


def test_a_sequence_in_two_parts_is_the_sequence():
    of = model("peepholes")
    content = onnx_files(of)["network_sequences.onnx"]
    x, y = data(of, 10)

    def part(rows, state):
        return run(content, {"inputs": x[rows, None], "targets": y[rows, None]} | state)

    whole = part(slice(None), at_rest(of, np.float64))
    first = part(slice(0, 4), at_rest(of, np.float64))
    state = {name: first[f"next_{name}"] for name in ("h", "s", "fed")}
    second = part(slice(4, None), state)
    both = np.concatenate([first["outputs"], second["outputs"]])
    np.testing.assert_array_equal(both, whole["outputs"])
    for name in ("next_h", "next_s", "next_fed"):
        np.testing.assert_array_equal(second[name], whole[name])


def test_full_peepholes_are_no_case_for_the_lstm_operator():
    """Also where all else fits: the operator's gates are driven by h."""
    shape = LSTM(4, inputs=1, outputs=1, full_peepholes=True)
    rng = np.random.default_rng(5)
    genome = rng.normal(0.0, 0.3, shape.genome_shape)
    of = Model(shape, genome, rng.normal(size=(shape.readout_width, 1)))
    files = onnx_files(of, precision="float")
    assert "LSTM" not in operators(files["network_sequences.onnx"])
    outputs = forced_run(of, files, "float")["outputs"][:, 0]
    wanted = expected(of, PRIME, steps_ahead(of))[0]
    np.testing.assert_allclose(outputs, wanted, rtol=0, atol=1e-6)
