"""The self-test of an exported C99 network: recorded outputs, and a program around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.export.c_text import CType
from evolino.export.step_model import LayeredModel, StepModel
from evolino.models.model import Model
from evolino.network.base import input_vectors
from evolino.network.features import features_of
from evolino.vocabulary import Array

STEPS = 24
TOLERANCE = {"double": 1e-12, "float": 2e-5}  # times the terms that an output is a sum of

MAIN = """\
#include <stdio.h>
#include <time.h>

int main(void)
{{
    {name}_state state;
    {real} outputs[{outputs}], worst = 0;
    clock_t start;
    volatile {real} used = 0;
    int t, k;
    {name}_init(&state);
    for (t = 0; t < {steps}; t++) {{
        {name}_step(&state, {input}, outputs);
        for (k = 0; k < {outputs}; k++) {{
            {real} error = fabs{f}(outputs[k] - test_outputs[t][k]) / test_scale[k];
            if (!(error <= worst))
                worst = error;
        }}{feed}
    }}
    start = clock();
    for (t = 0; t < 20000; t++) {{
        {name}_step(&state, {repeated}, outputs);
        used += outputs[0];
    }}
    printf("largest error %.3g, allowed {printed}\\n", (double)worst);
    printf("constants %lu bytes, state %lu bytes\\n", (unsigned long)CONSTANT_BYTES,
           (unsigned long)sizeof state);
    printf("one step %.3f us\\n", (double)(clock() - start) / CLOCKS_PER_SEC * 50.0);
    return worst <= {allowed} ? 0 : 1;
}}
"""


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What a model does with teacher-forced random data, in the units of the data.

    inputs: (T, I). targets, outputs: (T, K). scale: (K,), the largest sum of absolute terms
    of each output, at least 1 in standardised units: rounding is proportional to it.
    """

    inputs: Array
    targets: Array
    outputs: Array
    scale: Array

    @classmethod
    def of(cls, model: Model, network: LayeredModel) -> Recorded:
        """Drive a model with the same random numbers each time."""
        head, rng = network.head, np.random.default_rng(0)
        architecture = head.architecture
        x = rng.normal(size=(STEPS, architecture.inputs))
        y = rng.normal(size=(STEPS, architecture.outputs))
        scale = np.ones(architecture.outputs)
        scaling = model.scaling
        inputs, targets = x, y
        if scaling is not None:
            inputs = scaling.input_mean + scaling.input_scale * x
            targets, scale = scaling.restored(y), scaling.output_scale
        trace = model.states(inputs, targets)
        u = input_vectors(architecture, x, y)
        cells = slice(-architecture.cells, None)  # of the layers that are read, the last
        h, s = trace.outputs[:, cells], trace.states[:, cells]
        features = features_of(architecture, h, s, u)
        terms = (np.abs(features) @ np.abs(head.readout.T)).max(axis=0)
        offset = 0.0 if scaling is None else np.abs(scaling.output_mean)
        size = scale * np.maximum(terms, 1.0) + offset
        return cls(inputs, targets, model.predict(inputs, targets), size)


def self_test(recorded: Recorded, network: StepModel, kind: CType, name: str) -> str:
    """Return the part of the source that is compiled under EVOLINO_SELF_TEST."""
    shape = network.architecture
    arrays = {"test_outputs": recorded.outputs, "test_scale": recorded.scale}
    if shape.inputs:
        arrays["test_inputs"] = recorded.inputs
    if shape.feedback:
        arrays["test_targets"] = recorded.targets
    feed = f"\n        {name}_feed(&state, test_targets[t]);" if shape.feedback else ""
    main = MAIN.format(
        name=name,
        real=kind.name,
        f=kind.suffix,
        outputs=shape.outputs,
        steps=STEPS,
        input="test_inputs[t]" if shape.inputs else "0",
        repeated=f"test_inputs[t % {STEPS}]" if shape.inputs else "0",
        feed=feed,
        printed=TOLERANCE[kind.name],
        allowed=kind.number(TOLERANCE[kind.name]),
    )
    constants = "".join(kind.array(key, values) for key, values in arrays.items())
    return f"#ifdef EVOLINO_SELF_TEST\n{constants}\n{main}#endif\n"
