"""Variants of a curriculum: when the next one begins, and when all begin again."""

from __future__ import annotations

from evolino.training.experiment import Curriculum
from evolino.training.run_progress import Progress


def is_passed(progress: Progress, curriculum: Curriculum) -> bool:
    """Whether the next variant, or the task after the last one, is to begin."""
    waited = progress.generation - progress.began_at
    return progress.variant > 0 and (
        progress.best <= curriculum.advance_at or waited >= curriculum.patience
    )


def is_exhausted(progress: Progress, curriculum: Curriculum) -> bool:
    """Whether a variant, or the task, has had so many generations that all begins again."""
    after = curriculum.restart_after
    return after is not None and progress.generation - progress.began_at >= after


def begin_again(progress: Progress, curriculum: Curriculum) -> None:
    """Go to the easiest variant; keep the best networks on the task."""
    if progress.variant == 0:
        progress.before = progress.found
    progress.restarts += 1
    go_to(progress, len(curriculum.variants))


def go_to(progress: Progress, variant: int) -> None:
    """Go to the beginning of a variant."""
    progress.variant = variant
    progress.began_at = progress.improved_at = progress.generation
    progress.found = progress.before if variant == 0 else []
