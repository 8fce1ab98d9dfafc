"""Laws of the exported ONNX file: ONNX Runtime computes what the model does."""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest

from evolino.export.onnx_file import onnx_files
from tests.export.networks import VARIANTS, answers, expected, model, sizes, steps_ahead

PRIME = 20
TYPES = {"double": (np.float64, 1e-12), "float": (np.float32, 1e-6)}


class Runner:
    """A session of ONNX Runtime with states that are kept for it, for N sequences."""

    def __init__(self, content, dtype, sequences=1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(content, options)
        self.dtype = dtype
        self.sizes = {each.name: each.shape[1] for each in self.session.get_inputs()}
        self.names = [each.name for each in self.session.get_outputs()]
        self.state = {
            name: np.zeros((sequences, size), dtype)
            for name, size in self.sizes.items()
            if name != "inputs"
        }
        how = onnx.load_from_string(content).metadata_props
        self.feedback = json.loads({each.key: each.value for each in how}["feedback"])

    def step(self, inputs):
        """One step of all sequences; inputs: (N, I) or (I,)."""
        given = dict(self.state)
        if "inputs" in self.sizes:
            given["inputs"] = np.atleast_2d(inputs).astype(self.dtype)
        found = dict(zip(self.names, self.session.run(None, given), strict=True))
        for name in self.state:
            self.state[name] = found.get(f"next_{name}", self.state[name])
        self.found = found
        return found["outputs"][0].astype(np.float64)

    def feed(self, outputs):
        fed = np.array(self.feedback["factor"]) * (outputs - self.feedback["mean"])
        self.state["fed"] = fed[None].astype(self.dtype)

    def bound(self, outputs):
        return self.found.get("bounded", outputs[None])[0].astype(np.float64)


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_runtime_answers_as_the_model(variant, precision):
    of = model(variant)
    dtype, tolerance = TYPES[precision]
    runner = Runner(onnx_files(of, precision=precision)["network.onnx"], dtype)
    ahead = steps_ahead(of)
    found = answers(of, runner.step, runner.feed, runner.bound, PRIME, ahead)
    for got, wanted in zip(found, expected(of, PRIME, ahead), strict=True):
        assert np.max(np.abs(got - wanted) / sizes(of), initial=0.0) < tolerance


def test_several_sequences_are_run_at_once():
    of = model("sparse")
    runner = Runner(onnx_files(of)["network.onnx"], np.float64, sequences=3)
    x = np.random.default_rng(1).normal(size=(3, 10, 2))
    for t in range(10):
        runner.step(x[:, t])
    last = [of.predict(each)[-1] for each in x]
    np.testing.assert_allclose(runner.found["outputs"], last, rtol=0, atol=1e-12)


def test_operators_are_basic_ones():
    arithmetic = {"Add", "Sub", "Mul", "Div", "MatMul", "Min", "Max", "Greater"}
    squashings = {"Sigmoid", "Tanh", "Softmax"}
    allowed = arithmetic | squashings | {"Concat", "Identity", "Cast", "Gather"}
    for variant in VARIANTS:
        graph = onnx.load_from_string(onnx_files(model(variant))["network.onnx"]).graph
        assert {node.op_type for node in graph.node} <= allowed


def test_the_same_model_gives_the_same_bytes():
    of = model("units")
    assert onnx_files(of) == onnx_files(of)


def test_a_name_that_is_no_identifier_and_a_missing_package_are_errors(monkeypatch):
    of = model("alone")
    with pytest.raises(ValueError, match="name must be"):
        onnx_files(of, "a-b")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ValueError, match=r"pip install .evolino\[onnx\]"):
        onnx_files(of)
