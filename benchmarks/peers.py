"""The forward pass in NumPy, JAX and PyTorch: the same equations on the same weights.

Each function takes a network without feedback, its genomes (P, C, G) and inputs (T, I), and
returns a call that gives the cell outputs (P, T, C). Weights are laid out beforehand.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from evolino import LSTM
from evolino.network.weights import unpack
from evolino.vocabulary import Array

Forward = Callable[[LSTM, Array, Array], Callable[[], Any]]


def flat_weights(network: LSTM, genomes: Array) -> tuple[Array, Array, Array]:
    """Return weights from bias and inputs (P, 4C, 1+I), recurrent (P, 4C, C), peepholes.

    Rows run over the gates input, forget, cell, output and then over cells. Peepholes are
    (3, P, C).
    """
    parts = unpack(network, genomes)
    outer = np.concatenate([parts.bias[:, :, None], parts.inputs], axis=2)
    rows = [
        np.ascontiguousarray(each.transpose(0, 3, 1, 2).reshape(len(each), -1, width))
        for each, width in ((outer, outer.shape[2]), (parts.recurrent, network.cells))
    ]
    return rows[0], rows[1], np.ascontiguousarray(parts.peepholes.transpose(2, 0, 1))


def with_bias(inputs: Array) -> Array:
    """Return (T, 1 + I)."""
    return np.concatenate([np.ones((len(inputs), 1)), inputs], axis=1)


def numpy_batched(network: LSTM, genomes: Array, inputs: Array) -> Callable[[], Array]:
    """All networks at once: a batched product each step."""
    outer, recurrent, peep = flat_weights(network, genomes)
    weights = np.concatenate([outer, recurrent], axis=2)
    driving = with_bias(inputs)
    count, cells = len(genomes), network.cells

    def forward() -> Array:
        h = s = np.zeros((count, cells))
        outputs = np.empty((len(driving), count, cells))
        for t, u in enumerate(driving):
            seen = np.concatenate([np.broadcast_to(u, (count, len(u))), h], axis=1)
            net = (weights @ seen[:, :, None]).reshape(count, 4, cells)
            gate_in = 1 / (1 + np.exp(-net[:, 0] - peep[0] * s))
            forget = 1 / (1 + np.exp(-net[:, 1] - peep[1] * s))
            s = forget * s + gate_in * np.tanh(net[:, 2])
            gate_out = 1 / (1 + np.exp(-net[:, 3] - peep[2] * s))
            h = gate_out * np.tanh(s)
            outputs[t] = h
        return outputs.transpose(1, 0, 2)

    return forward


def jax_scan(network: LSTM, genomes: Array, inputs: Array) -> Callable[[], Any]:
    """JAX: jit(vmap(scan)) in float64."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    outer, recurrent, peep = map(jnp.asarray, flat_weights(network, genomes))
    peep, driving = peep.transpose(1, 0, 2), jnp.asarray(with_bias(inputs))
    cells = network.cells

    def one(outer: Any, recurrent: Any, peep: Any, driving: Any) -> Any:
        def step(carry: Any, drive: Any) -> Any:
            h, s = carry
            net = (drive + recurrent @ h).reshape(4, cells)
            gate_in = jax.nn.sigmoid(net[0] + peep[0] * s)
            forget = jax.nn.sigmoid(net[1] + peep[1] * s)
            s = forget * s + gate_in * jnp.tanh(net[2])
            h = jax.nn.sigmoid(net[3] + peep[2] * s) * jnp.tanh(s)
            return (h, s), h

        rest = jnp.zeros(cells)
        return jax.lax.scan(step, (rest, rest), driving @ outer.T)[1]

    compiled = jax.jit(jax.vmap(one, in_axes=(0, 0, 0, None)))
    return lambda: compiled(outer, recurrent, peep, driving).block_until_ready()


def torch_batched(network: LSTM, genomes: Array, inputs: Array) -> Callable[[], Any]:
    """PyTorch: a batched product over all networks each step."""
    import torch

    torch.set_num_threads(1)
    outer, recurrent, peep = map(torch.from_numpy, flat_weights(network, genomes))
    outer, driving = outer.flatten(0, 1), torch.from_numpy(with_bias(inputs))
    count, cells = len(genomes), network.cells

    def forward() -> Any:
        h, s = (torch.zeros(count, cells, dtype=torch.float64) for _ in range(2))
        outputs = torch.empty(count, len(driving), cells, dtype=torch.float64)
        with torch.inference_mode():
            drives = torch.mm(driving, outer.T).view(len(driving), count, 4 * cells, 1)
            for t, drive in enumerate(drives):
                net = torch.baddbmm(drive, recurrent, h[:, :, None]).view(count, 4, cells)
                gate_in = torch.sigmoid(net[:, 0] + peep[0] * s)
                forget = torch.sigmoid(net[:, 1] + peep[1] * s)
                s = forget * s + gate_in * torch.tanh(net[:, 2])
                h = torch.sigmoid(net[:, 3] + peep[2] * s) * torch.tanh(s)
                outputs[:, t] = h
        return outputs

    return forward


def torch_modules(network: LSTM, genomes: Array, inputs: Array) -> Callable[[], Any]:
    """PyTorch: nn.LSTM, one network after another; it has no peepholes."""
    import torch

    torch.set_num_threads(1)
    outer, recurrent, _ = map(torch.from_numpy, flat_weights(network, genomes))
    modules = []
    for wide, back in zip(outer, recurrent, strict=True):
        module = torch.nn.LSTM(
            network.inputs, network.cells, batch_first=True, dtype=torch.float64
        )
        with torch.no_grad():
            module.weight_ih_l0.copy_(wide[:, 1:])
            module.weight_hh_l0.copy_(back)
            module.bias_ih_l0.copy_(wide[:, 0])
            module.bias_hh_l0.zero_()
        modules.append(module)
    driving = torch.from_numpy(inputs)[None]

    def forward() -> Any:
        with torch.inference_mode():
            return torch.cat([module(driving)[0] for module in modules])

    return forward


# Name, package, function, whether it has peepholes.
PEERS: tuple[tuple[str, str, Forward, bool], ...] = (
    ("NumPy, batched", "numpy", numpy_batched, True),
    ("JAX jit(vmap(scan))", "jax", jax_scan, True),
    ("PyTorch, batched", "torch", torch_batched, True),
    ("PyTorch nn.LSTM", "torch", torch_modules, False),
)


def installed(package: str) -> bool:
    """Return whether a peer's package is there."""
    return find_spec(package) is not None
