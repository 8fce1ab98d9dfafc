"""Export a trained network as a PyTorch module: one Python file, weights included."""

from __future__ import annotations

import textwrap

from evolino.export.c99 import has_bounds
from evolino.export.c_text import CPrecision, CType
from evolino.export.onnx_step import feedback_of, runs_freely
from evolino.export.step_model import StepModel, check_name, step_model
from evolino.models.model import Model
from evolino.network.features import layout
from evolino.network.lstm import THRESHOLD
from evolino.vocabulary import Array

HEAD = '''\
"""A network exported by evolino: a PyTorch module; needs torch only."""

import torch

'''
MODULE = '''

class Network(torch.nn.Module):
    """{cells} memory cells, {inputs} inputs, {outputs} outputs, in the units of the data.

    A state is a pair (h, s), each (N, {cells}), of the cells{fed_too}.
    """

    def __init__(self):
        super().__init__()
{registered}
    def at_rest(self, sequences=1):
        """Return the state before the first step."""
        def zeros(size):
            return self.weights.new_zeros(sequences, size)

        return {rest}

    def step(self, inputs, state):
        """Take a step: inputs (N, {inputs}){unused}; return outputs, state."""
        {unpacked} = state
        u = {u}
        source = torch.cat([torch.ones_like(h[:, :1]), u, {driving}], 1)
        net = (source @ self.weights.flatten(0, 1).T).unflatten(1, ({gates}, {cells}))
{cells_code}
        y = torch.cat([{features}], 1) @ self.readout.T
{units}
        return {restored}, {state}

    def forward(self, inputs=None, targets=None, state=None):
        """Run over inputs (T, N, {inputs}){teacher}.

        Returns outputs (T, N, {outputs}) and the last state. state: None is at rest.
        """
        rows = {rows}
        state = self.at_rest(rows.shape[1]) if state is None else state
        outputs = []
        for t in range(len(rows)):
            y, state = self.step({row}, state)
            outputs.append(y){feeding}
        return torch.stack(outputs), state
'''
FEED = '''
    def feed(self, outputs, state):
        """Feed back true outputs (N, {outputs}) at the next step: return the state."""
        return *state[:2], (outputs - self.feedback_mean) * self.feedback_factor
'''
GENERATE = '''
    def generate(self, steps, inputs=None, state=None):
        """Run freely: return outputs (steps, N, {outputs}) and the last state.

        inputs: (steps, N, {inputs}){unused}. The outputs are fed back at each step{cut}.
        """
        state = self.at_rest() if state is None else state
        outputs = []
        for t in range(steps):
            y, state = self.step({row}, state)
            outputs.append(y)
        outputs = torch.stack(outputs)
        return {bounded}, state
'''


def torch_files(
    model: Model, name: str = "network", precision: CPrecision = "double"
) -> dict[str, str]:
    """Return the name and text of a Python file with a class `Network`, a torch.nn.Module.

    name: the file is `name_torch.py`. precision: of its numbers, "double" or "float".
    Weights are parameters, so that the network trains on in PyTorch. The file holds them as
    text: no pickle. Raises ValueError for a model that cannot be exported, a name that is
    no identifier, and weights that the precision cannot hold.
    """
    check_name(name)
    kind, network = CType(precision), step_model(model)
    shape = network.architecture
    arrays = _arrays(network)
    for values in arrays.values():
        for value in values.ravel().tolist():
            kind.number(value)
    texts = [_array(f"{key}_values", each, kind) for key, each in arrays.items()]
    fed = shape.feedback
    cells = {"cells": shape.cells, "inputs": shape.inputs, "outputs": shape.outputs}
    unused = "" if shape.inputs else ", not used"
    row = "inputs[t]" if shape.inputs else "None"
    body = MODULE.format(
        **cells,
        gates=len(shape.gates),
        unused=unused,
        row=row,
        fed_too=f"; then what is fed back, (N, {shape.outputs})" if fed else "",
        registered=_registered(network, arrays),
        rest=_tuple([f"zeros({size})" for size in _state_sizes(network)]),
        driving="s" if shape.full_peepholes else "h",
        unpacked="h, s, fed" if fed else "h, s",
        u=_input_vector(network),
        cells_code=_indented(_cells(network)),
        features=", ".join(_features(network)),
        units=_indented(_units(network)),
        restored="self.y_mean + self.y_scale * y" if network.scaling else "y",
        state="(h, s, fed)" if fed else "(h, s)",
        teacher=(
            f"; targets (T, N, {shape.outputs}) are fed back a step later (teacher forcing)"
            if fed
            else ""
        ),
        rows="inputs" if shape.inputs else "targets",
        feeding=("\n            state = self.feed(targets[t], state)" if fed else ""),
    )
    if fed:
        body += FEED.format(**cells)
    if runs_freely(network):
        bounds = has_bounds(network)
        cut = ", uncut; what\n        is returned is cut to the model's bounds"
        bounded = "outputs.clamp(self.y_lower, self.y_upper)" if bounds else "outputs"
        body += GENERATE.format(
            **cells, unused=unused, row=row, cut=cut if bounds else "", bounded=bounded
        )
    return {f"{name}_torch.py": HEAD + "".join(texts) + body}


def _arrays(network: StepModel) -> dict[str, Array]:
    """Return name -> array: parameters first, then constants."""
    shape, scaling = network.architecture, network.scaling
    arrays = {"weights": network.weights, "readout": network.readout}
    arrays |= {f"p_{gate}": each for gate, each in network.peepholes.items()}
    if shape.feedback:
        mean, factor = feedback_of(network)
        arrays |= {"feedback_mean": mean, "feedback_factor": factor}
    if scaling is not None:
        if shape.inputs:
            arrays |= {"x_mean": scaling.input_mean, "x_scale": scaling.input_scale}
        arrays |= {"y_mean": scaling.output_mean, "y_scale": scaling.output_scale}
    if scaling is not None and has_bounds(network):
        arrays |= {"y_lower": scaling.lower, "y_upper": scaling.upper}
    return arrays


def _array(name: str, values: Array, kind: CType) -> str:
    """Return the definition of a tensor; `repr` of a float is exact."""
    numbers = values.ravel().tolist()
    text = ", ".join(repr(each).replace("inf", "float('inf')") for each in numbers)
    lines = "\n".join(textwrap.wrap(text, 96, break_on_hyphens=False))
    dtype = "float64" if kind.name == "double" else "float32"
    shape = tuple(values.shape)
    return f"{name} = torch.tensor([\n{lines}\n], dtype=torch.{dtype}).reshape({shape})\n"


def _registered(network: StepModel, arrays: dict[str, Array]) -> str:
    """Return the lines that make parameters of weights and buffers of constants."""
    weights = {"weights", "readout", *(f"p_{gate}" for gate in network.peepholes)}
    lines = [
        f"self.{name} = torch.nn.Parameter({name}_values.clone())"
        if name in weights
        else f'self.register_buffer("{name}", {name}_values.clone())'
        for name in arrays
    ]
    return _indented(lines) + "\n"


def _state_sizes(network: StepModel) -> list[int]:
    shape = network.architecture
    return [shape.cells, shape.cells, *([shape.outputs] if shape.feedback else [])]


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)})"


def _input_vector(network: StepModel) -> str:
    """Return u(t) as an expression."""
    shape = network.architecture
    scaled = "(inputs - self.x_mean) / self.x_scale" if network.scaling else "inputs"
    parts = [scaled] * bool(shape.inputs) + ["fed"] * shape.feedback
    return f"torch.cat([{', '.join(parts)}], 1)" if len(parts) > 1 else parts[0]


def _indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines), " " * 8)


def _cells(network: StepModel) -> list[str]:
    """Return the lines of the memory cells; equations of `evolino.network.lstm`."""
    shape = network.architecture

    def into(gate: str) -> str:
        peephole = f" + self.p_{gate} * s" if gate in network.peepholes else ""
        return f"net[:, {shape.gates.index(gate)}]{peephole}"

    cell = into("cell")
    z = cell if shape.cell_input == "identity" else f"torch.tanh({cell})"
    forget = f"torch.sigmoid({into('forget')}) * s" if shape.forget_gate else "s"
    out = {
        "o*s": "o * s",
        "o*tanh(s)": "o * torch.tanh(s)",
        "tanh(o*s)": "torch.tanh(o * s)",
    }
    return [
        f"s = {forget} + torch.sigmoid({into('input')}) * {z}",
        f"o = torch.sigmoid({into('output')})",
        f"h = {out[shape.cell_output]}",
    ]


def _features(network: StepModel) -> list[str]:
    """Return the parts that the readout sees, in their order."""
    names = {
        "outputs": "h",
        "states": "s",
        "inputs": "u",
        "constant": "torch.ones_like(h[:, :1])",
    }
    return [
        f"{names[each.source]} ** 2" if each.squared else names[each.source]
        for each in layout(network.architecture)
    ]


def _units(network: StepModel) -> list[str]:
    """Return the lines that make outputs of the sums, and what is fed back."""
    shape, lines = network.architecture, []
    cut = f"(y > {THRESHOLD}).to(y)"
    if shape.output == "threshold":
        lines += [f"y = {cut}"]
    if shape.output == "logistic":
        lines += ["y = torch.sigmoid(y)"]
    if shape.output == "softmax":
        sizes = [block.stop - block.start for block in shape.blocks()]
        lines += [f"y = torch.cat([b.softmax(1) for b in y.split({sizes}, 1)], 1)"]
    if shape.feedback:
        fed = cut if shape.output == "threshold in feedback" else "y"
        fed = fed if runs_freely(network) else "torch.zeros_like(y)"
        lines += [f"fed = {float(shape.feedback_scale)!r} * {fed}"]
    return lines
