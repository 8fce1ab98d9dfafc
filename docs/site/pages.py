"""Pages of the site that are no file of docs/: the start, the API, examples, tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Pages beside docs/, and where they are read on GitHub.
BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")


def api_pages() -> dict[str, tuple[str, str]]:
    """Return page -> (title, text): one for each list of names in docs/reference.md."""
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    python = reference.partition("## Python")[2].partition("\n## ")[0]
    public = public_names()
    pages: dict[str, tuple[str, str]] = {}
    seen: set[str] = set()
    for part in re.split(r"^### ", python, flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        rows = [line for line in body.splitlines() if line.startswith("|")]
        named = re.findall(r"`([A-Za-z]\w*)", "\n".join(row.split("|")[1] for row in rows))
        names = [name for name in dict.fromkeys(named) if name in public - seen - {"plots"}]
        seen |= set(names)
        text = "\n\n".join([f"# {title}", *(f"::: evolino.{name}" for name in names)])
        pages[f"api/{re.sub(r'[^a-z]+', '-', title.lower()).strip('-')}.md"] = (title, text)
    left = sorted(public - seen - {"plots"})
    if left:
        text = "\n\n".join(["# Other names", *(f"::: evolino.{name}" for name in left)])
        pages["api/other.md"] = ("Other names", text)
    pages["api/plots.md"] = (
        "Pictures",
        "# Pictures\n\n::: evolino.plots\n    options:\n      members: true\n",
    )
    return pages


def public_names() -> set[str]:
    """Return the names of `evolino/__init__.pyi`."""
    text = (ROOT / "evolino" / "__init__.pyi").read_text(encoding="utf-8")
    return set(re.findall(r"import \(?\s*(\w+) as \1", text))


def example_pages() -> dict[str, str]:
    """Return page -> text, for every script of examples/."""
    pages, lines = {}, ["# Examples", "", "One short script per feature.", ""]
    for script in sorted((ROOT / "examples").glob("*.py")):
        code = script.read_text(encoding="utf-8")
        first = re.match(r'"""(.*?)[\n"]', code)
        pages[f"examples/{script.stem}.md"] = f"# {script.name}\n\n```python\n{code}```\n"
        lines.append(f"- [{script.name}]({script.stem}.md): {first[1] if first else ''}")
    lines += ["", "Notebooks:", ""]
    for notebook in sorted((ROOT / "examples" / "notebooks").glob("*.ipynb")):
        pages[f"examples/notebooks/{notebook.stem}.md"] = _notebook_text(notebook)
        lines.append(f"- [{notebook.name}](notebooks/{notebook.stem}.md)")
    pages["examples/index.md"] = "\n".join(lines) + "\n"
    return pages


def _notebook_text(notebook: Path) -> str:
    """Return the cells of a notebook as a page."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    return "\n\n".join(
        f"```python\n{text}\n```" if cell["cell_type"] == "code" else text
        for cell, text in zip(cells, texts, strict=True)
    )


def relocated(text: str, page: str) -> str:
    """Return a page's text with its links as they are on the site.

    page: its path below the repository, such as "README.md" or "docs/music.md".
    """
    folder = Path(page).parent

    def target(found: re.Match[str]) -> str:
        before, link, anchor, after = found.groups(default="")
        if re.match(r"[a-z]+:", link):
            return found[0]
        place = Path(_plain(folder / link))
        return f"{before}{_on_site(place, page)}{anchor}{after}"

    return LINK.sub(target, text)


def _plain(path: Path) -> str:
    parts: list[str] = []
    for part in path.as_posix().split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _on_site(place: Path, page: str) -> str:
    """Return where a file of the repository is on the site, from a page at its root."""
    text = place.as_posix()
    if text == "README.md":
        text = "index.md"
    elif text in ("examples", "examples/notebooks"):
        text = "examples/index.md"
    elif place.parts[0] == "docs":
        text = "/".join(place.parts[1:])
    elif place.parts[0] == "examples" and place.suffix in (".py", ".ipynb"):
        text = place.with_suffix(".md").as_posix()
    return ("../" * (len(Path(page).parts) - 2) if page.startswith("docs/") else "") + text
