"""Exported networks over whole sequences in ONNX: by Scan or LSTM, and free runs.

N sequences of T steps at once, time first. The operator LSTM of ONNX has peepholes, but
gives no cell states away and cannot leave the forget gate out; where it does not fit, and
in double precision, which ONNX Runtime lacks, the operator Scan takes the steps.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from evolino.export.c_text import CType
from evolino.export.onnx_graph import Graph
from evolino.export.onnx_step import (
    Layers,
    apart,
    cells,
    fed_back,
    feedback_of,
    give_outputs,
    in_units,
    layers,
    read_out,
    scaled_inputs,
    together,
)
from evolino.export.step_model import LayeredModel, StepModel

ONNX_GATES = ("input", "output", "forget", "cell")  # in the order of the operator LSTM
ONNX_PEEPHOLES = ("input", "output", "forget")


def sequences_graph(network: LayeredModel, kind: CType, name: str) -> Any:
    """Return the graph of whole sequences, one step ahead: teacher-forced with feedback.

    States go in and out, but for a bidirectional network, which begins at rest at both
    ends: its sequences cannot be cut.
    """
    graph, head, width = Graph(kind), network.head, sum(network.widths)
    shape = head.architecture
    u = []
    if shape.inputs:
        taken = graph.take("inputs", ["T", "N", shape.inputs])
        u += [scaled_inputs(graph, head, taken)]
    if network.bidirectional:
        h = s = _at_rest(graph, u[0], width)
    else:
        h, s = (graph.take(each, ["N", width]) for each in ("h", "s"))
    if shape.feedback:
        before, last = _teacher(graph, head)
        u += [before]
        graph.give(last, "next_fed", ["N", shape.outputs])
    joined = graph.add("Concat", *u, axis=-1) if len(u) > 1 else u[0]
    rows, last_ones = _all_layers(graph, network, joined, (h, s))
    y = read_out(graph, head, [joined], *rows.read)
    if not network.bidirectional:
        graph.give(last_ones.h, "next_h", ["N", width])
        graph.give(last_ones.s, "next_s", ["N", width])
    give_outputs(graph, head, in_units(graph, head, y), ["T", "N"])
    return graph.proto(name)


def _all_layers(
    graph: Graph, network: LayeredModel, u: str, states: tuple[str, str]
) -> tuple[Layers, Layers]:
    """Add all layers over all steps, each in its directions; return outputs and states of
    their cells at every step, and the last ones."""
    each = zip(*(apart(graph, network, state) for state in states), strict=True)
    below, rows, last = u, [], []
    for k, (own, begin) in enumerate(zip(network.layers, each, strict=True)):
        found = []
        for d, direction in enumerate(own):
            run = _by_operator if lstm_operator_fits(direction, graph.kind) else _by_scan
            name = "step_" if len(network.layers) == len(own) == 1 else f"step{k}{d}_"
            first = begin if len(own) == 1 else _half(graph, direction, begin, d)
            found.append(run(graph, direction, below, first, _Way(name, bool(d))))
        hs, ss, next_h, next_s = (
            joint[0] if len(joint) == 1 else graph.add("Concat", *joint, axis=-1)
            for joint in zip(*found, strict=True)
        )
        below = hs
        rows.append((hs, ss))
        last.append((next_h, next_s))
    return together(graph, network, rows), together(graph, network, last)


class _Way(NamedTuple):
    """name: before the names of a loop's values. backward: from the last step on."""

    name: str
    backward: bool


def _half(
    graph: Graph, network: StepModel, states: tuple[str, str], direction: int
) -> tuple[str, str]:
    """Add what takes the states of one direction of a layer."""
    cells = network.architecture.cells
    own = graph.whole_numbers(range(direction * cells, (direction + 1) * cells))
    h, s = (graph.add("Gather", each, own, axis=-1) for each in states)
    return h, s


def _at_rest(graph: Graph, inputs: str, width: int) -> str:
    """Add states (N, width) of 0, for inputs (T, N, I)."""
    from onnx import helper

    count = graph.add(
        "Gather", graph.add("Shape", inputs), graph.whole_numbers([1]), axis=0
    )
    sizes = graph.add("Concat", count, graph.whole_numbers([width]), axis=0)
    zero = helper.make_tensor("value", graph.type, [1], [0.0])
    return graph.add("ConstantOfShape", sizes, value=zero)


def lstm_operator_fits(network: StepModel, kind: CType) -> bool:
    """Return whether the operator LSTM computes what the cells do."""
    shape = network.architecture
    return (
        kind.name == "float"
        and shape.forget_gate
        and shape.cell_output in ("o*tanh(s)", "o*s")
        and not shape.readout_states
        and not shape.full_peepholes
    )


def free_run_graph(network: LayeredModel, kind: CType, name: str) -> Any:
    """Return the graph of a free run: at each step the outputs are fed back, by Loop."""
    from onnx import TensorProto

    graph, head = Graph(kind), network.head
    shape = head.architecture
    if shape.inputs:
        inputs = graph.take("inputs", ["T", "N", shape.inputs])
        whole = graph.add("Shape", inputs)
        steps = graph.add("Gather", whole, graph.whole_numbers(0), axis=0)
    else:
        steps = graph.take("steps", [], TensorProto.INT64)
    width = sum(network.widths)
    sizes = {"h": width, "s": width, "fed": shape.outputs}
    begin = [graph.take(each, ["N", size]) for each, size in sizes.items()]
    body = _free_step(network, kind)
    *states, rows = graph.add_several(
        "Loop", [steps, graph.true(), *begin], [""] * 4, body=body
    )
    for state, (each, size) in zip(states, sizes.items(), strict=True):
        graph.give(state, f"next_{each}", ["N", size])
    give_outputs(graph, head, rows, ["T", "N"])
    return graph.proto(name)


def _free_step(network: LayeredModel, kind: CType) -> Any:
    """Return the body of the loop: one step, fed its own outputs."""
    from onnx import TensorProto

    graph, head, width = Graph(kind, "step_"), network.head, sum(network.widths)
    shape = head.architecture
    step = graph.take("step_number", [], TensorProto.INT64)
    going_on = graph.take("step_going_on", [], TensorProto.BOOL)
    states = [graph.take(f"step_{each}", ["N", width]) for each in ("h", "s")]
    fed = graph.take("step_fed", ["N", shape.outputs])
    u = [fed]
    if shape.inputs:
        row = graph.add("Gather", "inputs", step, axis=0)
        u = [scaled_inputs(graph, head, row), fed]
    own = layers(graph, network, u, *states)
    y = read_out(graph, head, u, *own.read)
    graph.give(going_on, "step_goes_on", [], TensorProto.BOOL)
    graph.give(own.h, "step_next_h", ["N", width])
    graph.give(own.s, "step_next_s", ["N", width])
    graph.give(fed_back(graph, head, y), "step_next_fed", ["N", shape.outputs])
    graph.give(in_units(graph, head, y), "step_outputs", ["N", shape.outputs])
    return graph.proto("step")


def _teacher(graph: Graph, network: StepModel) -> tuple[str, str]:
    """Add true outputs: what is fed back at each step (T, N, K), and after the last."""
    shape = network.architecture
    targets = graph.take("targets", ["T", "N", shape.outputs])
    first = graph.take("fed", ["N", shape.outputs])
    mean, factor = (graph.constant(each) for each in feedback_of(network))
    scaled = graph.add("Mul", graph.add("Sub", targets, mean), factor)
    axis = graph.whole_numbers([0])
    with_first = graph.add("Concat", graph.add("Unsqueeze", first, axis), scaled, axis=0)
    begin, end = graph.whole_numbers([0]), graph.whole_numbers([-1])
    before = graph.add("Slice", with_first, begin, end, axis)
    return before, graph.add("Gather", with_first, graph.whole_numbers(-1), axis=0)


def _by_scan(
    graph: Graph, network: StepModel, u: str, begin: tuple[str, str], way: _Way
) -> tuple[str, str, str, str]:
    """Add the cells over all steps by Scan; return their outputs and states, (T, N, C),
    and the last ones."""
    shape, body = network.architecture, Graph(graph.kind, way.name)
    states = [body.take(f"{way.name}{each}", ["N", shape.cells]) for each in ("h", "s")]
    row = body.take(f"{way.name}u", ["N", shape.input_width])
    found = dict(zip(("h", "s"), cells(body, network, [row], *states), strict=True))
    for name in ("next", "row"):
        for each, value in found.items():
            body.give(value, f"{way.name}{name}_{each}", ["N", shape.cells])
    turned = {"scan_input_directions": [1], "scan_output_directions": [1, 1]}
    next_h, next_s, hs, ss = graph.add_several(
        "Scan",
        [*begin, u],
        [""] * 4,
        body=body.proto("step"),
        num_scan_inputs=1,
        **(turned if way.backward else {}),
    )
    return hs, ss, next_h, next_s


def _by_operator(
    graph: Graph, network: StepModel, u: str, begin: tuple[str, str], way: _Way
) -> tuple[str, str, str, str]:
    """Add the cells over all steps by the operator LSTM, as `_by_scan`; it does not give
    their states at each step, so that these are only the last ones."""
    shape, width = network.architecture, network.architecture.input_width
    weights = dict(zip(shape.gates, network.weights, strict=True))
    rows = np.concatenate([weights[gate] for gate in ONNX_GATES])[None]
    bias = np.concatenate([rows[..., 0], np.zeros_like(rows[..., 0])], axis=1)
    given = [
        u,
        graph.constant(rows[..., 1 : 1 + width]),
        graph.constant(rows[..., 1 + width :]),
        graph.constant(bias),
        "",  # all sequences have T steps
        *(graph.add("Unsqueeze", each, graph.whole_numbers([0])) for each in begin),
    ]
    if shape.peepholes:
        peepholes = [network.peepholes[gate] for gate in ONNX_PEEPHOLES]
        given += [graph.constant(np.concatenate(peepholes)[None])]
    cell_input = "Tanh" if shape.cell_input == "tanh" else "Affine"
    cell_output = "Tanh" if shape.cell_output == "o*tanh(s)" else "Affine"
    functions = ["Sigmoid", cell_input, cell_output]
    affine = functions.count("Affine")
    slopes = {"activation_alpha": [1.0] * affine, "activation_beta": [0.0] * affine}
    all_h, last_h, last_s = graph.add_several(
        "LSTM",
        given,
        [""] * 3,
        hidden_size=shape.cells,
        activations=functions,
        **(slopes if affine else {}),
        **({"direction": "reverse"} if way.backward else {}),
    )
    hs = graph.add("Squeeze", all_h, graph.whole_numbers([1]))
    next_h, next_s = (
        graph.add("Squeeze", each, graph.whole_numbers([0])) for each in (last_h, last_s)
    )
    return hs, next_s, next_h, next_s
