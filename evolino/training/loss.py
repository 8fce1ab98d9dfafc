"""A task's loss as a function of the outputs of many networks."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from evolino.task.capabilities import ScoresManyNetworks
from evolino.task.protocol import Task
from evolino.vocabulary import Array


def loss_against(
    task: Task, targets: Array, inputs: Array | None = None
) -> Callable[[Array], Array]:
    """Return a task's loss against targets (N, L, K), a function of outputs (P, N, L, K).

    inputs: (N, L, I) of the same rows, for a task whose `loss` has an argument `inputs`.
    A network's loss does not depend on those beside it: each is scored alone, unless the
    task sees to it.
    """
    given = {"inputs": inputs} if asks_for_inputs(task) else {}
    if not given and isinstance(task, ScoresManyNetworks) and _by_one_class(task):
        return task.loss_against(targets)

    def one_by_one(outputs: Array) -> Array:
        # NumPy sums in an order that depends on the shape and strides of the whole array.
        alone = (np.ascontiguousarray(each)[None] for each in outputs)
        return np.array([_single(task.loss(each, targets, **given)) for each in alone])

    return one_by_one


def _single(losses: Array) -> float:
    """Return the loss of one network. Raises TypeError for what is not one number."""
    found = np.asarray(losses)
    if found.shape != (1,) or found.dtype.kind not in "fiub":
        raise TypeError(
            "loss must return (P,) numbers, one for each network, got for one network "
            f"shape {found.shape} of {found.dtype}"
        )
    return float(found[0])


def asks_for_inputs(task: Task) -> bool:
    """Return whether a task's loss has an argument `inputs`."""
    return "inputs" in inspect.signature(task.loss).parameters


def _by_one_class(task: Task) -> bool:
    """Return whether the class that defines a task's loss defines `loss_against` too."""
    definers = (each for each in type(task).__mro__ if "loss" in vars(each))
    return "loss_against" in vars(next(definers, object))
