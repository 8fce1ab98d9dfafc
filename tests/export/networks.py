"""Networks of every variant that is exported, drawn at random, and contracting."""

import numpy as np

from evolino.models.model import Model
from evolino.network.groups import Group
from evolino.network.lstm import LSTM
from evolino.task.scaling import Scaling

UNITS = Scaling(
    np.array([3.0, -40.0]),
    np.array([0.5, 20.0]),
    np.array([100.0, 1.0, -2.0]),
    np.array([25.0, 0.1, 3.0]),
    np.array([60.0, -np.inf, -4.0]),
    np.array([130.0, 1.05, np.inf]),
)
SMALL = Scaling(*(each[:1] for each in (
    np.zeros(1), np.ones(1), np.array([5.0]), np.array([2.0]), np.array([4.5]),
    np.array([5.5]),
)))  # fmt: skip
FIXED = {"feedback": False, "readout_inputs": False, "readout_constant": False}
VARIANTS = {
    "plain": LSTM(7, inputs=2, outputs=3),
    "peepholes": LSTM(6, inputs=2, outputs=3, peepholes=True, readout_states=True,
                      readout_squares=True, feedback_scale=0.25),
    "papers": LSTM(5, outputs=1, cell_input="identity", cell_output="tanh(o*s)",
                   readout_inputs=False),
    "of1997": LSTM(5, inputs=1, outputs=1, forget_gate=False, peepholes=True,
                   cell_output="o*s", bias=False, readout_constant=False),
    "sparse": LSTM(9, inputs=2, outputs=3, sources=3, sources_seed=4, feedback=False),
    "grouped": LSTM(6, inputs=1, outputs=2,
                    groups=(Group(4, 1, (0,)), Group(2, 1, (0, 1)))),
    "thresholds": LSTM(5, inputs=1, outputs=2, output="threshold"),
    "cut": LSTM(5, inputs=1, outputs=2, output="threshold in feedback", feedback_scale=0.5),
    "logistic": LSTM(5, inputs=1, outputs=2, output="logistic"),
    "softmax": LSTM(5, inputs=1, outputs=5, output="softmax", alternatives=(2, 3)),
    "policy": LSTM(5, inputs=3, outputs=2, peepholes=True, evolved_outputs=True, **FIXED),
    "units": LSTM(8, inputs=2, outputs=3, peepholes=True),
    "alone": LSTM(4, inputs=1, outputs=1, feedback=False),
    "of2002": LSTM(6, inputs=2, outputs=2, peepholes=True, cell_input="identity",
                   cell_output="o*s"),
    "whole": LSTM(6, inputs=2, outputs=2, full_peepholes=True, cell_output="tanh(o*s)",
                  readout_states=True),
}  # fmt: skip
PROBABILITIES = ("logistic", "softmax")
FREE = [
    name
    for name, shape in VARIANTS.items()
    if shape.feedback and shape.output not in PROBABILITIES
]


def model(variant):
    """A network whose weights are small enough that its free run contracts, or that cells
    without forget gates stay small."""
    shape = VARIANTS[variant]
    rng = np.random.default_rng(sorted(VARIANTS).index(variant))
    genome = rng.normal(0.0, 0.2 if shape.forget_gate else 0.05, shape.genome_shape)
    if shape.forget_gate:
        genome[:, shape.genes_of("bias", "forget")] -= 1.0
    weights = rng.normal(0.0, 0.15, (shape.readout_width, shape.outputs))
    scaling = {"units": UNITS, "alone": SMALL}.get(variant)
    return Model(shape, genome, weights, scaling)


def data(of, steps):
    """Inputs and targets in the units of a model, random."""
    rng, shape = np.random.default_rng(7), of.architecture
    x, y = rng.normal(size=(steps, shape.inputs)), rng.normal(size=(steps, shape.outputs))
    if shape.output.startswith("threshold"):
        y = (y > 0).astype(np.float64)
    if of.scaling is None:
        return x, y
    return of.scaling.input_mean + of.scaling.input_scale * x, of.scaling.restored(y)


def steps_ahead(of):
    """Steps of a free run: many where it contracts; cells without forget gates only add."""
    return 1000 if of.architecture.forget_gate else 20


def sizes(of):
    """The size of rounding of each output: its scale and offset."""
    if of.scaling is None:
        return np.ones(of.architecture.outputs)
    return of.scaling.output_scale + np.abs(of.scaling.output_mean)


def expected(of, prime, ahead):
    """What a model answers: one step ahead on a prime, then in a free run."""
    shape = of.architecture
    x, y = data(of, prime + ahead)
    forced = of.predict(x[:prime] if shape.inputs else None, y[:prime])
    if shape.output in PROBABILITIES:
        return forced, forced[:0]
    return forced, of.generate(ahead, y[:prime], x if shape.inputs else None)


def answers(of, step, feed, bound, prime, ahead):
    """What an exported network answers: step(inputs) -> outputs, feed, bound."""
    x, y = data(of, prime + ahead)
    forced, free = [], []
    for t in range(prime):
        forced.append(step(x[t]))
        if of.architecture.feedback:
            feed(y[t])
    for t in range(prime, prime + ahead):
        if of.architecture.output in PROBABILITIES:
            break
        free.append(bound(step(x[t])))
    shape = (-1, of.architecture.outputs)
    return np.array(forced).reshape(shape), np.array(free).reshape(shape)
