"""The page docs/performance.md, from a record of the benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks import acting, notes, step
from benchmarks.forward import OURS
from benchmarks.gradient import FORWARD as FORWARD_ALONE
from benchmarks.markdown import figure, in_unit, in_unit_spread, spread, table
from benchmarks.record import QUIET
from benchmarks.roofline import evaluation_bound, forward_bound, readout_bound
from benchmarks.targets import Target, row_of, targets

Part = Mapping[str, Any]


def render(record: Mapping[str, Any]) -> str:
    """Return the page. Parts that the record lacks are named as not measured."""
    parts = record["parts"]
    sections = [notes.HEAD, _machine(record), _targets(targets(parts))]
    for subject, (title, body) in SECTIONS.items():
        sections.append(f"## {title}")
        part = parts.get(subject)
        sections.append("Not measured." if part is None else body(part, parts))
        sections.append(notes.WHY[subject])
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _machine(record: Mapping[str, Any]) -> str:
    packages = ", ".join(
        f"{name} {version}"
        for name, version in record["packages"].items()
        if version is not None and name != "evolino"
    )
    commit = (record["commit"] or "no commit")[:10]
    lines = [
        f"{record['cpu']}, {record['cpus']} cores; Python {record['python']}; {packages}; "
        f"commit {commit}; {record['date']}. Made by `make bench`."
    ]
    if record["quick"]:
        lines.append("**A quick run**, to see that all works: its figures mean nothing.")
    elif record["load"] > QUIET:
        lines.append(
            f"**Provisional**: the machine was busy with other work (load average "
            f"{record['load']:.1f}) when this began."
        )
    return "\n\n".join(lines)


def _targets(every: Sequence[Target]) -> str:
    lines = [["", "to reach", "measured: median [quartiles]", "at the roofline", ""]]
    for each in every:
        sign = "at least" if each.least else "at most"
        verdict = {True: "met", False: "**missed**", None: "not measured"}[each.met]
        reach = f"{sign} {in_unit(each.reach, each.unit)}"
        found = "" if each.found is None else in_unit_spread(each.found, each.unit)
        limit = "" if each.limit is None else in_unit(each.limit, each.unit)
        lines.append([each.what, reach, found, limit, verdict])
    missed = sorted({each.subject for each in every if each.met is False})
    tried = [f"- {notes.TRIED[subject]}" for subject in missed if subject in notes.TRIED]
    head = "## Targets\n\n" + table(lines, "lrrrl")
    return head + ("\n\nWhere targets are missed:\n\n" + "\n".join(tried) if tried else "")


def _roofline(part: Part, parts: Part) -> str:
    rates = ", ".join(
        f"{size // 1024} KiB of {level} at {part['bytes'][level] / 1e9:.0f} GB/s"
        for level, size in part["sizes"].items()
    )
    return f"{part['fma'] / 1e9:.1f} thousand million multiply-adds a second; {rates}."


def _forward(part: Part, parts: Part) -> str:
    machine, names = parts.get("roofline"), list(part["rows"][0]["rates"])
    head = ["C", *names, "roofline", "of it"]
    lines = [head]
    for row in part["rows"]:
        bound = _bound(machine, row["cells"], part["inputs"])
        reached = row["rates"][OURS]["median"]
        rates = [spread(row["rates"][name]) for name in names]
        lines.append([str(row["cells"]), *rates, *_of_bound(reached, bound)])
    absent = part["not_measured"]
    return "\n\n".join(
        [
            f"Million cell-steps a second, {part['networks']} networks, {part['steps']} "
            f"steps, {part['inputs']} inputs and a bias.",
            table(lines, "r" * len(head)),
            *([f"Not measured here: {', '.join(absent)}."] if absent else []),
            "Times that a peer takes what evolino takes (nn.LSTM: evolino without "
            "peepholes):",
            _ratios(part["rows"]),
            f"The same for {part['large_networks']} networks, as many as a generation of "
            "ESP has by default; a batch of all of them no longer fits the caches:",
            _ratios(part["large"]),
            _sequences(part, machine),
        ]
    )


def _ratios(rows: Sequence[Part]) -> str:
    peers = list(rows[0]["ratios"])
    lines = [["C", *peers]] + [
        [str(row["cells"]), *(spread(row["ratios"][peer], "x") for peer in peers)]
        for row in rows
    ]
    return table(lines, "r" * len(lines[0]))


def _sequences(part: Part, machine: Part | None) -> str:
    counts = list(part["sequences"][0]["rates"])
    gains = [count for count in counts if count != "1"]
    head = ["C", *(f"N = {n}" for n in counts), *(f"gain, N = {n}" for n in gains)]
    lines = [[*head, "roofline", "of it"]]
    for row in part["sequences"]:
        bound = _bound(machine, row["cells"], part["inputs"], shared=8)
        rates = [spread(row["rates"][n]) for n in counts]
        ratios = [spread(row["ratios"][n], "x") for n in gains]
        reached = row["rates"][gains[0]]["median"]
        lines.append([str(row["cells"]), *rates, *ratios, *_of_bound(reached, bound)])
    text = (
        "Free runs of 8 networks over N sequences each, million cell-steps a second; with "
        "8 sequences or more the lanes hold sequences, which share their network's weights."
    )
    return f"{text}\n\n{table(lines, 'r' * len(lines[0]))}"


def _large(part: Part, parts: Part) -> str:
    names = list(part["rows"][0]["rates"])
    lines = [["C", "", *names, "gain"]] + [
        [
            str(row["cells"]),
            row["precision"],
            *(spread(row["rates"][name]) for name in names),
            spread(row["ratios"][names[0]], "x"),
        ]
        for row in part["rows"]
    ]
    text = (
        f"Teacher-forced passes of one network over {part['series']} series, "
        f"{part['inputs']} inputs and a bias, million cell-steps a second."
    )
    return f"{text}\n\n{table(lines, 'rlrrr')}"


def _symbols(part: Part, parts: Part) -> str:
    names = list(part["rows"][0]["milliseconds"])
    lines = [["C", *(f"{name}, ms" for name in names), *(f"{n}, times" for n in names[1:])]]
    for row in part["rows"]:
        taken = [spread(row["milliseconds"][name]) for name in names]
        times = [spread(row["ratios"][name], "x") for name in names[1:]]
        lines.append([str(row["cells"]), *taken, *times])
    text = (
        f"Weights of {part['networks']} networks laid out, and a teacher-forced pass over "
        f"{part['series']} series of {part['steps']} steps, by the number of symbols; "
        "times are those of the fewest."
    )
    return f"{text}\n\n{table(lines, 'r' * len(lines[0]))}"


def _readout(part: Part, parts: Part) -> str:
    machine, names = parts.get("roofline"), list(part["cells"][0]["microseconds"])
    lines = [["C", *names, "roofline of the QR"]]
    for row in part["cells"]:
        bound = (
            ""
            if machine is None
            else figure(readout_bound(machine, part["rows"], row["cells"]))
        )
        times = [spread(row["microseconds"][name]) for name in names]
        lines.append([str(row["cells"]), *times, bound])
    solvers = list(part["residuals"][0]["residuals"])
    residuals = [["C", *solvers]] + [
        [str(row["cells"]), *(figure(row["residuals"][name]) for name in solvers)]
        for row in part["residuals"]
    ]
    return "\n\n".join(
        [
            f"Microseconds a network, T = {part['rows']:,}, one target.",
            table(lines, "r" * len(lines[0])),
            "Times that a peer takes what the pseudo-inverse takes.",
            _ratios(part["cells"]),
            f"|X W - Y| / |Y| where X has condition {figure(part['condition'])} and a W "
            "fits exactly.",
            table(residuals, "r" * len(residuals[0])),
        ]
    )


def _evaluation(part: Part, parts: Part) -> str:
    names, machine = list(part["rows"][0]["rates"]), parts.get("roofline")
    lines = [["C", "work", "a second", "PyBrain 0.3", "times PyBrain", "roofline", "of it"]]
    for row in part["rows"]:
        pybrain = row_of(part["pybrain"], row["cells"])["rate"]
        for name in names:
            bound = None
            if machine is not None:
                least = evaluation_bound(machine, row["cells"], 1, part["splits"][name])
                bound = (1 / least, "")
            lines.append(
                [
                    str(row["cells"]),
                    name,
                    spread(row["rates"][name]),
                    str(pybrain),
                    spread(row["times_pybrain"][name], "x"),
                    *_of_bound(row["rates"][name]["median"], bound),
                ]
            )
    text = f"Networks evaluated per processor second on {part['points']} points."
    return f"{text}\n\n{table(lines, 'rlrrrrr')}"


def _gradient(part: Part, parts: Part) -> str:
    names = list(part["rows"][0]["milliseconds"])
    peers = [name for name in part["rows"][0]["ratios"] if name != FORWARD_ALONE]
    lines = [["C", *names, *(f"{peer} / ours" for peer in peers), "ours / forward"]]
    for row in part["rows"]:
        times = [spread(row["milliseconds"][name]) for name in names]
        ratios = [spread(row["ratios"][name], "x") for name in (*peers, FORWARD_ALONE)]
        lines.append([str(row["cells"]), *times, *ratios])
    text = (
        f"Milliseconds of one network's loss and gradient: {part['steps']:,} steps "
        f"teacher-forced, readout solved, {part['starts']} free runs of 84 steps."
    )
    missing = "".join(f" Not measured: {name}." for name in part["not_measured"])
    return f"{text}{missing}\n\n{table(lines, 'r' * len(lines[0]))}"


def _searches(part: Part, parts: Part) -> str:
    sizes = [f"{size:,} weights" for size in part["weights"]]
    lines = [["search", *sizes, *(f"`cmaes` / ours, {size}" for size in sizes)]]
    for row in part["searches"]:
        ratios = ["" if each is None else spread(each, "x") for each in row["cmaes"]]
        lines.append([row["search"], *map(spread, row["milliseconds"]), *ratios])
    text = f"Milliseconds of ask and tell together, P = {part['population']}, one core."
    missing = "".join(f" Not measured: {name}." for name in part["not_measured"])
    return f"{text}{missing}\n\n{table(lines, 'l' + 'r' * (len(lines[0]) - 1))}"


def _generation(part: Part, parts: Part) -> str:
    steps, machine = ["ask", "evaluate", "tell", "record"], parts.get("roofline")
    lines = [["search", *steps, "share of ask, tell and record"]]
    for row in part["searches"]:
        times = [spread(row["milliseconds"][step]) for step in steps]
        lines.append([row["search"], *times, in_unit_spread(row["share"], "share")])
    text = (
        f"Milliseconds of a generation, P = {part['population']}, C = {part['cells']}, "
        f"G = {part['genes']}, T = {part['steps']:,}, one worker, files written."
    )
    if machine is not None:
        tenth = part["steps"] // 10
        split = (tenth, 8 * tenth, 8 * tenth, 10 * tenth)
        least = evaluation_bound(machine, part["cells"], 4, split)
        milliseconds = 1e3 * least * part["population"]
        text += f" The roofline of *evaluate* is {figure(milliseconds)} ms."
    return f"{text}\n\n{table(lines, 'lrrrrr')}"


def _scaling(part: Part, parts: Part) -> str:
    usual = ", ".join(f"{name} {value:,}" for name, value in part["usual"].items())
    lines = [["", "", "million cell-steps a second"]]
    for name, rows in part["rows"].items():
        lines += [[name, f"{row['value']:,}", spread(row["rate"])] for row in rows]
    threads = [["", "1", "2", "gain"]]
    for name in ("workers", "islands"):
        found = part.get(name)
        label = {"workers": "threads, s a generation", "islands": "two islands on loky, s"}
        if found is None:
            threads.append([label[name], "not measured", "", ""])
            continue
        seconds = [spread(found["seconds"][count]) for count in ("1", "2")]
        threads.append([label[name], *seconds, spread(found["gain"], "x")])
    return "\n\n".join(
        [
            f"Whole evaluations on one core; {usual} unless said, 100 steps a sequence "
            "where their number changes.",
            table(lines, "lrr"),
            "By the number of workers:",
            table(threads, "lrrr"),
        ]
    )


def _start(part: Part, parts: Part) -> str:
    labels = {
        "python": "`python -c pass`",
        "help": "`evolino --help`",
        "imports": "`python -c 'import numpy, numba'`",
        "warm": "`evolino run mso` to the first generation, warm cache",
        "cold": "the same, cold cache: kernels are compiled",
    }
    lines = [["", "s"]] + [
        [label, "not measured" if part[key] is None else spread(part[key])]
        for key, label in labels.items()
    ]
    return table(lines, "lr")


SECTIONS: dict[str, tuple[str, Callable[[Part, Part], str]]] = {
    "roofline": ("What the machine could do", _roofline),
    "forward": ("Forward pass", _forward),
    "large": ("Large networks over several series", _large),
    "symbols": ("Symbols as indices", _symbols),
    "readout": ("Readout", _readout),
    "evaluation": ("Whole evaluations", _evaluation),
    "gradient": ("Gradient through the solved readout", _gradient),
    "searches": ("Ask and tell", _searches),
    "generation": ("A generation", _generation),
    "scaling": ("Scaling", _scaling),
    "step": ("One step of one network", step.described),
    "acting": ("Acting in an environment", acting.described),
    "start": ("Start", _start),
}


def _bound(machine: Part | None, cells: int, inputs: int, shared: int = 1) -> Any:
    return None if machine is None else forward_bound(machine, cells, inputs, shared)


def _of_bound(reached: float, bound: tuple[float, str] | None) -> list[str]:
    if bound is None:
        return ["", ""]
    limit = f" ({bound[1]})" if bound[1] else ""
    return [f"{figure(bound[0])}{limit}", f"{100 * reached / bound[0]:.0f} %"]
