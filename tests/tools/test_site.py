"""The site of the course: it builds without a warning, its links lead somewhere, all can use it.

What needs Chromium and its driver is skipped where they are missing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from axe_core_python.selenium import Axe
from browser import open_chromium
from conftest import ROOT
from selenium import webdriver

from tools.execute import NOTEBOOKS, NotebookError
from tools.site.__main__ import build, with_living_links

DARK = "document.documentElement.dataset.theme = document.documentElement.dataset.mode = 'dark'"
CONTRAST = "color-contrast"
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


@pytest.fixture(scope="module")
def site() -> Iterator[Path]:
    """The site, built from the stored notebooks, where also a program without rights may read it.

    Where root calls it, the program that follows the links gives up its rights.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        site = Path(folder) / "site"
        assert build(ROOT / "notebooks", site, strict=True) == 0, "Sphinx had to warn"
        yield site


@pytest.fixture(scope="module")
def pages(site) -> list[Path]:
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    driver = open_chromium("browser")
    yield driver
    driver.quit()


def test_each_notebook_is_a_page_with_its_own_title_and_in_the_navigation(site):
    start = (site / "index.html").read_text("utf-8")
    navigation = re.search(r'<nav class="bd-links.*?</nav>', start, flags=re.S)[0]
    links = re.findall(r'href="notebooks/(\d\d_\w+)\.html">\s*(.*?)\s*</a>', navigation, re.S)
    titles = {
        path.stem: nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].lstrip("# ")
        for path in NOTEBOOKS
    }
    assert dict(links) == titles and [name for name, _ in links] == list(titles)
    for name, title in titles.items():
        page = (site / "notebooks" / f"{name}.html").read_text("utf-8")
        assert f"<title>{title} " in page
        assert "What this page claims is checked here" in page


def test_all_links_lead_somewhere(site):
    linkchecker = shutil.which("linkchecker", path=Path(sys.executable).parent)
    command = [linkchecker, "--no-status", "--no-follow-url=.*csv", str(site / "index.html")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) links? in", done.stdout)[1]) > 100


def test_a_site_stays_if_the_next_one_cannot_be_made(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("old")
    with pytest.raises(NotebookError, match=r"lacks 01_exploration\.ipynb, .*: run all"):
        build(tmp_path, tmp_path / "site")
    for path in NOTEBOOKS:
        (tmp_path / path.name).write_text("no notebook")
    with pytest.raises(NotebookError, match="cannot be read as a notebook"):
        build(tmp_path, tmp_path / "site")
    assert (tmp_path / "site" / "index.html").read_text() == "old"
    assert not list(tmp_path.glob(".writing-*"))


def test_a_link_out_of_the_site_is_only_its_words():
    held = {Path("notebooks/01_exploration.ipynb")}
    text = "[a](01_exploration.ipynb) [b](../utils.py) [c](../README.md) ![d](x.png) [e](https://f)"
    living = with_living_links(text, Path("notebooks"), held)
    assert living == "[a](01_exploration.ipynb) b [c](../index.md) ![d](x.png) [e](https://f)"


def test_each_picture_has_an_alternative(pages):
    for page in pages:
        for picture in re.findall(r"<img[^>]*>", page.read_text("utf-8")):
            assert re.search(r'alt="[^"]{20,}"', picture), f"{page.name}: {picture[:300]}"


def test_no_page_asks_the_network(pages):
    for page in pages:
        text = page.read_text("utf-8")
        loaded = re.findall(r'<(?:script|img|link|iframe)[^>]+(?:src|href)="(https?:[^"]+)"', text)
        loaded += re.findall(r"(?:url\(|@import|fetch\()\W*https?:[^)\s]+", text)
        assert loaded == [], page.name


def obstacles(browser: webdriver.Chrome, **options) -> list[str]:
    """What axe-core finds on the page that is shown."""
    browser.execute_script(Axe().axe_script)
    run = "axe.run(arguments[0]).then(arguments[1])"
    found = browser.execute_async_script(run, {"resultTypes": ["violations"]} | options)
    return [f"{v['help']}: {v['nodes'][0]['html'][:200]}" for v in found["violations"]]


def test_who_cannot_see_or_use_a_mouse_finds_no_obstacle(pages, browser):
    """All rules of axe-core but that on colours, which takes longest."""
    for page in pages:
        browser.get(page.as_uri())
        assert obstacles(browser, rules={CONTRAST: {"enabled": False}}) == [], page.name


@pytest.mark.parametrize("name", ["index", "notebooks/04_cnn_training", "TEACHING"])
def test_colours_are_strong_enough_in_the_light_and_in_the_dark(name, site, browser):
    browser.get((site / f"{name}.html").as_uri())
    for _ in ("light", "dark"):
        assert obstacles(browser, runOnly=[CONTRAST]) == []
        browser.execute_script(DARK)


def test_on_a_phone_nothing_is_wider_than_the_screen(pages, browser):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        for page in pages:
            browser.get(page.as_uri())
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= PHONE["width"], page.name
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
