"""`evolino play DIR`: a network at work, episodes or films, as animation and picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evolino.cli.option_record import command_of
from evolino.cli.task_options import TRUST

if TYPE_CHECKING:
    from evolino.environments.base import Environment, Episodes
    from evolino.environments.stepped import AnyEnvironment
    from evolino.models.acting import Policy
    from evolino.models.model import Model
    from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """The options; a field is as its help says."""

    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")]
    episodes: Annotated[int, typer.Option(help="How many; the task's own first.")] = 3
    start: Annotated[
        str | None,
        typer.Option(help="State to begin in, numbers by commas; in the place of others."),
    ] = None
    seed: Annotated[int, typer.Option(help="Of the other starts and of noise.")] = 0
    gif: Annotated[
        Path | None,
        typer.Option(help="Animation.", show_default="DIR/episodes.gif, DIR/frames.gif"),
    ] = None
    png: Annotated[
        Path | None,
        typer.Option(help="Picture of the first episode, or of the films, .png or .svg."),
    ] = None
    starts: Annotated[
        Path | None,
        typer.Option(help="Of two poles, a map of the 625 starts, .png or .svg."),
    ] = None
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False

    def __post_init__(self) -> None:
        """Check the number of episodes, and the ending of the animation."""
        from evolino.vocabulary import check_count

        check_count("episodes", self.episodes, most=100)
        check_count("seed", self.seed, least=0, most=None)
        if self.gif is not None and self.gif.suffix.lower() != ".gif":
            raise ValueError(f"--gif must end in .gif, got {self.gif}")


def _play(options: PlayOptions) -> None:
    """Let a run's network act, and draw what it does."""
    import numpy as np

    from evolino.environments.base import Environment
    from evolino.models.loading import load
    from evolino.models.model import Model
    from evolino.task.control import ControlTask
    from evolino.tasks.control.imitate import Imitate
    from evolino.tasks.pictures.frames import Frames
    from evolino.training.run_folder import RunFolder

    run = RunFolder.open(options.folder, trust=options.trust)
    task = run.experiment().task
    if isinstance(task, Imitate):
        _follow(options, run.path)
        return
    if isinstance(task, Frames):
        _show_films(options, run.path)
        return
    model = load(run.path, trust=options.trust)
    if not isinstance(task, ControlTask) or not isinstance(model, Model):
        raise ValueError(
            f"{run.path} is no run of a task of control or of frames: nothing acts there"
        )
    if options.starts is not None:
        _map_starts(model, task.environment, options.starts)
    these = task.shown(np.random.default_rng(options.seed), options.episodes)
    gif = run.path / "episodes.gif" if options.gif is None else options.gif
    if isinstance(task.environment, Environment):
        _draw(options, task.environment, model.policy(), these, gif)
    else:
        _render(options, task.environment, model.policy(), these, gif)


def _follow(options: PlayOptions, run: Path) -> None:
    """Draw how a network plays a course that was shown: undisturbed, under noise, after a
    shove, and again with other noise."""
    import numpy as np

    from evolino.plots.animation import animate_figures, scenes_of
    from evolino.plots.canvas import save
    from evolino.plots.imitation import course_figure, plays_of, scene_figure

    if options.start is not None or options.starts is not None:
        raise ValueError("--start and --starts are of environments; a course has one start")
    shown: list[tuple[str, Array]] = []
    while len(shown) < options.episodes:
        course, plays = plays_of(run, options.seed + len(shown) // 3, trust=options.trust)
        shown += plays.items()
    shown = shown[: options.episodes]
    extent = np.ptp(course, axis=0).max()
    for number, (name, path) in enumerate(shown, start=1):
        off = np.linalg.norm(path[-1] - course[-1]) / extent
        typer.echo(f"play {number}    {name}: {off:.1%} of the extent off at the end")
    figures = (
        scene_figure(course, path, step, title)
        for name, path in shown
        for step, title in scenes_of(len(path), name)
    )
    gif = run / "episodes.gif" if options.gif is None else options.gif
    typer.echo(f"animation {animate_figures(figures, gif)}")
    if options.png is not None:
        typer.echo(f"picture   {save(course_figure(course, dict(shown[:3])), options.png)}")


def _show_films(options: PlayOptions, run: Path) -> None:
    """Draw how a network continues films of the test."""
    from evolino.plots.canvas import save
    from evolino.plots.film import films_of, frames_figure, write_films

    if options.start is not None or options.starts is not None:
        raise ValueError("--start and --starts are of environments; films begin as given")
    if options.seed:
        raise ValueError(
            f"--seed is not of films, which are the test's, got {options.seed}"
        )
    films = films_of(run, options.episodes, trust=options.trust)
    for number, film in enumerate(films, start=1):
        typer.echo(f"film {number}    squared error {film.error:.4g} a pixel")
    gif = run / "frames.gif" if options.gif is None else options.gif
    typer.echo(f"animation {write_films(films, gif)}")
    if options.png is not None:
        typer.echo(f"picture   {save(frames_figure(films), options.png)}")


def _map_starts(model: Model, environment: AnyEnvironment, path: Path) -> None:
    """Draw which of the 625 starts of two poles a network holds."""
    from evolino.environments.base import CART, Environment, episodes
    from evolino.environments.catalogue import generalisation_starts
    from evolino.plots.canvas import save
    from evolino.plots.episodes import starts_figure

    states = 6  # of cart and two poles
    cart = isinstance(environment, Environment) and environment.kind == CART
    if not isinstance(environment, Environment) or not cart or environment.states != states:
        raise ValueError("--starts is for two poles: the 625 starts are theirs")
    played = model.play(environment, episodes(environment, generalisation_starts(), 1000))
    typer.echo(f"starts    {save(starts_figure(played.returns[0]), path)}")


def _draw(
    options: PlayOptions,
    environment: Environment,
    policy: Policy,
    these: Episodes,
    gif: Path,
) -> None:
    """Draw episodes of a compiled environment."""
    import numpy as np

    from evolino.environments.base import Episodes
    from evolino.models.acting import trajectory
    from evolino.plots.animation import animate
    from evolino.plots.canvas import save
    from evolino.plots.episodes import episode_figure

    if options.start is not None:
        start = _read_start(options.start, environment.states)
        these = Episodes(np.array([start]), these.steps, these.noise[:1])
    count = min(options.episodes, these.number)
    seen = [trajectory(policy, environment, these, n) for n in range(count)]
    for number, each in enumerate(seen, start=1):
        _say(number, len(each.outputs), each.returned, ended=each.ended)
    typer.echo(f"animation {animate(environment, seen, gif)}")
    if options.png is not None:
        typer.echo(f"picture   {save(episode_figure(environment, seen[0]), options.png)}")


def _render(
    options: PlayOptions,
    environment: AnyEnvironment,
    policy: Policy,
    these: Episodes,
    gif: Path,
) -> None:
    """Render episodes of an environment of gymnasium by its own pictures."""
    from evolino.environments.gymnasium_worlds import GymnasiumEnvironment, rendered
    from evolino.plots.animation import write_gif

    if options.start is not None or options.png is not None:
        raise ValueError("--start and --png are for compiled environments only")
    if not isinstance(environment, GymnasiumEnvironment):
        raise ValueError(f"{type(environment).__name__} cannot be rendered")
    pictures = []
    for number in range(options.episodes):
        policy.reset()
        seed = int(these.starts[number, 0])
        episode = rendered(environment, seed, these.steps, policy.act)
        _say(number + 1, episode.steps, episode.returned, ended=episode.ended)
        pictures += episode.pictures
    typer.echo(f"animation {write_gif(pictures, gif)}")


def _say(number: int, steps: int, returned: float, *, ended: bool) -> None:
    how = "ended" if ended else "held to its limit"
    typer.echo(f"episode {number}  {steps:,} steps, {how}, return {returned:g}")


def _read_start(text: str, states: int) -> list[float]:
    """Return the numbers of --start."""
    try:
        numbers = [float(each) for each in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != states:
        raise ValueError(f"--start must be {states} numbers by commas, got {text!r}")
    return numbers


play = command_of(PlayOptions, _play, name="play")
