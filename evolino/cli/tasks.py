"""`evolino tasks`: what there is to learn."""

from __future__ import annotations

from evolino.storage.plain_text import console as terminal


def tasks() -> None:
    """List the tasks and their presets."""
    import inspect

    from rich import box
    from rich.table import Table

    from evolino.registry import find
    from evolino.training.presets import describe_tasks

    table = Table("task", "what it is", "presets", box=box.SIMPLE_HEAD)
    for name, presets in describe_tasks():
        description = (inspect.getdoc(find("task", name)) or "").partition("\n")[0]
        table.add_row(name, description, ", ".join(presets))
    console = terminal()
    if not console.is_terminal:
        console.width = 110
    console.print(table)
