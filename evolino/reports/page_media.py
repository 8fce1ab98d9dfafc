"""Pictures, sound and animations of a run, as data URIs of a self-contained page."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evolino import plots
from evolino.reports.table_text import figure_text
from evolino.task.protocol import name_of
from evolino.training.run_files import MODEL

if TYPE_CHECKING:
    from evolino.training.experiment import Experiment
    from evolino.training.history import Generation
    from evolino.training.run_folder import RunFolder

KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".gif": "image/gif",
         ".wav": "audio/wav"}  # fmt: skip
RATE = 11_025  # samples a second: half of what `evolino generate` writes
EPISODES = 2
Draw = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Picture:
    """title; uri: the picture itself; alt: what it shows, for who does not see it."""

    title: str
    uri: str
    alt: str


@dataclass(frozen=True, slots=True)
class Media:
    """Pictures and sound of a run. missing: why a picture is not there."""

    pictures: list[Picture] = field(default_factory=list)
    animations: list[Picture] = field(default_factory=list)
    sounds: list[Picture] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def draw(self, title: str, alt: str, draw: Draw, suffix: str = ".svg") -> None:
        """Add what `draw` writes to a file; an error is a line and ends nothing."""
        kinds = {".gif": self.animations, ".wav": self.sounds}
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"drawn{suffix}"
                draw(path)
                uri = data_uri(path)
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            self.missing.append(f"{title}: {reason}")
        else:
            kinds.get(suffix, self.pictures).append(Picture(title, uri, alt))


def data_uri(path: Path) -> str:
    """Return the content of a file as a URI."""
    content = base64.b64encode(path.read_bytes()).decode()
    return f"data:{KINDS[path.suffix]};base64,{content}"


def compared(
    folders: Sequence[RunFolder], tasks: Sequence[str], names: Sequence[str], trust: bool
) -> Media:
    """Return a picture of the losses for each task that several runs learnt."""
    media = Media()
    for task in dict.fromkeys(tasks):
        these = [k for k, each in enumerate(tasks) if each == task]
        begun = [k for k in these if folders[k].history()]
        if len(begun) > 1:
            said = ", ".join(names[k] for k in begun)
            alt = f"Best loss so far against evaluations, of {said}."
            places = [folders[k].path for k in begun]
            media.draw(f"Loss of all runs of {task}", alt, _losses(places, trust))
    return media


def _losses(places: Sequence[Path], trust: bool) -> Draw:
    return lambda out: plots.fitness(places, out, against="evaluations", trust=trust)


def media_of(
    folder: RunFolder, experiment: Experiment, seconds: float, trust: bool
) -> Media:
    """Return the pictures and the sound of a run. seconds: of sound at most."""
    media, place = Media(), folder.path
    history = folder.history()
    if history:
        against = "cpu-seconds" if folder.refinement.times() else "generations"
        media.draw(
            "Loss",
            _fall(history, descended=against != "generations"),
            lambda out: plots.fitness([place], out, against=against, trust=trust),  # type: ignore[arg-type]
        )
    if not (place / MODEL).is_file():
        return media
    for title, alt, draw, suffix in _of_the_task(folder, experiment, seconds, trust):
        media.draw(title, alt, draw, suffix)
    return media


def _fall(history: Sequence[Generation], *, descended: bool) -> str:
    first, last = history[0], history[-1]
    after = " Descent goes on from there." if descended else ""
    return (
        f"The best loss falls from {figure_text(first.best)} to {figure_text(last.best)} "
        f"in {last.generation:,} generations, {last.evaluations:,} evaluations.{after}"
    )


def _of_the_task(
    folder: RunFolder, experiment: Experiment, seconds: float, trust: bool
) -> Iterator[tuple[str, str, Draw, str]]:
    """Yield title, description, what draws, and suffix, of what suits the task."""
    from evolino.network.lstm import LSTM
    from evolino.task.control import ControlTask
    from evolino.task.counted import Counted
    from evolino.task.musical import Conducted, Musical

    place, task = folder.path, experiment.task
    if isinstance(task, ControlTask):
        yield from _episodes(folder, task)
        return
    if isinstance(task, Conducted | Musical):
        yield from _music(folder, experiment, seconds)
        return
    if name_of(task) in ("frames", "labelling"):
        own = _films if name_of(task) == "frames" else _labels
        yield from own(place, trust)
        return
    if isinstance(task, Counted):
        from evolino.plots import languages

        yield (
            "Counters",
            "States of the cells and outputs of the network over a string of the language.",
            lambda out: languages.counters(place, out, trust=trust),
            ".svg",
        )
        yield (
            "Accepted strings",
            "The string lengths n that the network accepts, up to 100,000.",
            lambda out: languages.acceptance([place], out, trust=trust),
            ".svg",
        )
        return
    what = "free run" if task.generates else "outputs"
    yield (
        f"Test: {what} and target",
        f"The network's {what} on test data beside the target, and the error.",
        lambda out: plots.free_run(place, out, trust=trust),
        ".svg",
    )
    if name_of(task) == "timing":
        from evolino.plots import timing

        yield (
            "Around each spike",
            "States and gates of the cells and the output around each spike.",
            lambda out: timing.spikes(place, out, trust=trust),
            ".svg",
        )
    elif isinstance(experiment.architecture, LSTM):
        yield (
            "Cells and gates",
            "Outputs, states and gates of every cell over part of the test series.",
            lambda out: plots.cells(place, out, trust=trust),
            ".png",  # as shades: as SVG several times as large
        )


def _labels(place: Path, trust: bool) -> Iterator[tuple[str, str, Draw, str]]:
    """Yield outputs over test strings."""
    from evolino.plots.labelling import labels

    yield (
        "Labels over time",
        "Frames of test strings, the outputs over them and what they are read as.",
        lambda out: labels(place, out, trust=trust),
        ".png",
    )


def _films(place: Path, trust: bool) -> Iterator[tuple[str, str, Draw, str]]:
    """Yield strips of test films, and their animation."""
    from evolino.plots.canvas import save
    from evolino.plots.film import films_of, frames_figure, write_films

    films = films_of(place, trust=trust)
    said = ", ".join(f"{film.error:.4f}" for film in films)
    yield (
        "Frames: target and prediction",
        f"Test films as strips, with a squared error of {said} a pixel.",
        lambda out: save(frames_figure(films), out),
        ".png",
    )
    yield (
        "Free run as animation",
        "On the left the target, on the right the given frames and the predicted ones.",
        lambda out: write_films(films, out),
        ".gif",
    )


def _episodes(folder: RunFolder, task: Any) -> Iterator[tuple[str, str, Draw, str]]:
    """Yield an episode over time, and an animation."""
    from evolino.environments.base import Environment
    from evolino.models.acting import trajectory
    from evolino.models.loading import load_network
    from evolino.plots.animation import animate
    from evolino.plots.canvas import save
    from evolino.plots.episodes import episode_figure

    environment = task.environment
    if not isinstance(environment, Environment):

        def refuse(out: Path) -> None:
            raise ValueError("drawn by `evolino play`, for an environment of gymnasium")

        yield "Episode", "", refuse, ".svg"
        return
    these = task.shown(np.random.default_rng(0), EPISODES)
    policy = load_network(folder.path).policy()
    count = min(EPISODES, these.number)
    seen = [trajectory(policy, environment, these, n) for n in range(count)]
    lasted = ", ".join(f"{len(each.outputs):,}" for each in seen)
    yield (
        "Episode",
        f"Observations, outputs and cell outputs over an episode of "
        f"{len(seen[0].outputs):,} steps.",
        lambda out: save(episode_figure(environment, seen[0]), out),
        ".svg",
    )
    yield (
        "Episodes as animation",
        f"{count} episodes, of {lasted} steps, one after another.",
        lambda out: animate(environment, seen, out),
        ".gif",
    )


def _music(
    folder: RunFolder, experiment: Experiment, seconds: float
) -> Iterator[tuple[str, str, Draw, str]]:
    """Yield a picture of music that the network plays, and its sound."""
    from evolino.models.loading import load
    from evolino.plots.canvas import save
    from evolino.plots.played import Wish, played
    from evolino.sound.synthesis import synthesise, write_wav

    wish = Wish(None, 8, None, 0, False, 0, None, None, None, "C", 0.5)
    music = played(load(folder.path), experiment, wish)
    notes = sum(len(track.notes) for track in music.score.tracks)
    said = "" if music.says is None else f" {' '.join(music.says.split())}."
    yield (
        "Music played on",
        f"{notes} notes that the network plays, over time and pitch.{said}",
        lambda out: save(music.figure(), out),
        ".svg",
    )

    def sound(out: Path) -> None:
        samples = synthesise(music.score, RATE)[: int(seconds * RATE)]
        fading = np.linspace(1.0, 0.0, min(RATE // 2, len(samples)))
        samples[len(samples) - len(fading) :] *= fading
        write_wav(samples, out, RATE)

    yield "Sound of the music", f"The first {seconds:g} seconds at most.", sound, ".wav"
