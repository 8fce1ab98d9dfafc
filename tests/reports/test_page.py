"""Laws of the page of runs: self-contained, named, readable, and true to the runs."""

import base64
import io
import re
import sys
import wave
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import evolino
from evolino.models.model import Model
from evolino.plots.run_names import flatten
from evolino.reports import page as pages
from evolino.reports.page import render, write_page
from evolino.reports.page_media import Media
from evolino.reports.run_page import RunPage, Table, figures_of, number_text
from evolino.training.config import experiment_to_table
from evolino.training.presets import experiment_for
from evolino.training.run_folder import RunFolder

VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """Elements (tag, attributes, text inside) of a page, whose tags must match."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attributes):
        element = [tag, dict(attributes), ""]
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        for element in self._open:
            element[2] += data

    def all(self, *tags):
        return [(each[1], " ".join(each[2].split())) for each in self.elements
                if each[0] in tags]  # fmt: skip


def drawn(name, cells, folder, weight=0.1):
    """A folder of a run with a random network and no generation."""
    experiment = experiment_for(name, cells=cells)
    run, shape = RunFolder.create(folder, experiment), experiment.architecture
    rng = np.random.default_rng(1)
    genome = rng.normal(0.0, 0.3, shape.genome_shape)
    weights = rng.normal(0.0, weight, (shape.readout_width, shape.outputs))
    Model(shape, genome, weights).save(run.path / "model.npz")
    return run.path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two finished runs of a task, and three networks that act, count and play."""
    place = tmp_path_factory.mktemp("runs")
    for seed, cells in ((1, 4), (2, 5)):
        evolino.train(
            evolino.Oscillators(sines=2),
            network=evolino.LSTM(cells=cells),
            search="cma-es",
            budget=evolino.Budget(evaluations=60),
            seed=seed,
            out=place / f"sines{seed}",
            baselines=seed == 1,
        )
    drawn("memory", 2, place / "acts", weight=1.0)
    drawn("languages", 3, place / "counts")
    drawn("blues", 5, place / "plays")
    return [place / name for name in ("sines1", "sines2", "acts", "counts", "plays")]


@pytest.fixture(scope="module")
def text(runs):
    return render(runs)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def contents(uri):
    return base64.b64decode(uri.partition(",")[2])


def test_nothing_is_loaded_or_run_from_elsewhere(page, text):
    places = [value for _, attributes, _ in page.elements
              for name, value in attributes.items() if name in ("src", "href")]  # fmt: skip
    assert places
    assert all(each.startswith(("data:", "#")) for each in places)
    assert not page.all("script", "iframe", "object", "embed")
    assert "url(" not in text and "@import" not in text
    (policy,) = [each["content"] for each, _ in page.all("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none'")


def test_links_lead_to_what_is_there_and_ids_are_unique(page):
    ids = [each[1]["id"] for each in page.elements if "id" in each[1]]
    assert len(ids) == len(set(ids))
    for attributes, _ in page.all("a"):
        assert attributes["href"].removeprefix("#") in ids
    for attributes, _ in page.all("section"):
        assert attributes["aria-labelledby"] in ids


def test_everything_has_a_name_for_a_screen_reader(page):
    assert page.elements[0][1]["lang"] == "en" if page.elements[0][0] == "html" else True
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    assert all(len(each["alt"]) > 20 for each, _ in page.all("img"))
    named = [
        each for each, _ in page.all("audio", "div") if "role" in each or "src" in each
    ]
    labels = [each["aria-label"] for each in named]
    assert all(labels) and len(labels) == len(set(labels))
    assert all(each["tabindex"] == "0" for each in named if "role" in each)
    assert all(said for _, said in page.all("caption", "summary", "legend", "label"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in each for each, _ in page.all("th"))


def luminance(colour):
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_that_of_wcag_aa(text, scheme):
    """Text 4.5 to 1, lines 3 to 1, in both colour schemes."""
    light, dark = re.findall(r":root \{(.*?)\}", text, flags=re.S)
    colours = dict(re.findall(r"--(\w+): (#\w{6});", light if scheme == "light" else dark))
    assert len(colours) == 7
    for ink in ("ink", "faint", "link"):
        for paper in ("paper", "band", "mark"):
            assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
    assert contrast(colours["line"], colours["paper"]) >= 3.0


def test_metrics_published_figures_and_baselines_stand_there(page, runs):
    result = RunFolder.open(runs[0]).result()
    said = {text for _, text in page.all("td", "th")}
    for value in result["metrics"].values():
        assert number_text(value) in said
    assert result["baselines"] and set(result["baselines"]) <= said
    for figure in result["published"]:
        assert figure["method"] in said


def test_every_setting_stands_there(runs, page):
    settings = flatten(experiment_to_table(RunFolder.open(runs[0]).experiment()))
    said = [text for _, text in page.all("th")]
    assert settings and set(settings) <= set(said)


def test_tables_of_all_runs_are_sorted_by_each_column(runs):
    folders = [RunFolder.open(run) for run in runs[:2]]
    results = [folder.result() for folder in folders]
    empty = Table("", (), [])
    tables = pages.comparison([
        RunPage(folder.path.name, "", "", "", figures, [], empty, Media())
        for folder, figures in zip(folders, map(figures_of, folders, results), strict=True)
    ])  # fmt: skip
    assert {"run", "evaluations", "best loss", "seconds", "test NRMSE"} <= {
        each.by for each in tables
    }
    order = np.argsort([each["metrics"]["test_nrmse"] for each in results])
    (by_error,) = [each.table for each in tables if each.by == "test NRMSE"]
    assert [row[0] for row in by_error.rows] == [runs[k].name for k in order]


def test_a_figure_of_one_run_alone_is_not_compared(page):
    (head,) = {text.partition(" mso ")[0] for each, text in page.all("thead")
               if "best loss" in text}  # fmt: skip
    assert "test NRMSE" in head  # of both sines
    assert "accepted to" not in head


def test_a_radio_button_shows_its_table(page, text):
    buttons = [each["id"] for each, _ in page.all("input")]
    shown = re.findall(r":has\(#(by-\d+):checked\) \.(by-\d+)", text)
    assert shown == [(each, each) for each in buttons]
    tables = [each["class"] for each, _ in page.all("div") if "sorted" in each["class"]]
    assert [each.split()[1] for each in tables] == buttons


def test_pictures_are_those_of_the_task(page):
    titles = [each["alt"].partition(".")[0] for each, _ in page.all("img")]
    assert {
        "Loss of all runs of mso",
        "Loss",
        "Test: free run and target",
        "Cells and gates",
        "Episode",
        "Episodes as animation",
        "Counters",
        "Accepted strings",
        "Music played on",
    } == set(titles)
    assert "Not drawn" not in " ".join(said for _, said in page.all("p"))
    for attributes, _ in page.all("img"):
        kind, content = attributes["src"].partition(";")[0], contents(attributes["src"])
        if kind == "data:image/svg+xml":
            assert b"<svg" in content
        else:
            frames = getattr(Image.open(io.BytesIO(content)), "n_frames", 1)
            assert (frames > 1) == (kind == "data:image/gif")


def test_sound_is_short_and_not_silent(page):
    ((audio, _),) = page.all("audio")
    with wave.open(io.BytesIO(contents(audio["src"]))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert file.getnframes() / file.getframerate() <= 8.0
    assert np.abs(samples).max() > 1000
    assert samples[-1] == 0


def test_five_runs_are_below_three_megabytes(text):
    assert len(text.encode()) < 3_000_000


def test_names_are_text_and_no_markup(runs, tmp_path):
    odd = tmp_path / "<script>x"
    odd.symlink_to(runs[3])
    page = Page(render([odd], title="<b>&"))
    assert not page.all("script", "b")
    assert page.all("h1") == [({}, "<b>&")]


def test_a_picture_that_fails_is_a_line(runs, tmp_path):
    run = drawn("mso", 3, tmp_path / "run")
    (run / "model.npz").write_bytes(b"broken")
    said = [text for _, text in Page(render([run])).all("p")]
    assert "Not finished: no generation yet." in said
    assert any(each.startswith("Not drawn: Cells and gates: ") for each in said)


def test_what_cannot_be_a_page_is_refused(runs, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"--out must end in \.html"):
        write_page(runs[:1], tmp_path / "page.pdf")
    with pytest.raises(ValueError, match="not the folder of a run"):
        write_page([tmp_path / "none"], tmp_path / "page.html")
    with pytest.raises(ValueError, match="needs the folder of a run"):
        write_page([], tmp_path / "page.html")
    monkeypatch.setattr(pages, "LARGEST", 1000)
    with pytest.raises(ValueError, match="give fewer runs"):
        write_page(runs[3:4], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ValueError, match=r"pip install .evolino\[report\]"):
        write_page(runs[:1], tmp_path / "page.html")
