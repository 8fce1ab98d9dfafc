"""Exported networks over whole sequences in ONNX: by Scan or LSTM, and free runs.

N sequences of T steps at once, time first. The operator LSTM of ONNX has peepholes, but
gives no cell states away and cannot leave the forget gate out; where it does not fit, and
in double precision, which ONNX Runtime lacks, the operator Scan takes the steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evolino.export.c_text import CType
from evolino.export.onnx_graph import Graph
from evolino.export.onnx_step import (
    cells,
    fed_back,
    feedback_of,
    give_outputs,
    in_units,
    read_out,
    scaled_inputs,
)
from evolino.export.step_model import StepModel

ONNX_GATES = ("input", "output", "forget", "cell")  # in the order of the operator LSTM
ONNX_PEEPHOLES = ("input", "output", "forget")


def sequences_graph(network: StepModel, kind: CType, name: str) -> Any:
    """Return the graph of whole sequences, one step ahead: teacher-forced with feedback."""
    graph, shape = Graph(kind), network.architecture
    u = []
    if shape.inputs:
        taken = graph.take("inputs", ["T", "N", shape.inputs])
        u += [scaled_inputs(graph, network, taken)]
    h, s = (graph.take(each, ["N", shape.cells]) for each in ("h", "s"))
    if shape.feedback:
        before, last = _teacher(graph, network)
        u += [before]
        graph.give(last, "next_fed", ["N", shape.outputs])
    joined = graph.add("Concat", *u, axis=-1) if len(u) > 1 else u[0]
    run = _by_operator if lstm_operator_fits(network, kind) else _by_scan
    hs, ss, next_h, next_s = run(graph, network, joined, h, s)
    y = read_out(graph, network, [joined], hs, ss)
    graph.give(next_h, "next_h", ["N", shape.cells])
    graph.give(next_s, "next_s", ["N", shape.cells])
    give_outputs(graph, network, in_units(graph, network, y), ["T", "N"])
    return graph.proto(name)


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


def free_run_graph(network: StepModel, kind: CType, name: str) -> Any:
    """Return the graph of a free run: at each step the outputs are fed back, by Loop."""
    from onnx import TensorProto

    graph, shape = Graph(kind), network.architecture
    if shape.inputs:
        inputs = graph.take("inputs", ["T", "N", shape.inputs])
        whole = graph.add("Shape", inputs)
        steps = graph.add("Gather", whole, graph.whole_numbers(0), axis=0)
    else:
        steps = graph.take("steps", [], TensorProto.INT64)
    sizes = {"h": shape.cells, "s": shape.cells, "fed": shape.outputs}
    begin = [graph.take(each, ["N", size]) for each, size in sizes.items()]
    body = _free_step(network, kind)
    *states, rows = graph.add_several(
        "Loop", [steps, graph.true(), *begin], [""] * 4, body=body
    )
    for state, (each, size) in zip(states, sizes.items(), strict=True):
        graph.give(state, f"next_{each}", ["N", size])
    give_outputs(graph, network, rows, ["T", "N"])
    return graph.proto(name)


def _free_step(network: StepModel, kind: CType) -> Any:
    """Return the body of the loop: one step, fed its own outputs."""
    from onnx import TensorProto

    graph, shape = Graph(kind, "step_"), network.architecture
    step = graph.take("step_number", [], TensorProto.INT64)
    going_on = graph.take("step_going_on", [], TensorProto.BOOL)
    h, s = (graph.take(f"step_{each}", ["N", shape.cells]) for each in ("h", "s"))
    fed = graph.take("step_fed", ["N", shape.outputs])
    u = [fed]
    if shape.inputs:
        row = graph.add("Gather", "inputs", step, axis=0)
        u = [scaled_inputs(graph, network, row), fed]
    h, s = cells(graph, network, u, h, s)
    y = read_out(graph, network, u, h, s)
    graph.give(going_on, "step_goes_on", [], TensorProto.BOOL)
    graph.give(h, "step_next_h", ["N", shape.cells])
    graph.give(s, "step_next_s", ["N", shape.cells])
    graph.give(fed_back(graph, network, y), "step_next_fed", ["N", shape.outputs])
    graph.give(in_units(graph, network, y), "step_outputs", ["N", shape.outputs])
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
    graph: Graph, network: StepModel, u: str, h: str, s: str
) -> tuple[str, str, str, str]:
    """Add the cells over all steps by Scan; return their outputs and states, (T, N, C),
    and the last ones."""
    shape, body = network.architecture, Graph(graph.kind, "step_")
    states = [body.take(f"step_{each}", ["N", shape.cells]) for each in ("h", "s")]
    row = body.take("step_u", ["N", shape.input_width])
    found = dict(zip(("h", "s"), cells(body, network, [row], *states), strict=True))
    for name in ("next", "row"):
        for each, value in found.items():
            body.give(value, f"step_{name}_{each}", ["N", shape.cells])
    next_h, next_s, hs, ss = graph.add_several(
        "Scan", [h, s, u], [""] * 4, body=body.proto("step"), num_scan_inputs=1
    )
    return hs, ss, next_h, next_s


def _by_operator(
    graph: Graph, network: StepModel, u: str, h: str, s: str
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
        *(graph.add("Unsqueeze", each, graph.whole_numbers([0])) for each in (h, s)),
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
    )
    hs = graph.add("Squeeze", all_h, graph.whole_numbers([1]))
    next_h, next_s = (
        graph.add("Squeeze", each, graph.whole_numbers([0])) for each in (last_h, last_s)
    )
    return hs, next_s, next_h, next_s
