"""Links and pictures of README and docs exist, and the first screen is one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_first_screen_of_the_readme_has_at_most_60_lines():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.partition("## When not to use it")[0].splitlines()) <= 60


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_and_picture_of_the_docs_exists(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)", text)
    lost = [target for target in targets if not (page.parent / target).exists()]
    assert not lost
