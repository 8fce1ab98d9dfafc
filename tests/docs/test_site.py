"""The documentation as a site builds without a warning and without a network."""

import importlib.util
import re
import socket
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import evolino

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built in this process where no connection can be opened."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    out = tmp_path_factory.mktemp("site")

    def refused(*_args, **_options):
        raise AssertionError("the site needs a network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        patch.setattr(socket.socket, "connect", refused)
        patch.setattr(sys, "path", [*sys.path])
        patch.chdir(ROOT)
        config = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(out), strict=True)
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
    return out


class _Loaded(HTMLParser):
    """Collects what a page loads by itself, and the places that can be linked to."""

    def __init__(self):
        super().__init__()
        self.loads, self.anchors = [], set()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors.add(given.get("id"))
        if tag in ("script", "img", "iframe"):
            self.loads.append(given.get("src") or "")
        if tag == "link" and given.get("rel") in ("stylesheet", "preconnect", "icon"):
            self.loads.append(given["href"])


def parsed(page):
    reader = _Loaded()
    reader.feed(page.read_text(encoding="utf-8"))
    return reader


def test_no_page_loads_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        assert not [each for each in parsed(page).loads if re.match("https?:|//", each)]


def test_every_public_name_has_a_place_in_the_generated_reference(site):
    found = set().union(*(parsed(page).anchors for page in (site / "api").glob("*.html")))
    wanted = {*evolino.__all__, *(f"plots.{name}" for name in evolino.plots.__all__)}
    assert {f"evolino.{name}" for name in wanted} <= found


def test_the_search_has_a_name_for_screen_readers(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    assert 'role="dialog" aria-label="Search"' in text


def test_equations_are_mathml(site):
    text = (site / "method.html").read_text(encoding="utf-8")
    assert text.count("<math") > 5
    assert "arithmatex" not in text


def module(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"docs/site/{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, name, loaded)
        spec.loader.exec_module(loaded)
    return loaded


def test_links_are_moved_as_files_are():
    relocated = module("pages").relocated
    text = "[a](docs/x.md#y) [b](results/c.png) [d](examples/e.py) [f](https://g) [h](#i)"
    moved = "[a](x.md#y) [b](results/c.png) [d](examples/e.md) [f](https://g) [h](#i)"
    assert relocated(text, "README.md") == moved
    assert (
        relocated("[a](../README.md) [b](c.md)", "docs/d.md") == "[a](index.md) [b](c.md)"
    )
