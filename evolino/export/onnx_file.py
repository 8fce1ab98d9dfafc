"""Export a trained network as ONNX: one step, its states passed in and out.

Basic operators only (MatMul, Sigmoid, Tanh and arithmetic), for any number of sequences at
once.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from evolino.export.c99 import has_bounds
from evolino.export.c_text import CPrecision, CType
from evolino.export.step_model import StepModel, check_name, step_model
from evolino.models.model import Model
from evolino.network.features import layout
from evolino.network.lstm import PROBABILITIES, THRESHOLD
from evolino.vocabulary import Array

OPSET, IR_VERSION = 17, 8  # understood by every runtime since 2022


def onnx_files(
    model: Model, name: str = "network", precision: CPrecision = "double"
) -> dict[str, bytes]:
    """Return the name and content of an ONNX file.

    name: of the file and the graph. precision: "double" or "float". Inputs of the graph are
    `inputs` (N, I), the states `h` and `s` (N, C), and with output feedback `fed` (N, K).
    Its outputs are `outputs` (N, K), `next_h`, `next_s`, `next_fed` unless outputs are
    probabilities, and with bounds `bounded` (N, K). N is any number of sequences. All
    states are 0 at rest.

    Raises ValueError without the package onnx, and for a model that cannot be exported, a
    name that is no identifier, and weights that the precision cannot hold.
    """
    check_name(name)
    kind, network = CType(precision), step_model(model)
    try:
        import onnx
    except ImportError:
        raise ValueError(
            'export to ONNX needs an extra: pip install "evolino[onnx]"'
        ) from None
    proto = _Graph(network, kind).proto(name)
    onnx.checker.check_model(proto)
    return {f"{name}.onnx": proto.SerializeToString()}


class _Graph:
    """The nodes of a step, added one after the other; a value is known by its name."""

    def __init__(self, network: StepModel, kind: CType) -> None:
        from onnx import TensorProto

        self._network, self._kind = network, kind
        self._dtype = np.float64 if kind.name == "double" else np.float32
        self._type = TensorProto.DOUBLE if kind.name == "double" else TensorProto.FLOAT
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._outputs: list[Any] = []

    def proto(self, name: str) -> Any:
        """Return the whole model."""
        from onnx import helper

        shape = self._network.architecture
        sizes = {"inputs": shape.inputs, "h": shape.cells, "s": shape.cells}
        sizes["fed"] = shape.outputs if shape.feedback else 0
        self._step()
        taken = [self._value(each, size) for each, size in sizes.items() if size]
        graph = helper.make_graph(
            self._nodes, name, taken, self._outputs, initializer=self._constants
        )
        proto = helper.make_model(
            graph,
            producer_name="evolino",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        helper.set_model_props(proto, {"feedback": json.dumps(self._feedback())})
        return proto

    def _feedback(self) -> dict[str, list[float]]:
        """Return what makes `fed` of true outputs: factor * (outputs - mean)."""
        shape, scaling = self._network.architecture, self._network.scaling
        mean, factor = np.zeros(shape.outputs), np.full(shape.outputs, shape.feedback_scale)
        if scaling is not None:
            mean, factor = scaling.output_mean, factor / scaling.output_scale
        return {"mean": mean.tolist(), "factor": factor.tolist()}

    def _add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = name or f"v{len(self._nodes)}"
        node = helper.make_node(operator, list(inputs), [name], name=name, **attributes)
        self._nodes.append(node)
        return name

    def _constant(self, values: Array | float) -> str:
        """Add a constant. Raises ValueError for one that the precision cannot hold."""
        from onnx import numpy_helper

        array = np.asarray(values, dtype=np.float64)
        for value in array.ravel().tolist():
            self._kind.number(value)
        name = f"c{len(self._constants)}"
        held = np.ascontiguousarray(array.astype(self._dtype)).reshape(array.shape)
        self._constants.append(numpy_helper.from_array(held, name))
        return name

    def _value(self, name: str, size: int) -> Any:
        from onnx import helper

        return helper.make_tensor_value_info(name, self._type, ["N", size])

    def _give_out(self, value: str, name: str, size: int) -> None:
        self._add("Identity", value, name=name)
        self._outputs.append(self._value(name, size))

    def _step(self) -> None:
        """Add the whole step; equations of `evolino.network.lstm`."""
        shape, scaling = self._network.architecture, self._network.scaling
        u = ["inputs"] if shape.inputs else []
        if shape.inputs and scaling is not None:
            centred = self._add("Sub", "inputs", self._constant(scaling.input_mean))
            u = [self._add("Div", centred, self._constant(scaling.input_scale))]
        u += ["fed"] if shape.feedback else []
        source = self._add("Concat", *u, "h", axis=1)
        h, s = self._cells(source)
        y = self._output_units(self._sums({"outputs": [h], "states": [s], "inputs": u}))
        self._give_out(h, "next_h", shape.cells)
        self._give_out(s, "next_s", shape.cells)
        self._feed(y)
        self._restore(y)

    def _cells(self, source: str) -> tuple[str, str]:
        """Add the memory cells; return h(t) and s(t)."""
        shape, network = self._network.architecture, self._network
        weights = dict(zip(shape.gates, network.weights, strict=True))

        def into(gate: str, s: str) -> str:
            matrix = self._constant(weights[gate][:, 1:].T)
            driven = self._add("MatMul", source, matrix)
            net = self._add("Add", driven, self._constant(weights[gate][:, 0]))
            if gate not in network.peepholes:
                return net
            seen = self._add("Mul", s, self._constant(network.peepholes[gate]))
            return self._add("Add", net, seen)

        z = into("cell", "s")
        z = self._add("Tanh", z) if shape.cell_input == "tanh" else z
        s = "s"
        if shape.forget_gate:
            s = self._add("Mul", self._add("Sigmoid", into("forget", "s")), "s")
        entering = self._add("Mul", self._add("Sigmoid", into("input", "s")), z)
        s = self._add("Add", s, entering)
        o = self._add("Sigmoid", into("output", s))
        if shape.cell_output == "o*tanh(s)":
            return self._add("Mul", o, self._add("Tanh", s)), s
        h = self._add("Mul", o, s)
        return (self._add("Tanh", h) if shape.cell_output == "tanh(o*s)" else h), s

    def _sums(self, values: dict[str, list[str]]) -> str:
        """Add the readout; return what it sums up of values, by their source."""
        shape, readout = self._network.architecture, self._network.readout
        features: list[str] = []
        for each in layout(shape):
            for value in values.get(each.source, []):
                features += [self._add("Mul", value, value) if each.squared else value]
        joined = self._add("Concat", *features, axis=1)
        count = shape.readout_width - int(shape.readout_constant)  # the constant is last
        sums = self._add("MatMul", joined, self._constant(readout[:, :count].T))
        if not shape.readout_constant:
            return sums
        return self._add("Add", sums, self._constant(readout[:, count]))

    def _output_units(self, sums: str) -> str:
        """Add what makes outputs of the sums."""
        shape = self._network.architecture
        if shape.output == "threshold":
            return self._cut(sums)
        if shape.output == "logistic":
            return self._add("Sigmoid", sums)
        if shape.output != "softmax":
            return sums
        blocks = [
            self._add("Gather", sums, self._indices(range(block.start, block.stop)), axis=1)
            for block in shape.blocks()
        ]
        parts = [self._add("Softmax", block, axis=1) for block in blocks]
        return self._add("Concat", *parts, axis=1)

    def _indices(self, which: range) -> str:
        from onnx import numpy_helper

        name = f"c{len(self._constants)}"
        array = np.array(which, dtype=np.int64)
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def _cut(self, y: str) -> str:
        above = self._add("Greater", y, self._constant(THRESHOLD))
        return self._add("Cast", above, to=self._type)

    def _feed(self, y: str) -> None:
        """Add what is fed back at the next step of a free run."""
        shape = self._network.architecture
        if not shape.feedback or shape.output in PROBABILITIES:
            return
        y = self._cut(y) if shape.output == "threshold in feedback" else y
        fed = self._add("Mul", y, self._constant(shape.feedback_scale))
        self._give_out(fed, "next_fed", shape.outputs)

    def _restore(self, y: str) -> None:
        """Add outputs in the units of the data, and these within bounds."""
        scaling, outputs = self._network.scaling, self._network.architecture.outputs
        if scaling is not None:
            scaled = self._add("Mul", y, self._constant(scaling.output_scale))
            y = self._add("Add", scaled, self._constant(scaling.output_mean))
        self._give_out(y, "outputs", outputs)
        if scaling is not None and has_bounds(self._network):
            raised = self._add("Max", y, self._constant(scaling.lower))
            bounded = self._add("Min", raised, self._constant(scaling.upper))
            self._give_out(bounded, "bounded", outputs)
