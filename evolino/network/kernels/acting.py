"""Let networks act in compiled environments: many networks, or many episodes of one."""

from __future__ import annotations

import numpy as np

from evolino.environments.base import Environment, Episodes, Outcomes
from evolino.environments.kernels.world import World, world_of
from evolino.network.kernels.episodes import (
    COST,
    RETURN,
    TAKEN,
    Starts,
    play,
    workspace_size,
)
from evolino.network.kernels.networks import Networks
from evolino.network.kernels.readouts import WeightedSums
from evolino.simd.memory import Shared, aligned_copy, shared, to_lanes
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array

RESULTS = 3  # numbers of an episode


def play_episodes(
    networks: Networks,
    output_weights: Array,
    environment: Environment,
    episodes: Episodes,
    workspace: Workspace | None = None,
) -> Outcomes:
    """Return what networks come to; output_weights: (P, S, K).

    The networks lie in the lanes; the episodes do, where one network plays several.
    """
    held = workspace or Workspace()
    world = world_of(environment)
    if networks.count == 1 and episodes.number > 1:
        found = _in_episodes(networks, output_weights[0], world, episodes, held)
    else:
        found = _in_networks(networks, output_weights, world, episodes, held)
    return Outcomes(found[..., TAKEN], found[..., RETURN], found[..., COST])


def _in_networks(
    networks: Networks, weights: Array, world: World, episodes: Episodes, held: Workspace
) -> Array:
    """Return (P, N, RESULTS), the networks in the lanes."""
    width, number = networks.width, episodes.number
    readout = _readout(to_lanes(weights, networks.dtype).reshape(-1), weights.shape)
    starts = Starts(
        shared(episodes.starts),
        _numbers(episodes.noise),
        number,
        episodes.steps,
    )
    result = held.take("outcomes", number * RESULTS * width)
    play(networks.layer, readout, world, starts, result, _work(networks, world, held))
    of_networks = result.reshape(number, RESULTS, width).transpose(2, 0, 1)
    return np.array(of_networks[: networks.count])


def _in_episodes(
    networks: Networks, weights: Array, world: World, episodes: Episodes, held: Workspace
) -> Array:
    """Return (1, N, RESULTS), the episodes in the lanes: blocks of them, one after
    another; the last is filled up with its last episode."""
    width, number = networks.width, episodes.number
    blocks = -(-number // width)
    every = np.minimum(np.arange(blocks * width), number - 1)
    readout = _readout(shared(weights), weights[None].shape)
    layer, found = networks.layer_of(0, networks.dtype), []
    work = _work(networks, world, held)
    for block in every.reshape(blocks, width):
        starts = Starts(
            _lanes(episodes.starts[block]), _lanes(episodes.noise[block]), 1, episodes.steps
        )
        result = held.take("outcomes", RESULTS * width)
        play(layer, readout, world, starts, result, work)
        found.append(result.reshape(RESULTS, width).T.copy())
    return np.concatenate(found)[None, :number]


def _readout(weights: Array | Shared, shape: tuple[int, ...]) -> WeightedSums:
    return WeightedSums(weights, shape[1], shape[2])


def _lanes(values: Array) -> Array:
    """Return values (episodes, ..) with the episodes in the lanes, in one row."""
    rows = values.reshape(len(values), -1)
    if not rows.shape[1]:
        rows = np.zeros((len(values), 1))  # for an address
    return aligned_copy(rows.T).reshape(-1)


def _numbers(values: Array) -> Shared:
    return shared(values if values.size else np.zeros(1))


def _work(networks: Networks, world: World, held: Workspace) -> Array:
    """Return the workspace of the kernel."""
    a = networks.architecture
    size = workspace_size(
        a.cells, a.input_width, networks.layout.columns, a.outputs, world.states
    )
    return held.take("episodes", size * networks.width)
