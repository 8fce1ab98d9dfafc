"""Hooks of MkDocs: files of the repository outside docs/ are pages and files of the site.

So a relative link works on the site as it does on GitHub.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))
from mathematics import as_mathml
from pages import (
    BESIDE,
    LINK,
    ROOT,
    api_pages,
    example_pages,
    public_names,
    relocated,
)

AS_THEY_ARE = ("LICENSE", "CITATION.cff", "evolino/readout/base.py")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages made from docstrings in the place of "*api*" in the navigation."""
    listed = [{title: page} for page, (title, _) in api_pages().items()]
    for section in config.nav or []:
        for entries in section.values():
            for entry in entries if isinstance(entries, list) else ():
                if "*api*" in entry.values():
                    entry.update(dict.fromkeys(entry, listed))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what the pages link to, and the pages that are no file."""
    texts = {page: text for page, (_, text) in api_pages().items()} | example_pages()
    texts["index.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in BESIDE:
        texts[name] = (ROOT / name).read_text(encoding="utf-8")
    for page, text in texts.items():
        at_root = page in BESIDE or page == "index.md"
        content = relocated(text, "README.md") if at_root else text
        files.append(File.generated(config, page, content=content))
    for name in (*AS_THEY_ARE, *sorted(_linked())):
        text = ROOT / name
        files.append(File.generated(config, name, abs_src_path=str(text)))
    return files


def _linked() -> set[str]:
    """Return the files of results/ that pages link to or show."""
    found = set()
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for _, link, _, _ in LINK.findall(page.read_text(encoding="utf-8")):
            place = (page.parent / link).resolve()
            if place.is_file() and place.is_relative_to(ROOT / "results"):
                found.add(place.relative_to(ROOT).as_posix())
    return found


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Mend links of the files of docs/; names of the reference lead to their docstrings."""
    source = page.file.src_uri
    if source.startswith(("api/", "examples/")) or source in (*BESIDE, "index.md"):
        return markdown
    if source == "reference.md":
        markdown = _with_links_to_docstrings(markdown)
    return relocated(markdown, f"docs/{source}")


def _with_links_to_docstrings(markdown: str) -> str:
    public = public_names()

    def linked(found: re.Match[str]) -> str:
        name = re.match(r"\w+", found[1])
        if name is None or name[0] not in public or name[0] == "plots":
            return found[0]
        return f"[`{found[1]}`][evolino.{name[0]}]"

    lines = []
    for line in markdown.splitlines():
        before, bar, rest = line.partition("|")[2].partition("|")
        if line.startswith("|") and bar:
            line = "|" + re.sub(r"`([^`]+)`", linked, before) + bar + rest
        lines.append(line)
    return "\n".join(lines)


def on_page_content(html: str, **_: Any) -> str:
    """Turn equations into MathML."""
    return as_mathml(html)


def on_post_page(output: str, **_: Any) -> str:
    """Name the search for screen readers."""
    search = 'data-md-component="search" role="dialog"'
    return output.replace(search, f'{search} aria-label="Search"')
