"""Text of PyTorch modules: arrays, memory cells, features, output units, free runs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from evolino.export.c99 import has_bounds
from evolino.export.c_text import CType
from evolino.export.onnx_step import feedback_of, runs_freely
from evolino.export.step_model import StepModel
from evolino.network.features import layout
from evolino.network.lstm import THRESHOLD
from evolino.vocabulary import Array

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

# The method of a module that takes a step at a time.
FORWARD = '''\
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


def constants_of(network: StepModel) -> dict[str, Array]:
    """Return name -> array of feedback and units."""
    shape, scaling = network.architecture, network.scaling
    arrays: dict[str, Array] = {}
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


def array_text(name: str, values: Array, kind: CType) -> str:
    """Return the definition of a tensor; `repr` of a float is exact. Raises ValueError for
    a number that the precision cannot hold."""
    numbers = values.ravel().tolist()
    for value in numbers:
        kind.number(value)
    text = ", ".join(repr(each).replace("inf", "float('inf')") for each in numbers)
    lines = "\n".join(textwrap.wrap(text, 96, break_on_hyphens=False))
    dtype = "float64" if kind.name == "double" else "float32"
    shape = tuple(values.shape)
    return f"{name} = torch.tensor([\n{lines}\n], dtype=torch.{dtype}).reshape({shape})\n"


def buffer_lines(names: Iterable[str]) -> list[str]:
    """Return the lines that make buffers of constants."""
    return [f'self.register_buffer("{name}", {name}_values.clone())' for name in names]


def fed_text(network: StepModel, row: str, unused: str) -> str:
    """Return the methods `feed` and `generate`, as far as a network has them."""
    shape, text = network.architecture, ""
    if shape.feedback:
        text += FEED.format(outputs=shape.outputs)
    if runs_freely(network):
        bounds = has_bounds(network)
        cut = ", uncut; what\n        is returned is cut to the model's bounds"
        text += GENERATE.format(
            inputs=shape.inputs,
            outputs=shape.outputs,
            unused=unused,
            row=row,
            cut=cut if bounds else "",
            bounded="outputs.clamp(self.y_lower, self.y_upper)" if bounds else "outputs",
        )
    return text


def vector_text(network: StepModel) -> str:
    """Return u(t) as an expression."""
    shape = network.architecture
    scaled = "(inputs - self.x_mean) / self.x_scale" if network.scaling else "inputs"
    parts = [scaled] * bool(shape.inputs) + ["fed"] * shape.feedback
    return f"torch.cat([{', '.join(parts)}], 1)" if len(parts) > 1 else parts[0]


def indented(lines: list[str]) -> str:
    """Return lines of a method as text."""
    return textwrap.indent("\n".join(lines), " " * 8)


def cell_lines(network: StepModel, at: str = "") -> list[str]:
    """Return the lines of the memory cells; equations of `evolino.network.lstm`. at: after
    the names of peepholes."""
    shape = network.architecture

    def into(gate: str) -> str:
        peephole = f" + self.p_{gate}{at} * s" if gate in network.peepholes else ""
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


def feature_parts(network: StepModel) -> list[str]:
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


def unit_lines(network: StepModel) -> list[str]:
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
