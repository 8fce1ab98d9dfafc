"""Export a network of several layers, or of both directions, as a Python file for NumPy.

Layers above each other take one step at a time, as one layer does (`numpy_file`); cells
that go backward read whole sequences.
"""

from __future__ import annotations

from evolino.export.c99 import has_bounds
from evolino.export.numpy_text import (
    BOUND,
    SIGMA,
    array_text,
    cell_lines,
    feature_parts,
    feed_text,
    indented,
    readout_constants,
    restored_text,
    unit_lines,
    vector_text,
)
from evolino.export.step_model import LayeredModel

LAYER = '''\


def layer_step(k, below, h, s):
    """Take a step of layer k{of} with what is below; return its outputs and states."""
    net = weights[k] @ np.concatenate([[1.0], below, {driving}])
{cells_code}
    return h, s
'''

STEPS = '''\


class Network:
    """A network at rest, in the units of the data."""

    def __init__(self):
        self.h, self.s = np.zeros(({layers}, {cells})), np.zeros(({layers}, {cells}))
        self.fed = np.zeros({fed})

    def step(self, inputs=()):
        """Take one step with inputs ({inputs},); return the outputs ({outputs},)."""
        u = below = np.concatenate([{scaled_inputs}, self.fed])
        for k in range({layers}):
            below, self.s[k] = layer_step(k, below, self.h[k], self.s[k])
            self.h[k] = below
        h, s = np.concatenate(self.h[{read}:]), np.concatenate(self.s[{read}:])
        y = readout @ np.concatenate([{features}])
{units}
        return {restored}
'''

WHOLE = '''\


class Network:
    """A network that reads sequences from both ends, in the units of the data."""

    def run(self, inputs):
        """Return the outputs (T, {outputs}) over a sequence of inputs (T, {inputs})."""
        vectors = below = {scaled_inputs}
        layers = []
        for k in range({layers}):
            both = [self.direction(2 * k, below), self.direction(2 * k + 1, below[::-1])]
            both[1] = [each[::-1] for each in both[1]]
            layers.append([np.concatenate(each, axis=1) for each in zip(*both)])
            below = layers[-1][0]
        hs, ss = (np.concatenate(each, axis=1) for each in zip(*layers[{read}:]))
        rows = []
        for u, h, s in zip(vectors, hs, ss):
            y = readout @ np.concatenate([{features}])
{units}
            rows.append({restored})
        return np.array(rows).reshape(-1, {outputs})

    def direction(self, k, below):
        """Return outputs and states (T, {cells}) of the cells of a layer in a direction."""
        h, s, hs, ss = np.zeros({cells}), np.zeros({cells}), [], []
        for row in below:
            h, s = layer_step(k, row, h, s)
            hs.append(h)
            ss.append(s)
        return np.array(hs).reshape(-1, {cells}), np.array(ss).reshape(-1, {cells})
'''


def layers_text(network: LayeredModel) -> str:
    """Return the text of the file without its head: weights, and about fifty lines."""
    head, whole = network.head, network.bidirectional
    shape, own = head.architecture, network.layers[0][0].architecture
    layer = LAYER.format(
        of=", counted by direction too," if whole else "",
        driving="s" if own.full_peepholes else "h",
        cells_code=indented(cell_lines(own, network.layers[0][0].peepholes, "", "[k]"), 4),
    )
    body = (WHOLE if whole else STEPS).format(
        layers=len(network.layers),
        cells=own.cells,
        inputs=shape.inputs,
        outputs=shape.outputs,
        fed=shape.outputs if shape.feedback else 0,
        read=network.read[0],
        scaled_inputs=vector_text(head, rows=whole),
        features=", ".join(feature_parts(shape, "")),
        units=indented(unit_lines(shape), 12 if whole else 8),
        restored=restored_text(head),
    )
    bounds = BOUND if has_bounds(head) else ""
    constants = "".join([*_weights(network), *readout_constants(head)])
    return constants + SIGMA + layer + body + feed_text(head) + bounds


def _weights(network: LayeredModel) -> list[str]:
    """Return the lines that define weights and peepholes, by layer and direction."""
    every = [each for own in network.layers for each in own]
    lines = ["weights = {}\n", *(f"p_{gate} = {{}}\n" for gate in every[0].peepholes)]
    for k, each in enumerate(every):
        lines.append(array_text(f"weights[{k}]", each.weights))
        lines += [array_text(f"p_{g}[{k}]", own) for g, own in each.peepholes.items()]
    return lines
