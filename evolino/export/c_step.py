"""The step of an exported network as C99, specialised to its architecture."""

from __future__ import annotations

from evolino.export.c_text import CType
from evolino.export.step_model import StepModel
from evolino.network.features import layout
from evolino.network.lstm import PROBABILITIES, THRESHOLD


def step_function(network: StepModel, kind: CType, name: str) -> str:
    """Return the function that takes a step."""
    shape, real = network.architecture, kind.name
    width, cells = shape.input_width, shape.cells
    lines = [f"{real} source[{width + cells}];  /* u, then what the cells give */"]
    lines += ["int k;"]
    if shape.inputs:
        scaled = "(inputs[k] - x_mean[k]) / x_scale[k]" if network.scaling else "inputs[k]"
        lines += loop(shape.inputs, f"source[k] = {scaled};")
    else:
        lines += ["(void)inputs;"]
    if shape.feedback:
        lines += loop(shape.outputs, f"source[{shape.inputs} + k] = state->fed[k];")
    driving = "s" if shape.full_peepholes else "h"
    lines += loop(cells, f"source[{width} + k] = state->{driving}[k];")
    lines += loop(cells, *_cell(network, kind))
    lines += _readout(network, kind)
    body = "".join(f"    {line}\n" for line in lines)
    return (
        f"void {name}_step({name}_state *state, const {name}_real *inputs, "
        f"{name}_real *outputs)\n{{\n{body}}}\n\n"
    )


def loop(count: int, *lines: str) -> list[str]:
    """Return lines repeated for k below a count."""
    return [
        f"for (k = 0; k < {count}; k++) {{",
        *(f"    {line}" for line in lines),
        "}",
    ]


def _cell(network: StepModel, kind: CType) -> list[str]:
    """Return the lines of memory cell k; equations of `evolino.network.lstm`."""
    shape, real = network.architecture, kind.name
    tanh = f"tanh{kind.suffix}"

    def into(gate: str) -> str:
        peephole = f" + p_{gate}[k] * s" if gate in network.peepholes else ""
        return f"net[{shape.gates.index(gate)}]{peephole}"

    z = into("cell") if shape.cell_input == "identity" else f"{tanh}({into('cell')})"
    forget = f"sigma({into('forget')}) * s" if shape.forget_gate else "s"
    out = {
        "o*s": "o * s",
        "o*tanh(s)": f"o * {tanh}(s)",
        "tanh(o*s)": f"{tanh}(o * s)",
    }
    return [
        f"{real} net[{len(shape.gates)}], s = state->s[k], o;",
        "drive(weights[k], source, net);",
        f"s = {forget} + sigma({into('input')}) * {z};",
        f"o = sigma({into('output')});",
        "state->s[k] = s;",
        f"state->h[k] = {out[shape.cell_output]};",
    ]


def _readout(network: StepModel, kind: CType) -> list[str]:
    """Return the lines from features to outputs."""
    shape, real, f = network.architecture, kind.name, kind.suffix
    arrays = {
        "outputs": ("state->h[j]", shape.cells),
        "states": ("state->s[j]", shape.cells),
        "inputs": ("source[j]", shape.input_width),
    }
    inner, first = [f"{real} sum = 0;", "int j;"], 0
    for each in layout(shape):
        if each.source == "constant":
            inner += [f"sum += w_readout[k][{first}];"]
            first += 1
            continue
        value, count = arrays[each.source]
        value = f"{value} * {value}" if each.squared else value
        if count:
            inner += [
                f"for (j = 0; j < {count}; j++)",
                f"    sum += w_readout[k][{first} + j] * {value};",
            ]
        first += count
    lines = loop(shape.outputs, *inner, "outputs[k] = sum;")
    lines += _output_units(network, kind)
    if shape.feedback:
        y = "outputs[k]"
        if shape.output == "threshold in feedback":
            y = f"(outputs[k] > {THRESHOLD}{f} ? 1 : 0)"
        fed = "0" if shape.output in PROBABILITIES else f"{fed_back(network, kind, y)}"
        lines += loop(shape.outputs, f"state->fed[k] = {fed};")
    if network.scaling is not None:
        lines += loop(shape.outputs, "outputs[k] = y_mean[k] + y_scale[k] * outputs[k];")
    return lines


def fed_back(network: StepModel, kind: CType, text: str) -> str:
    """Return what is fed back of an output, as an expression."""
    scale = network.architecture.feedback_scale
    return text if scale == 1 else f"{kind.number(scale)} * {text}"


def _output_units(network: StepModel, kind: CType) -> list[str]:
    """Return the lines that make outputs of the sums."""
    shape, real, f = network.architecture, kind.name, kind.suffix
    if shape.output == "threshold":
        return loop(shape.outputs, f"outputs[k] = outputs[k] > {THRESHOLD}{f} ? 1 : 0;")
    if shape.output == "logistic":
        return loop(shape.outputs, "outputs[k] = sigma(outputs[k]);")
    if shape.output != "softmax":
        return []
    lines = []
    for block in shape.blocks():
        first, end = block.start, block.stop
        each_k = f"for (k = {first}; k < {end}; k++)"
        lines += [
            "{",
            f"    {real} most = outputs[{first}], total = 0;",
            f"    {each_k}",
            "        most = outputs[k] > most ? outputs[k] : most;",
            f"    {each_k}",
            f"        total += outputs[k] = exp{f}(outputs[k] - most);",
            f"    {each_k}",
            "        outputs[k] /= total;",
            "}",
        ]
    return lines
