"""ONNX graphs, built node by node: values are known by their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evolino.export.c_text import CType
from evolino.vocabulary import Array

OPSET, IR_VERSION = 17, 8  # understood by every runtime since 2022
Shape = Sequence[str | int]


class Graph:
    """Nodes, constants, inputs and outputs of a graph.

    prefix: of the names of its values; the body of a loop needs one of its own, since it
    sees the values of the graph around it.
    """

    def __init__(self, kind: CType, prefix: str = "") -> None:
        from onnx import TensorProto

        self.kind, self._prefix = kind, prefix
        self._dtype = np.float64 if kind.name == "double" else np.float32
        self.type = TensorProto.DOUBLE if kind.name == "double" else TensorProto.FLOAT
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Add a node of one output; return the name of the output."""
        return self.add_several(operator, inputs, [name], **attributes)[0]

    def add_several(
        self, operator: str, inputs: Sequence[str], names: Sequence[str], **attributes: Any
    ) -> list[str]:
        """Add a node; return the names of its outputs. names: "" for any."""
        from onnx import helper

        first = f"{self._prefix}v{len(self._nodes)}"
        made = [name or f"{first}_{k}" for k, name in enumerate(names)]
        node = helper.make_node(operator, list(inputs), made, name=first, **attributes)
        self._nodes.append(node)
        return made

    def constant(self, values: Array | float) -> str:
        """Add a constant. Raises ValueError for one that the precision cannot hold."""
        array = np.asarray(values, dtype=np.float64)
        for value in array.ravel().tolist():
            self.kind.number(value)
        held = np.ascontiguousarray(array.astype(self._dtype)).reshape(array.shape)
        return self._keep(held)

    def whole_numbers(self, values: Sequence[int] | int) -> str:
        """Add a constant of whole numbers: indices, axes, bounds of slices."""
        return self._keep(np.array(values, dtype=np.int64))

    def true(self) -> str:
        """Add a constant that is true."""
        return self._keep(np.array(True))

    def _keep(self, array: Any) -> str:
        from onnx import numpy_helper

        name = f"{self._prefix}c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def take(self, name: str, shape: Shape, type: int | None = None) -> str:
        """Add an input of the graph; return its name."""
        from onnx import helper

        of = self.type if type is None else type
        self._inputs.append(helper.make_tensor_value_info(name, of, shape))
        return name

    def give(self, value: str, name: str, shape: Shape, type: int | None = None) -> None:
        """Add an output of the graph."""
        from onnx import helper

        self.add("Identity", value, name=name)
        of = self.type if type is None else type
        self._outputs.append(helper.make_tensor_value_info(name, of, shape))

    def proto(self, name: str) -> Any:
        """Return the graph."""
        from onnx import helper

        return helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, initializer=self._constants
        )


def model_of(graph: Any, properties: dict[str, str]) -> bytes:
    """Return the content of a file that holds a graph, checked by onnx."""
    from onnx import checker, helper

    proto = helper.make_model(
        graph,
        producer_name="evolino",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(proto, properties)
    checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString()
    return content
