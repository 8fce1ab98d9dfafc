"""The step of an exported network as C99, specialised to its architecture."""

from __future__ import annotations

from evolino.export.c_text import CType
from evolino.export.step_model import LayeredModel, StepModel
from evolino.network.features import layout
from evolino.network.lstm import PROBABILITIES, THRESHOLD


def suffixes(network: LayeredModel) -> list[str]:
    """Return what the names of each layer's constants end with."""
    count = len(network.layers)
    return [f"_{k}" for k in range(count)] if count > 1 else [""]


def step_function(network: LayeredModel, kind: CType, name: str) -> str:
    """Return the function that takes a step, through one layer after another."""
    shape, real = network.head.architecture, kind.name
    width = shape.input_width
    most = max(own.architecture.input_width for own, *_ in network.layers)
    own_u = len(network.layers) > 1 and width  # the layers above write over the sources
    lines = [
        f"{real} source[{most + network.widths[0]}];  /* u, then what the cells give */"
    ]
    lines += [f"{real} u[{width}];"] if own_u else []
    lines += ["int k;"]
    vector = "u" if own_u else "source"
    if shape.inputs:
        own = (
            "(inputs[k] - x_mean[k]) / x_scale[k]" if network.head.scaling else "inputs[k]"
        )
        lines += loop(shape.inputs, f"{vector}[k] = {own};")
    else:
        lines += ["(void)inputs;"]
    if shape.feedback:
        lines += loop(shape.outputs, f"{vector}[{shape.inputs} + k] = state->fed[k];")
    lines += loop(width, "source[k] = u[k];") if own_u else []
    for number in range(len(network.layers)):
        lines += _layer(network, kind, number)
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


def _layer(network: LayeredModel, kind: CType, number: int) -> list[str]:
    """Return the lines of a layer; the first has its input vector as its source."""
    layer, own = network.layers[number][0], suffixes(network)[number]
    shape, first = layer.architecture, sum(network.widths[:number])
    at = f"{first} + k" if first else "k"
    lines = []
    if number:
        below = first - network.widths[number - 1]
        before = f"{below} + k" if below else "k"
        lines += [f"/* Layer {number}, driven by the cell outputs of the one below. */"]
        lines += loop(shape.input_width, f"source[k] = state->h[{before}];")
    driving = "s" if shape.full_peepholes else "h"
    lines += loop(shape.cells, f"source[{shape.input_width} + k] = state->{driving}[{at}];")
    count = f"{shape.input_width + shape.cells}, " if own else ""
    drive = f"drive(weights{own}[k], source, {count}net);"
    return lines + loop(shape.cells, *_cell(layer, kind, (own, at), drive))


def _cell(network: StepModel, kind: CType, own: tuple[str, str], drive: str) -> list[str]:
    """Return the lines of memory cell k of a layer; equations of `evolino.network.lstm`.

    own: what the names of its constants end with; where the cell is in the state. drive:
    the call that writes its net inputs.
    """
    shape, real = network.architecture, kind.name
    of, at = own
    tanh = f"tanh{kind.suffix}"

    def into(gate: str) -> str:
        peephole = f" + p_{gate}{of}[k] * s" if gate in network.peepholes else ""
        return f"net[{shape.gates.index(gate)}]{peephole}"

    z = into("cell") if shape.cell_input == "identity" else f"{tanh}({into('cell')})"
    forget = f"sigma({into('forget')}) * s" if shape.forget_gate else "s"
    out = {
        "o*s": "o * s",
        "o*tanh(s)": f"o * {tanh}(s)",
        "tanh(o*s)": f"{tanh}(o * s)",
    }
    return [
        f"{real} net[{len(shape.gates)}], s = state->s[{at}], o;",
        drive,
        f"s = {forget} + sigma({into('input')}) * {z};",
        f"o = sigma({into('output')});",
        f"state->s[{at}] = s;",
        f"state->h[{at}] = {out[shape.cell_output]};",
    ]


def _readout(layered: LayeredModel, kind: CType) -> list[str]:
    """Return the lines from features to outputs."""
    network = layered.head
    shape, real, f = network.architecture, kind.name, kind.suffix
    first_read = sum(layered.widths) - shape.cells
    at = f"{first_read} + j" if first_read else "j"
    arrays = {
        "outputs": (f"state->h[{at}]", shape.cells),
        "states": (f"state->s[{at}]", shape.cells),
        "inputs": ("u[j]" if len(layered.layers) > 1 else "source[j]", shape.input_width),
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
