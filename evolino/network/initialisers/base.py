"""The protocol of an initialiser: a distribution that first genomes are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from numpy.random import Generator

from evolino.network.base import Architecture
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from evolino.search.base import Family
Network = TypeVar("Network", bound=Architecture, contravariant=True)


class Initialiser(Protocol[Network]):
    """A frozen dataclass: a distribution of genomes.

    One that is of some architectures only has a class attribute `networks`: their names.
    Network: the architectures that it draws for, `Architecture` for all of them;
    `check_initialiser` refuses another. One with a method `centre(architecture)` says with
    a genome (C, G) where searches that move a mean begin; None is at a draw.

    >>> import evolino
    >>> first: evolino.Initialiser = evolino.SaturatedTernary(level=4.0)
    >>> first.level
    4.0
    """

    @property
    def name(self) -> str:
        """The name in the table of initialisers."""
        ...

    @property
    def level(self) -> float:
        """0 for real weights, else ternary ones: -level, 0, +level."""
        ...

    def draw(self, architecture: Network, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        ...

    def scale(self, architecture: Network) -> Array:
        """Return (C, G): a step that matters for each gene; 0 holds it as drawn."""
        ...

    def family(self, architecture: Network) -> Family | None:
        """Return the distributions that this one is the default of, if there are any."""
        ...


def check_initialiser(initialiser: Initialiser[Any], network: Architecture) -> None:
    """Raise ValueError for an initialiser that does not draw for such networks."""
    networks: tuple[str, ...] = getattr(initialiser, "networks", (network.name,))
    if network.name not in networks:
        raise ValueError(
            f"initialiser {initialiser.name} draws networks of kind "
            f"{' or '.join(networks)}, got {network.name}; gaussian draws every kind"
        )


def check_recurrence(name: str, network: Any) -> None:
    """Raise ValueError, for an initialiser of this name, where no recurrent weights enter
    the cell inputs."""
    if network.full_peepholes:
        raise ValueError(
            f"initialiser {name} sets recurrent weights of cell inputs: needs "
            "full_peepholes=False"
        )
