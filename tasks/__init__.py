"""Tasks, one file per family of the papers.

TASKS maps a task's name to "module:Class"; the module is imported when the task is used.
"""

TASKS = {
    "mso": "evolino.tasks.oscillators:Oscillators",
    "mackey-glass": "evolino.tasks.mackey_glass:MackeyGlass",
    "blues": "evolino.tasks.blues:Blues",
    "chorales": "evolino.tasks.chorales:Chorales",
    "languages": "evolino.tasks.languages:Languages",
    "music": "evolino.tasks.music:Music",
    "parity": "evolino.tasks.parity:Parity",
    "rhythm": "evolino.tasks.rhythm:Rhythm",
    "series": "evolino.tasks.series:SeriesTask",
    "timing": "evolino.tasks.timing:Timing",
}
