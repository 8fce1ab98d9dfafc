"""Export a trained network as one Python file that imports NumPy only."""

from __future__ import annotations

import textwrap

from evolino.export.c99 import has_bounds
from evolino.export.step_model import StepModel, check_name, step_model
from evolino.models.model import Model
from evolino.network.features import layout
from evolino.network.lstm import PROBABILITIES, THRESHOLD
from evolino.vocabulary import Array

CLASS = '''\


def sigma(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))


class Network:
    """A network at rest, in the units of the data."""

    def __init__(self):
        self.h, self.s, self.fed = np.zeros({cells}), np.zeros({cells}), np.zeros({fed})

    def step(self, inputs=()):
        """Take one step with inputs ({inputs},); return the outputs ({outputs},)."""
        u = np.concatenate([{scaled_inputs}, self.fed])
        net = weights @ np.concatenate([[1.0], u, {driving}])
{cells_code}
        y = readout @ np.concatenate([{features}])
{units}
        return {restored}
'''

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


def numpy_files(model: Model, name: str = "network") -> dict[str, str]:
    """Return the name and text of a Python file: weights, and about forty lines.

    name: of the file. Raises ValueError for a model that cannot be exported, and a name
    that is no identifier.
    """
    check_name(name)
    network = step_model(model)
    shape, scaled = network.architecture, network.scaling is not None
    # Reshaped, so that a vector of another size is an error and not broadcast.
    x, y = f"np.reshape(inputs, {shape.inputs})", f"np.reshape(outputs, {shape.outputs})"
    body = CLASS.format(
        cells=shape.cells,
        inputs=shape.inputs,
        outputs=shape.outputs,
        fed=shape.outputs if shape.feedback else 0,
        scaled_inputs=f"({x} - x_mean) / x_scale" if scaled else x,
        driving="self.s" if shape.full_peepholes else "self.h",
        cells_code=_indented(_cells(network)),
        features=", ".join(_features(network)),
        units=_indented(_units(network)),
        restored="y_mean + y_scale * y" if scaled else "y",
    )
    if shape.feedback:
        given = f"({y} - y_mean) / y_scale" if scaled else y
        body += FEED.format(scale=repr(float(shape.feedback_scale)), scaled=given)
    body += BOUND if has_bounds(network) else ""
    head = (
        '"""A network exported by evolino; needs NumPy only."""\n\nimport numpy as np\n\n'
    )
    return {f"{name}.py": head + "".join(_constants(network)) + body}


def _constants(network: StepModel) -> list[str]:
    """Return the lines that define the arrays."""
    arrays = {"weights": network.weights, "readout": network.readout}
    arrays |= {f"p_{gate}": each for gate, each in network.peepholes.items()}
    scaling = network.scaling
    if scaling is not None:
        arrays |= {"x_mean": scaling.input_mean, "x_scale": scaling.input_scale}
        arrays |= {"y_mean": scaling.output_mean, "y_scale": scaling.output_scale}
    if scaling is not None and has_bounds(network):
        arrays |= {"y_lower": scaling.lower, "y_upper": scaling.upper}
    return [_array(name, values) for name, values in arrays.items()]


def _array(name: str, values: Array) -> str:
    """Return the definition of an array; `repr` of a float is exact."""
    numbers = values.ravel().tolist()
    text = ", ".join(repr(each).replace("inf", "np.inf") for each in numbers)
    lines = "\n".join(textwrap.wrap(text, 96, break_on_hyphens=False))
    return f"{name} = np.array([\n{lines}\n], dtype=float).reshape({values.shape})\n"


def _indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines), " " * 8)


def _cells(network: StepModel) -> list[str]:
    """Return the lines of the memory cells; equations of `evolino.network.lstm`."""
    shape = network.architecture

    def into(gate: str) -> str:
        peephole = f" + p_{gate} * self.s" if gate in network.peepholes else ""
        return f"net[{shape.gates.index(gate)}]{peephole}"

    z = into("cell") if shape.cell_input == "identity" else f"np.tanh({into('cell')})"
    forget = f"sigma({into('forget')}) * self.s" if shape.forget_gate else "self.s"
    out = {
        "o*s": "o * self.s",
        "o*tanh(s)": "o * np.tanh(self.s)",
        "tanh(o*s)": "np.tanh(o * self.s)",
    }
    return [
        f"self.s = {forget} + sigma({into('input')}) * {z}",
        f"o = sigma({into('output')})",
        f"self.h = {out[shape.cell_output]}",
    ]


def _features(network: StepModel) -> list[str]:
    """Return the parts that the readout sees, in their order."""
    names = {"outputs": "self.h", "states": "self.s", "inputs": "u", "constant": "[1.0]"}
    return [
        f"{names[each.source]} ** 2" if each.squared else names[each.source]
        for each in layout(network.architecture)
    ]


def _units(network: StepModel) -> list[str]:
    """Return the lines that make outputs of the sums, and what is fed back."""
    shape, lines = network.architecture, []
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
