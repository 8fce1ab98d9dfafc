"""Text of Python files for NumPy: arrays, memory cells, features and output units."""

from __future__ import annotations

import textwrap
from collections.abc import Container

from evolino.export.c99 import has_bounds
from evolino.export.step_model import StepModel
from evolino.network.features import layout
from evolino.network.lstm import LSTM, PROBABILITIES, THRESHOLD
from evolino.vocabulary import Array

SIGMA = """\


def sigma(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))
"""

FEED = '''
    def feed(self, outputs):
        """Feed back these true outputs at the next step (teacher forcing)."""
        self.fed = {scale} * {scaled}
'''

BOUND = '''

def bound(outputs):
    """Cut outputs of a free run to the model's range; they are fed back uncut."""
    return np.clip(np.where(np.isnan(outputs), np.inf, outputs), y_lower, y_upper)
'''


def vector_text(network: StepModel, rows: bool = False) -> str:
    """Return what makes scaled external inputs: of a step, or rows of all steps."""
    width = network.architecture.inputs
    # Reshaped, so that a vector of another size is an error and not broadcast.
    x = f"np.reshape(inputs, {f'(-1, {width})' if rows else width})"
    return x if network.scaling is None else f"({x} - x_mean) / x_scale"


def restored_text(network: StepModel) -> str:
    """Return what gives outputs y in the units of the data."""
    return "y" if network.scaling is None else "y_mean + y_scale * y"


def feed_text(network: StepModel) -> str:
    """Return the method that feeds back true outputs, empty without feedback."""
    shape = network.architecture
    if not shape.feedback:
        return ""
    y = f"np.reshape(outputs, {shape.outputs})"
    given = y if network.scaling is None else f"({y} - y_mean) / y_scale"
    return FEED.format(scale=repr(float(shape.feedback_scale)), scaled=given)


def readout_constants(network: StepModel) -> list[str]:
    """Return the lines that define the readout, and the units if there are any."""
    arrays, scaling = {"readout": network.readout}, network.scaling
    if scaling is not None:
        arrays |= {"x_mean": scaling.input_mean, "x_scale": scaling.input_scale}
        arrays |= {"y_mean": scaling.output_mean, "y_scale": scaling.output_scale}
        if has_bounds(network):
            arrays |= {"y_lower": scaling.lower, "y_upper": scaling.upper}
    return [array_text(name, values) for name, values in arrays.items()]


def array_text(name: str, values: Array) -> str:
    """Return the definition of an array; `repr` of a float is exact."""
    numbers = values.ravel().tolist()
    text = ", ".join(repr(each).replace("inf", "np.inf") for each in numbers)
    lines = "\n".join(textwrap.wrap(text, 96, break_on_hyphens=False))
    return f"{name} = np.array([\n{lines}\n], dtype=float).reshape({values.shape})\n"


def indented(lines: list[str], by: int = 8) -> str:
    """Return lines of a function as text."""
    return textwrap.indent("\n".join(lines), " " * by)


def cell_lines(
    shape: LSTM, peepholes: Container[str], own: str = "self.", at: str = ""
) -> list[str]:
    """Return the lines of the memory cells; equations of `evolino.network.lstm`.

    peepholes: gates that have them. own: before h and s. at: after the names of peepholes.
    """

    def into(gate: str) -> str:
        peephole = f" + p_{gate}{at} * {own}s" if gate in peepholes else ""
        return f"net[{shape.gates.index(gate)}]{peephole}"

    z = into("cell") if shape.cell_input == "identity" else f"np.tanh({into('cell')})"
    forget = f"sigma({into('forget')}) * {own}s" if shape.forget_gate else f"{own}s"
    out = {
        "o*s": f"o * {own}s",
        "o*tanh(s)": f"o * np.tanh({own}s)",
        "tanh(o*s)": f"np.tanh(o * {own}s)",
    }
    return [
        f"{own}s = {forget} + sigma({into('input')}) * {z}",
        f"o = sigma({into('output')})",
        f"{own}h = {out[shape.cell_output]}",
    ]


def feature_parts(shape: LSTM, own: str = "self.") -> list[str]:
    """Return the parts that the readout sees, in their order; own: before h and s."""
    names = {"outputs": f"{own}h", "states": f"{own}s", "inputs": "u", "constant": "[1.0]"}
    return [
        f"{names[each.source]} ** 2" if each.squared else names[each.source]
        for each in layout(shape)
    ]


def unit_lines(shape: LSTM) -> list[str]:
    """Return the lines that make outputs of the sums, and what is fed back."""
    lines = []
    cut = f"(y > {THRESHOLD}).astype(float)"
    if shape.output == "threshold":
        lines += [f"y = {cut}"]
    if shape.output == "logistic":
        lines += ["y = sigma(y)"]
    if shape.output == "softmax":
        blocks = [(block.start, block.stop) for block in shape.blocks()]
        lines += [
            f"for first, end in {blocks}:",
            "    part = np.exp(y[first:end] - y[first:end].max())",
            "    y[first:end] = part / part.sum()",
        ]
    if shape.feedback:
        fed = cut if shape.output == "threshold in feedback" else "y"
        fed = "0.0 * y" if shape.output in PROBABILITIES else fed
        lines += [f"self.fed = {float(shape.feedback_scale)!r} * {fed}"]
    return lines
