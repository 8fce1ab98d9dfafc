"""Export a trained network as C99: one header, one source, no allocation, math.h only.

The source holds the weights as constants and the step of the network, specialised to its
architecture: what the architecture lacks costs nothing.
"""

from __future__ import annotations

from evolino.export.c_self_test import Recorded, self_test
from evolino.export.c_step import fed_back, loop, step_function, suffixes
from evolino.export.c_text import CPrecision, CType
from evolino.export.step_model import LayeredModel, StepModel, check_name, forward_model
from evolino.models.model import Model
from evolino.network.lstm import PROBABILITIES

HEADER = """\
/* A network exported by evolino: {cells} memory cells{layers},
   {inputs} inputs, {outputs} outputs.

   {name}_init(&state) puts the network at rest. {name}_step(&state, inputs, outputs) takes
   one step. inputs and outputs are in the units of the data. */
#ifndef {guard}_H
#define {guard}_H

#ifdef __cplusplus
extern "C" {{
#endif

#define {guard}_CELLS {cells}
#define {guard}_INPUTS {inputs}
#define {guard}_OUTPUTS {outputs}

typedef {real} {name}_real;

typedef struct {{
    {name}_real h[{cells}]; /* outputs of the cells */
    {name}_real s[{cells}]; /* states of the cells */{fed}
}} {name}_state;

/* Put the network at rest. */
void {name}_init({name}_state *state);

/* Take one step. inputs: {inputs} values{unused}. outputs: {outputs} values,
   which are written.{freely} */
void {name}_step({name}_state *state, const {name}_real *inputs, {name}_real *outputs);
{more}
#ifdef __cplusplus
}}
#endif

#endif
"""

FEED = """
/* Feed back these {outputs} values at the next step, in place of the network's own outputs:
   call it after each step for which the true output is known (teacher forcing). */
void {name}_feed({name}_state *state, const {name}_real *outputs);
"""

BOUND = """
/* Cut outputs of a free run to the range that the model allows. They are fed back uncut. */
void {name}_bound({name}_real *outputs);
"""


def c_files(
    model: Model, name: str = "network", precision: CPrecision = "double"
) -> dict[str, str]:
    """Return file name -> text of a header and a source.

    name: of the files and the prefix of all that they define. precision: "double" or
    "float". Compiled with EVOLINO_SELF_TEST defined, the source is a program that compares
    the network with outputs of the model, and prints its size and the time of a step.
    Raises ValueError for a model that cannot be exported, such as a bidirectional one, a
    name that is no identifier, and weights that the precision cannot hold.
    """
    check_name(name)
    kind, network = CType(precision), forward_model(model)
    head = network.head
    source = [
        f"/* {name}: a network exported by evolino. */\n"
        f'#include "{name}.h"\n\n#include <math.h>\n\n',
        *_constants(network, kind),
        _sigma(network, kind),
        _init(network, name),
        step_function(network, kind, name),
        _feed(head, kind, name),
        _bound(head, name),
        self_test(Recorded.of(model, network), head, kind, name),
    ]
    return {f"{name}.h": _header(network, kind, name), f"{name}.c": "".join(source)}


def has_bounds(network: StepModel) -> bool:
    """Return whether the outputs of free runs are cut."""
    return network.scaling is not None and bool(
        (network.scaling.lower > -float("inf")).any()
        or (network.scaling.upper < float("inf")).any()
    )


def _header(network: LayeredModel, kind: CType, name: str) -> str:
    head, count = network.head, len(network.layers)
    shape = head.architecture
    own = shape.feedback and shape.output not in PROBABILITIES
    feed = FEED.format(name=name, outputs=shape.outputs) if shape.feedback else ""
    bound = BOUND.format(name=name) if has_bounds(head) else ""
    freely = "\n   The outputs are fed back at the next step." if own else ""
    if shape.feedback and not own:
        freely = f"\n   They are not fed back: call {name}_feed after each step."
    fed = f"\n    {name}_real fed[{shape.outputs}]; /* fed back at the next step */"
    return HEADER.format(
        name=name,
        guard=name.upper(),
        real=kind.name,
        cells=sum(network.widths),
        layers=f" in {count} layers" if count > 1 else "",
        inputs=shape.inputs,
        outputs=shape.outputs,
        fed=fed if shape.feedback else "",
        unused="" if shape.inputs else ", may be a null pointer",
        freely=freely,
        more=feed + bound,
    )


def _constants(network: LayeredModel, kind: CType) -> list[str]:
    """Return the definitions of all constant arrays."""
    head = network.head
    shape, scaling = head.architecture, head.scaling
    arrays = {}
    for layer, of in zip(network.layers, suffixes(network), strict=True):
        # The gates stand side by side: their sums are then independent of each other, and
        # the processor need not wait for one to add to the next, and compilers add two at
        # once.
        arrays[f"weights{of}"] = layer[0].weights.transpose(1, 2, 0)
        arrays |= {f"p_{gate}{of}": each for gate, each in layer[0].peepholes.items()}
    arrays["w_readout"] = head.readout
    if scaling is not None:
        if shape.inputs:
            arrays |= {"x_mean": scaling.input_mean, "x_scale": scaling.input_scale}
        arrays |= {"y_mean": scaling.output_mean, "y_scale": scaling.output_scale}
    if scaling is not None and has_bounds(head):
        arrays |= {"y_lower": scaling.lower, "y_upper": scaling.upper}
    texts = [kind.array(name, values) for name, values in arrays.items()]
    sizes = " + ".join(f"sizeof {name}" for name in arrays)
    return [*texts, f"\n#define CONSTANT_BYTES ({sizes})\n\n"]


def _sigma(network: LayeredModel, kind: CType) -> str:
    """Return the functions that the step calls."""
    shape, real, f = network.layers[0][0].architecture, kind.name, kind.suffix
    gates = len(shape.gates)
    of_layer = len(network.layers) > 1  # layers may have different numbers of sources
    count = "count" if of_layer else str(shape.input_width + shape.cells)
    each = f"for (g = 0; g < {gates}; g++)"
    return (
        f"static {real} sigma({real} x)\n{{\n"
        f"    return 1.0{f} / (1.0{f} + exp{f}(-x));\n}}\n\n"
        f"/* Net inputs of a cell's {', '.join(shape.gates)}: the bias, then weights\n"
        f"   times the input vector u and the cell outputs h. */\n"
        f"static void drive(const {real} w[][{gates}], const {real} *source,\n"
        f"                  {'int count, ' if of_layer else ''}{real} *net)\n{{\n"
        f"    {real} sum[{gates}];\n    int j, g;\n"
        f"    {each}\n        sum[g] = w[0][g];\n"
        f"    for (j = 0; j < {count}; j++)\n"
        f"        {each}\n            sum[g] += w[j + 1][g] * source[j];\n"
        f"    {each}\n        net[g] = sum[g];\n}}\n\n"
    )


def _init(network: LayeredModel, name: str) -> str:
    shape = network.head.architecture
    fed = f"    for (k = 0; k < {shape.outputs}; k++)\n        state->fed[k] = 0;\n"
    return (
        f"void {name}_init({name}_state *state)\n{{\n    int k;\n"
        f"    for (k = 0; k < {sum(network.widths)}; k++)\n"
        f"        state->h[k] = state->s[k] = 0;\n"
        f"{fed if shape.feedback else ''}}}\n\n"
    )


def _feed(network: StepModel, kind: CType, name: str) -> str:
    shape = network.architecture
    if not shape.feedback:
        return ""
    y = "(outputs[k] - y_mean[k]) / y_scale[k]" if network.scaling else "outputs[k]"
    lines = loop(shape.outputs, f"state->fed[k] = {fed_back(network, kind, y)};")
    body = "".join(f"    {line}\n" for line in ["int k;", *lines])
    return (
        f"void {name}_feed({name}_state *state, const {name}_real *outputs)\n"
        f"{{\n{body}}}\n\n"
    )


def _bound(network: StepModel, name: str) -> str:
    if not has_bounds(network):
        return ""
    lines = loop(
        network.architecture.outputs,
        "if (!(outputs[k] <= y_upper[k]))  /* what is not a number, too */",
        "    outputs[k] = y_upper[k];",
        "else if (outputs[k] < y_lower[k])",
        "    outputs[k] = y_lower[k];",
    )
    body = "".join(f"    {line}\n" for line in ["int k;", *lines])
    return f"void {name}_bound({name}_real *outputs)\n{{\n{body}}}\n\n"
