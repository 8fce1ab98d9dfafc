"""Networks made to break proofs, and what a claim about them is held to."""

from dataclasses import replace

import numpy as np

from evolino.certificates import proof_search
from evolino.certificates.certificate import certify
from evolino.models.model import Model
from evolino.network.lstm import LSTM
from evolino.tasks.languages.languages import Languages
from tests.support import brute_force, counters

SHORT = {"BASES": ((12, 48), (5,)), "RUN_ALL": (120, 12), "RUN_SOME": (600, 40),
         "PRECISION": 4, "FAR": 2_000}  # fmt: skip
PAIRS = "a^2n b^n"  # its targets are a cycle
ROUNDING = 1e-9  # of the sum of absolute terms: nearer to 0 mpmath decides


def extended(model, cells, readout=()):
    """A model with cells behind its own, which see bias and inputs and show nothing yet."""
    old = model.architecture
    new = replace(old, cells=old.cells + cells, **dict(readout))
    genome = np.zeros(new.genome_shape)
    for gate in brute_force.GATES:
        for source in ("bias", "input"):
            genome[: old.cells, new.genes_of(source, gate)] = model.genome[
                :, old.genes_of(source, gate)
            ]
        into = np.atleast_1d(new.genes_of("recurrent", gate))[: old.cells]
        genome[: old.cells, into] = model.genome[:, old.genes_of("recurrent", gate)]
        if old.peepholes and gate != "cell":
            genome[: old.cells, new.genes_of("peephole", gate)] = model.genome[
                :, old.genes_of("peephole", gate)
            ]
    weights = np.zeros((new.readout_width, old.outputs))
    weights[: old.cells] = model.output_weights[: old.cells]
    rest = old.readout_width - old.cells
    weights[new.readout_width - rest :] = model.output_weights[old.cells :]
    return Model(new, genome, weights)


def set_gates(model, which, **net_inputs):
    """Write the biases of a cell's gates."""
    for gate, value in net_inputs.items():
        model.genome[which, model.architecture.genes_of("bias", gate)] = value


def counter(rng):
    language = rng.choice(["anbn", "anbn", "anbncn", "anbmcn+m", PAIRS])
    options = [
        {}, {}, {"peepholes": True}, {"peepholes": True, "creeping": True},
        {"cell_output": "tanh(o*s)"},
    ][rng.integers(5)]  # fmt: skip
    if language == PAIRS:
        model = counters.make_pairs(cell_output=options.get("cell_output", "o*tanh(s)"))
        phases = Languages(pattern=PAIRS, encoding="one-hot").phases()
    else:
        model, phases = counters.make(language, **options), counters.phases_of(language)
    return Model(
        model.architecture, model.genome.copy(), model.output_weights.copy()
    ), phases


def moved(rng, model):
    """All weights by 1e-13 to 0.1."""
    size = 10.0 ** rng.uniform(-13, -1)
    return Model(
        model.architecture,
        model.genome + rng.normal(0, size, model.genome.shape),
        model.output_weights + rng.normal(0, size / 10, model.output_weights.shape),
    )


def cancelling(rng, model):
    """Cells that show the same, with weights of up to 2^1023 that cancel."""
    count = 2 * int(rng.integers(1, 5))
    model = extended(model, count)
    first = model.architecture.cells - count
    size = 2.0 ** rng.integers(0, 1024)
    net = rng.choice([1.0, 30.0, 800.0])
    for k in range(count):
        set_gates(model, first + k, input=net, forget=-800.0, cell=net, output=net)
        model.output_weights[first + k] = size * (-1) ** (
            k if rng.random() < 0.7 else k // 2
        )
    return model


def half_open(rng, model):
    """Forget gates that lack 1e-3 to 1e-18, input gates that are not quite open."""
    net = model.architecture
    genome = model.genome.copy()
    lacks = 10.0 ** -rng.uniform(3, 18, net.cells)
    genome[:, net.genes_of("bias", "forget")] = -np.log(lacks)[:, None]
    if rng.random() < 0.5:
        genome[:, net.genes_of("bias", "input")] = rng.uniform(2, 60, (net.cells, 1))
    return Model(net, genome, model.output_weights)


def drifting(rng, model):
    """A cell that adds a little at every row, seen by the readout in full."""
    model = extended(model, 1, {"readout_states": True})
    last = model.architecture.cells - 1
    step = 10.0 ** -rng.uniform(1, 12)
    set_gates(model, last, input=800.0, forget=rng.choice([800.0, 30.0, 12.0]))
    set_gates(model, last, cell=np.arctanh(step), output=-800.0)
    row = model.architecture.cells + last
    model.output_weights[row] = rng.choice([-1.0, 1.0, 10.0], model.architecture.outputs)
    return model


def barely(rng, model, phases):
    """A readout whose smallest margin, over short strings, is moved to 1e-12 and less."""
    numbers = len(phases[0].factors)
    strings = np.repeat(rng.integers(1, 60, (4, 1)), numbers, axis=1)
    smallest = float(model.check(phases, strings).margins.min())
    if not 0 < smallest < 1e6:
        return model
    weights, k = model.output_weights.copy(), int(rng.integers(model.architecture.outputs))
    rest = rng.choice([-1e-12, -1e-15, 1e-15, 1e-12, 1e-9, 1e-6])
    sides = np.concatenate([phase.cycle[:, k] for phase in phases])
    weights[-1, k] -= np.sign(sides[rng.integers(len(sides))]) * (smallest - rest)
    return Model(model.architecture, model.genome, weights)


def scaled(rng, model):
    """Outputs of any size, some with what the kernels give up far out."""
    kind = rng.integers(3)
    if kind == 0:
        with np.errstate(over="ignore"):  # some are beyond all numbers: the largest
            weights = model.output_weights * 10.0 ** rng.uniform(-320, 300)
        largest = np.finfo(np.float64).max
        return Model(model.architecture, model.genome, np.clip(weights, -largest, largest))
    if kind == 1:  # one output grows with the state, until it is beyond 1e12
        model = extended(model, 0, {"readout_states": True})
        row = model.architecture.cells + int(rng.integers(model.architecture.cells))
        size = 10.0 ** rng.uniform(0, 12)
        model.output_weights[row] = size
        return model
    genome = model.genome * 10.0 ** rng.uniform(0, 305)
    return Model(model.architecture, genome, model.output_weights)


def vanishing(rng, model):
    """Weights up to e^100 on outputs that shut gates leave, which cancel in the kernels."""
    model = extended(model, 2)
    count = model.architecture.cells
    for cell, shut in ((count - 2, rng.uniform(20, 800)), (count - 1, 800.0)):
        set_gates(model, cell, input=rng.choice([800.0, -800.0]), cell=800.0)
        set_gates(model, cell, forget=rng.choice([-2.2, -800.0, 800.0]), output=-shut)
        into = np.atleast_1d(model.architecture.genes_of("input", "input"))[0]
        model.genome[cell, into] = rng.choice([0.0, 1600.0])
        shown = np.exp(min(shut, 100.0)) if rng.random() < 0.8 else np.exp(shut / 2)
        model.output_weights[cell, rng.integers(model.architecture.outputs)] = (
            rng.choice([-1.0, 1.0]) * shown * 10.0 ** rng.uniform(-3, 3)
        )
    return model


def at_random(rng, phases):
    """A network of no kind at all."""
    widths = len(phases[0].inputs), phases[0].cycle.shape[1]
    architecture = LSTM(
        int(rng.integers(1, 5)), inputs=widths[0], outputs=widths[1], feedback=False,
        peepholes=bool(rng.integers(2)),
    )  # fmt: skip
    genome = rng.normal(0, 10.0 ** rng.uniform(-1, 3), architecture.genome_shape)
    weights = rng.normal(size=(architecture.readout_width, widths[1]))
    return Model(architecture, genome, weights)


def network(seed):
    """Return a model made to break proofs, phases, and the kinds of attack on it."""
    rng = np.random.default_rng([seed, 20261128])
    model, phases = counter(rng)
    if rng.random() < 0.05:
        return at_random(rng, phases), phases, ["at_random"]
    ways = [moved, cancelling, half_open, drifting, scaled, vanishing]
    chosen = rng.choice(len(ways), int(rng.integers(1, 3)), replace=False)
    for k in chosen:
        model = ways[k](rng, model)
    names = [ways[k].__name__ for k in chosen]
    if rng.random() < 0.3:
        model = barely(rng, model, phases)
        names.append("barely")
    return model, phases, names


def false_claims(seed, patch):
    """Return what is wrong with the certificate of a network, and the certificate."""
    model, phases, names = network(seed)
    for name, value in SHORT.items():
        patch.setattr(proof_search, name, value)
    if not (np.isfinite(model.genome).all() and np.isfinite(model.output_weights).all()):
        return [], None
    found = certify(model, phases)
    rng, faults = np.random.default_rng(seed), []
    with np.errstate(all="ignore"):
        faults += _of_the_kernels(model, phases, found, rng)
        faults += _of_real_numbers(model, phases, found, rng)
    return [f"network {seed} ({', '.join(names)}): {fault}" for fault in faults], found


def _strings(rng, last, numbers, all_to, most, some):
    """All strings to a number, some to a larger one; never beyond what is claimed."""
    if last < 1:
        return np.zeros((0, numbers), dtype=np.int64)
    short = np.arange(1, min(last, all_to) + 1)
    if numbers == 1:
        far = rng.integers(1, min(last, most) + 1, some)
        return np.concatenate([short, far, [min(last, most)]])[:, None]
    pairs = np.stack(np.meshgrid(short[:8], short[:8]), axis=-1).reshape(-1, 2)
    return np.concatenate([pairs, rng.integers(1, min(last, most) + 1, (some, 2))])


def _of_the_kernels(model, phases, found, rng):
    numbers = len(phases[0].factors)
    # Where the readout sees the states every row is computed.
    most = 200_000 if model.architecture.readout_states else 3_000_000
    strings = _strings(rng, found.accepts_to, numbers, 150, most, 6)
    faults = []
    if len(strings):
        accepted = model.check(phases, strings).accepted
        faults += [f"the kernels reject {s}" for s in strings[~accepted].tolist()]
        few = strings[strings.max(axis=1) <= 60][::7]
        smallest, largest = brute_force.margins(model, phases, few, float, limited=True)
        wrong = smallest < -ROUNDING * np.maximum(largest, 1e-290)
        faults += [f"plain float64 rejects {s}" for s in few[wrong].tolist()]
    if found.rejects is not None:
        if model.check(phases, np.array([found.rejects])).accepted[0]:
            faults.append(f"the kernels accept {found.rejects}")
        if found.first and found.accepts_to < max(found.rejects) - 1:
            faults.append(f"{found.rejects} is not the first")
    return faults


def _of_real_numbers(model, phases, found, rng):
    numbers = len(phases[0].factors)
    strings = _strings(rng, found.accepts_to_real, numbers, 30, 200, 2)
    if not len(strings):
        return []
    smallest, largest = brute_force.margins(model, phases, strings)
    plain = np.isfinite(smallest) & (np.abs(smallest) > ROUNDING * largest)
    wrong = strings[plain & (smallest <= 0)].tolist()
    near = strings[~plain]
    near = near[np.argsort(near.max(axis=1), kind="stable")][:3].tolist()
    wrong += [s for s in near if not brute_force.accepted_exactly(model, phases, s)]
    return [f"in real numbers {s} is rejected" for s in wrong]
