"""Export a network of several layers, or of both directions, as a PyTorch module.

Layers above each other take one step at a time, as one layer does (`torch_file`); cells
that go backward read whole sequences.
"""

from __future__ import annotations

from evolino.export.c_text import CType
from evolino.export.step_model import LayeredModel
from evolino.export.torch_text import (
    FORWARD,
    array_text,
    buffer_lines,
    cell_lines,
    constants_of,
    feature_parts,
    fed_text,
    indented,
    unit_lines,
    vector_text,
)

COMMON = '''

class Network(torch.nn.Module):
    """{layers} of {cells} memory cells{each}, {inputs} inputs, {outputs} outputs, in the
    units of the data.
{state_is}    """

    def __init__(self):
        super().__init__()
{registered}

    def layer_step(self, k, below, h, s):
        """Take a step of layer k{counted} with what is below: return its h, s."""
        source = torch.cat([torch.ones_like(h[:, :1]), below, {driving}], 1)
        net = (source @ self.weights[k].flatten(0, 1).T).unflatten(1, ({gates}, {cells}))
{cells_code}
        return h, s

    def read_out(self, u, h, s):
        """Return the sums of the readout as outputs{and_fed}."""
        y = torch.cat([{features}], 1) @ self.readout.T
{units}
        return {read}
'''
STEPS = (
    '''
    def at_rest(self, sequences=1):
        """Return the state before the first step."""
        def zeros(size):
            return self.readout.new_zeros(sequences, size)

        return {rest}

    def step(self, inputs, state):
        """Take a step: inputs (N, {inputs}){unused}; return outputs, state."""
        {unpacked} = state
        u = below = {u}
        hs, ss = [], []
        for k, (own_h, own_s) in enumerate(zip(h.split({cells}, 1), s.split({cells}, 1))):
            below, own_s = self.layer_step(k, below, own_h, own_s)
            hs.append(below)
            ss.append(own_s)
        {read} = self.read_out(u, torch.cat(hs[{first}:], 1), torch.cat(ss[{first}:], 1))
        h, s = torch.cat(hs, 1), torch.cat(ss, 1)
        return {restored}, {state}

'''
    + FORWARD
)
WHOLE = '''
    def forward(self, inputs):
        """Run over whole sequences (T, N, {inputs}): return outputs (T, N, {outputs})."""
        vectors = below = {u}
        layers = []
        for k in range({count}):
            both = [self.direction(2 * k, below), self.direction(2 * k + 1, below.flip(0))]
            both[1] = [each.flip(0) for each in both[1]]
            layers.append([torch.cat(each, 2) for each in zip(*both)])
            below = layers[-1][0]
        hs, ss = (torch.cat(each, 2) for each in zip(*layers[{first}:]))
        rows = [self.read_out(*each) for each in zip(vectors, hs, ss)]
        y = torch.stack(rows)
        return {restored}

    def direction(self, k, below):
        """Return outputs and states (T, N, {cells}) of a layer in a direction."""
        h = s = below.new_zeros(below.shape[1], {cells})
        hs, ss = [], []
        for row in below:
            h, s = self.layer_step(k, row, h, s)
            hs.append(h)
            ss.append(s)
        return torch.stack(hs), torch.stack(ss)
'''


def layers_text(network: LayeredModel, kind: CType) -> str:
    """Return the text of the file without its head.

    Raises ValueError for weights that the precision cannot hold.
    """
    head, whole, first = network.head, network.bidirectional, network.layers[0][0]
    shape, own = head.architecture, first.architecture
    fed = shape.feedback
    weights, registered = _weights(network, kind)
    constants = constants_of(head)
    values = {"readout": head.readout} | constants
    weights += [array_text(f"{key}_values", each, kind) for key, each in values.items()]
    registered.append("self.readout = torch.nn.Parameter(readout_values.clone())")
    width, row = sum(network.widths), "inputs[t]" if shape.inputs else "None"
    unused = "" if shape.inputs else ", not used"
    sizes = [width, width, *([shape.outputs] if fed else [])]
    fields = {
        "cells": own.cells,
        "inputs": shape.inputs,
        "outputs": shape.outputs,
        "count": len(network.layers),
        "layers": f"{len(network.layers)} layers",
        "each": " in each direction" if whole else "",
        "state_is": "" if whole else _state_text(width, shape.outputs if fed else 0),
        "registered": indented([*registered, *buffer_lines(constants)]),
        "counted": ", counted by direction too," if whole else "",
        "driving": "s" if own.full_peepholes else "h",
        "gates": len(own.gates),
        "cells_code": indented(cell_lines(first, "[k]")),
        "features": ", ".join(feature_parts(head)),
        "units": indented(unit_lines(head)),
        "and_fed": ", and what is fed back" if fed else "",
        "read": "y, fed" if fed else "y",
        "first": network.read[0],
        "u": vector_text(head),
        "restored": "self.y_mean + self.y_scale * y" if head.scaling else "y",
        "rest": f"({', '.join(f'zeros({size})' for size in sizes)})",
        "unused": unused,
        "unpacked": "h, s, fed" if fed else "h, s",
        "state": "(h, s, fed)" if fed else "(h, s)",
        "teacher": "; targets (T, N, K) are fed back a step later" if fed else "",
        "rows": "inputs" if shape.inputs else "targets",
        "row": row,
        "feeding": "\n            state = self.feed(targets[t], state)" if fed else "",
    }
    body = (COMMON + (WHOLE if whole else STEPS)).format(**fields)
    return "".join(weights) + body + fed_text(head, row, unused)


def _state_text(width: int, outputs: int) -> str:
    also = f"; then what is fed back, (N, {outputs})" if outputs else ""
    return f"\n    A state is a pair (h, s), each (N, {width}), of all cells{also}.\n"


def _weights(network: LayeredModel, kind: CType) -> tuple[list[str], list[str]]:
    """Return the lines that define weights and peepholes, by layer and direction, and those
    that make parameters of them."""
    every = [each for own in network.layers for each in own]
    names = ["weights", *(f"p_{gate}" for gate in every[0].peepholes)]
    texts = [f"{name}_values = {{}}\n" for name in names]
    for k, each in enumerate(every):
        texts.append(array_text(f"weights_values[{k}]", each.weights, kind))
        texts += [
            array_text(f"p_{gate}_values[{k}]", own, kind)
            for gate, own in each.peepholes.items()
        ]
    registered = [
        f"self.{name} = torch.nn.ParameterList("
        f"torch.nn.Parameter(each.clone()) for each in {name}_values.values())"
        for name in names
    ]
    return texts, registered
