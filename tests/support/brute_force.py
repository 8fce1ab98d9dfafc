"""Counted strings by brute force: an independent program to hold certificates to.

Plain NumPy, row by row, on the equations of docs/reference.md: in long doubles, in float64
with the limits that the kernels set, and in mpmath with as many digits as it takes.
"""

import mpmath
import numpy as np

GATES = ("input", "forget", "cell", "output")


def weights_of(model):
    """Return of each gate: bias (C,), inputs (C, I), recurrent (C, C), peepholes (C,)."""
    net = model.architecture
    assert net.sources is None and net.forget_gate and not net.groups
    found = {}
    for gate in GATES:
        bias = model.genome[:, net.genes_of("bias", gate)]
        peephole = np.zeros(net.cells)
        if net.peepholes and gate != "cell":
            peephole = model.genome[:, net.genes_of("peephole", gate)].reshape(-1)
        found[gate] = (
            bias.reshape(-1),
            model.genome[:, net.genes_of("input", gate)],
            model.genome[:, net.genes_of("recurrent", gate)],
            peephole,
        )
    return found


def margins(model, phases, strings, dtype=np.longdouble, *, limited=False):
    """Return (N,): the smallest target times output of each string, and (N,): the largest
    sum of absolute terms of an output, against which rounding is to be seen.

    strings: (N, J). limited: gates cut off at +-100, arguments of tanh at +-40, outputs
    beyond 1e12 given up, as the kernels do.
    """
    net = model.architecture
    parts = {g: [np.asarray(w, dtype) for w in ws] for g, ws in weights_of(model).items()}
    readout = np.asarray(model.output_weights, dtype)
    count = len(strings)
    shown = np.zeros((count, net.cells), dtype)
    states = np.zeros((count, net.cells), dtype)
    smallest, largest = np.full(count, np.inf, dtype), np.zeros(count, dtype)

    def sigma(x):
        return 1 / (1 + np.exp(-(np.clip(x, -100, 100) if limited else x)))

    def tanh(x):
        return np.tanh(np.clip(x, -40, 40) if limited else x)

    for phase in phases:
        u, cycle = np.asarray(phase.inputs, dtype), np.asarray(phase.cycle, dtype)
        rows = np.array([phase.rows(string) for string in strings])
        for row in range(int(rows.max())):
            on = rows > row
            h, s = shown[on], states[on]
            net_input = {g: b + w @ u + h @ r.T for g, (b, w, r, _) in parts.items()}
            i = sigma(net_input["input"] + parts["input"][3] * s)
            f = sigma(net_input["forget"] + parts["forget"][3] * s)
            z = net_input["cell"]
            s = f * s + i * (tanh(z) if net.cell_input == "tanh" else z)
            o = sigma(net_input["output"] + parts["output"][3] * s)
            h = o * tanh(s) if net.cell_output == "o*tanh(s)" else tanh(o * s)
            seen = features(net, h, s, np.broadcast_to(u, (len(h), len(u))))
            outputs = seen @ readout
            shown[on], states[on] = h, s
            margin = (outputs * cycle[row % len(cycle)]).min(axis=1)
            if limited:
                given_up = ~(np.abs(outputs) <= 1e12).all(axis=1)
                margin = np.where(given_up, -np.inf, margin)
            smallest[on] = np.minimum(smallest[on], margin)
            sizes = (np.abs(seen) @ np.abs(readout)).max(axis=1)
            largest[on] = np.maximum(largest[on], sizes)
    return smallest, largest


def features(net, h, s, u):
    """Return what the readout sees: (N, S)."""
    parts = [h]
    if net.readout_states:
        parts.append(s)
    if net.readout_inputs:
        parts.append(u)
    if net.readout_squares:
        parts += [h * h, u * u]
    if net.readout_constant:
        parts.append(np.ones((len(h), 1), h.dtype))
    return np.concatenate(parts, axis=1)


def accepted_exactly(model, phases, string):
    """Return whether a string is accepted in real numbers, by mpmath: with digits doubled
    until the smallest margin is plain; an output of 0 accepts nothing."""
    for digits in (50, 100, 400, 1600):
        with mpmath.workdps(digits):
            smallest, largest = _in_mpmath(model, phases, string)
            if abs(smallest) > largest * mpmath.mpf(10) ** (20 - digits):
                return bool(smallest > 0)
    return False


def _in_mpmath(model, phases, string):
    net, number = model.architecture, np.vectorize(mpmath.mpf, otypes=[object])
    parts = {
        g: [number(w) if w.size else w for w in ws] for g, ws in weights_of(model).items()
    }
    readout = number(model.output_weights)
    tanh = np.vectorize(mpmath.tanh, otypes=[object])
    sigma = np.vectorize(lambda x: 1 / (1 + mpmath.exp(-x)), otypes=[object])
    h = s = number(np.zeros(net.cells))
    smallest, largest = mpmath.inf, mpmath.mpf(0)
    for phase in phases:
        u = number(phase.inputs)
        for row in range(phase.rows(string)):
            target = phase.cycle[row % len(phase.cycle)]
            net_input = {g: b + w @ u + r @ h for g, (b, w, r, _) in parts.items()}
            i = sigma(net_input["input"] + parts["input"][3] * s)
            f = sigma(net_input["forget"] + parts["forget"][3] * s)
            z = net_input["cell"]
            s = f * s + i * (tanh(z) if net.cell_input == "tanh" else z)
            o = sigma(net_input["output"] + parts["output"][3] * s)
            h = o * tanh(s) if net.cell_output == "o*tanh(s)" else tanh(o * s)
            seen = features(net, h[None], s[None], u[None])[0]
            outputs = seen @ readout
            smallest = min(smallest, *(outputs * number(target)))
            largest = max(largest, *(abs(seen) @ abs(readout)))
    return smallest, largest
