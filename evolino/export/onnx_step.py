"""The step of an exported network in ONNX operators: cells, readout, feedback, units.

Each function adds nodes to a graph. Values have shape (.., n), so that the readout serves
one step (N, n) and whole sequences (T, N, n) alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from evolino.export.c99 import has_bounds
from evolino.export.c_text import CType
from evolino.export.onnx_graph import Graph, Shape
from evolino.export.step_model import LayeredModel, StepModel
from evolino.network.features import layout
from evolino.network.lstm import PROBABILITIES, THRESHOLD
from evolino.vocabulary import Array


def step_graph(network: LayeredModel, kind: CType, name: str) -> Any:
    """Return the graph of one step, its states passed in and out."""
    graph, head, width = Graph(kind), network.head, sum(network.widths)
    shape = head.architecture
    u = []
    if shape.inputs:
        u = [scaled_inputs(graph, head, graph.take("inputs", ["N", shape.inputs]))]
    states = [graph.take(each, ["N", width]) for each in ("h", "s")]
    if shape.feedback:
        u += [graph.take("fed", ["N", shape.outputs])]
    own = layers(graph, network, u, *states)
    y = read_out(graph, head, u, *own.read)
    graph.give(own.h, "next_h", ["N", width])
    graph.give(own.s, "next_s", ["N", width])
    if runs_freely(head):
        graph.give(fed_back(graph, head, y), "next_fed", ["N", shape.outputs])
    give_outputs(graph, head, in_units(graph, head, y), ["N"])
    return graph.proto(name)


class Layers(NamedTuple):
    """Names of values: outputs and states of all cells, and of those that are read."""

    h: str
    s: str
    read: tuple[str, str]


def layers(graph: Graph, network: LayeredModel, u: list[str], h: str, s: str) -> Layers:
    """Add a step of all layers, each above the one before."""
    below, found = u, []
    parts = zip(apart(graph, network, h), apart(graph, network, s), strict=True)
    for (own,), states in zip(network.layers, parts, strict=True):
        found.append(cells(graph, own, below, *states))
        below = [found[-1][0]]
    return together(graph, network, found)


def apart(graph: Graph, network: LayeredModel, states: str) -> list[str]:
    """Add what takes the states of all cells (.., C) apart, a layer each."""
    widths = network.widths
    if len(widths) == 1:
        return [states]
    ends = np.cumsum(widths).tolist()
    return [
        graph.add("Gather", states, graph.whole_numbers(range(end - w, end)), axis=-1)
        for end, w in zip(ends, widths, strict=True)
    ]


def together(graph: Graph, network: LayeredModel, found: list[tuple[str, str]]) -> Layers:
    """Add what joins outputs and states (.., C) of all layers, and of those read."""

    def joined(numbers: Sequence[int]) -> tuple[str, str]:
        parts = zip(*(found[k] for k in numbers), strict=True)
        h, s = (graph.add("Concat", *each, axis=-1) for each in parts)
        return h, s

    every = found[0] if len(found) == 1 else joined(range(len(found)))
    read = found[network.read[0]] if len(network.read) == 1 else every
    return Layers(*every, read)


def runs_freely(network: StepModel) -> bool:
    """Return whether a network is fed its own outputs: probabilities are not fed back."""
    shape = network.architecture
    return shape.feedback and shape.output not in PROBABILITIES


def feedback_of(network: StepModel) -> tuple[Array, Array]:
    """Return mean and factor (K,): true outputs are fed back as factor * (y - mean)."""
    shape, scaling = network.architecture, network.scaling
    mean, factor = np.zeros(shape.outputs), np.full(shape.outputs, shape.feedback_scale)
    if scaling is not None:
        mean, factor = scaling.output_mean, factor / scaling.output_scale
    return mean, factor


def scaled_inputs(graph: Graph, network: StepModel, inputs: str) -> str:
    """Add what standardises external inputs."""
    scaling = network.scaling
    if scaling is None:
        return inputs
    centred = graph.add("Sub", inputs, graph.constant(scaling.input_mean))
    return graph.add("Div", centred, graph.constant(scaling.input_scale))


def cells(
    graph: Graph, network: StepModel, u: list[str], h: str, s: str
) -> tuple[str, str]:
    """Add the memory cells; return h(t) and s(t). Equations of `evolino.network.lstm`."""
    shape = network.architecture
    weights = dict(zip(shape.gates, network.weights, strict=True))
    source = graph.add("Concat", *u, s if shape.full_peepholes else h, axis=-1)

    def into(gate: str, s: str) -> str:
        matrix = graph.constant(weights[gate][:, 1:].T)
        driven = graph.add("MatMul", source, matrix)
        net = graph.add("Add", driven, graph.constant(weights[gate][:, 0]))
        if gate not in network.peepholes:
            return net
        seen = graph.add("Mul", s, graph.constant(network.peepholes[gate]))
        return graph.add("Add", net, seen)

    z = into("cell", s)
    z = graph.add("Tanh", z) if shape.cell_input == "tanh" else z
    kept = s
    if shape.forget_gate:
        kept = graph.add("Mul", graph.add("Sigmoid", into("forget", s)), s)
    entering = graph.add("Mul", graph.add("Sigmoid", into("input", s)), z)
    s = graph.add("Add", kept, entering)
    o = graph.add("Sigmoid", into("output", s))
    if shape.cell_output == "o*tanh(s)":
        return graph.add("Mul", o, graph.add("Tanh", s)), s
    h = graph.add("Mul", o, s)
    return (graph.add("Tanh", h) if shape.cell_output == "tanh(o*s)" else h), s


def read_out(graph: Graph, network: StepModel, u: list[str], h: str, s: str) -> str:
    """Add the readout and the output units; return outputs (.., K), standardised."""
    shape, readout = network.architecture, network.readout
    values = {"outputs": [h], "states": [s], "inputs": u}
    features: list[str] = []
    for each in layout(shape):
        for value in values.get(each.source, []):
            features += [graph.add("Mul", value, value) if each.squared else value]
    joined = graph.add("Concat", *features, axis=-1)
    count = shape.readout_width - int(shape.readout_constant)  # the constant is last
    sums = graph.add("MatMul", joined, graph.constant(readout[:, :count].T))
    if shape.readout_constant:
        sums = graph.add("Add", sums, graph.constant(readout[:, count]))
    return _output_units(graph, network, sums)


def _output_units(graph: Graph, network: StepModel, sums: str) -> str:
    shape = network.architecture
    if shape.output == "threshold":
        return _cut(graph, sums)
    if shape.output == "logistic":
        return graph.add("Sigmoid", sums)
    if shape.output != "softmax":
        return sums
    blocks = [
        graph.add("Gather", sums, graph.whole_numbers(range(b.start, b.stop)), axis=-1)
        for b in shape.blocks()
    ]
    parts = [graph.add("Softmax", block, axis=-1) for block in blocks]
    return graph.add("Concat", *parts, axis=-1)


def _cut(graph: Graph, y: str) -> str:
    above = graph.add("Greater", y, graph.constant(THRESHOLD))
    return graph.add("Cast", above, to=graph.type)


def fed_back(graph: Graph, network: StepModel, y: str) -> str:
    """Add what is fed back of a network's own outputs, standardised, in a free run."""
    shape = network.architecture
    y = _cut(graph, y) if shape.output == "threshold in feedback" else y
    return graph.add("Mul", y, graph.constant(shape.feedback_scale))


def in_units(graph: Graph, network: StepModel, y: str) -> str:
    """Add what gives outputs back in the units of the data."""
    scaling = network.scaling
    if scaling is None:
        return y
    scaled = graph.add("Mul", y, graph.constant(scaling.output_scale))
    return graph.add("Add", scaled, graph.constant(scaling.output_mean))


def give_outputs(graph: Graph, network: StepModel, y: str, leading: list[str]) -> None:
    """Add the outputs of the graph, and for a model with bounds these cut to them."""
    scaling = network.scaling
    rows: Shape = [*leading, network.architecture.outputs]
    graph.give(y, "outputs", rows)
    if scaling is not None and has_bounds(network):
        raised = graph.add("Max", y, graph.constant(scaling.lower))
        graph.give(graph.add("Min", raised, graph.constant(scaling.upper)), "bounded", rows)
