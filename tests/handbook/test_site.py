"""The site: built with every link and anchor checked, and it asks no other host for anything."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from docs.pictures.browser import Browser
from tests.handbook.pages import PAGES, ROOT

FETCHED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly."""
    folder = tmp_path_factory.mktemp("handbook") / "site"
    argv = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


class Wants(HTMLParser):
    """What a page fetches by itself, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.guarded = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if where := given.get(FETCHED.get(tag, "")):
            self.fetched.append(where)
        self.guarded = self.guarded or given.get("http-equiv") == "Content-Security-Policy"


def wants(page: Path) -> Wants:
    found = Wants()
    found.feed(page.read_text())
    return found


def test_every_page_is_there(site: Path) -> None:
    assert not [page.name for page in PAGES if not (site / f"{page.stem}.html").is_file()]
    assert (site / "restore_without_smsops.py").is_file()
    assert not list(site.rglob("camera.py"))


def test_no_page_fetches_anything_from_elsewhere_and_none_could(site: Path) -> None:
    for page in site.rglob("*.html"):
        found = wants(page)
        assert not [where for where in found.fetched if re.match(r"(?:[a-z]+:)?//", where)], page.name
        assert found.guarded, page.name


def test_no_style_fetches_anything_from_elsewhere(site: Path) -> None:
    styles = [style.read_text() for style in site.rglob("*.css")]
    assert styles
    assert not [style for style in styles if re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", style)]


@pytest.fixture
def served(site: Path) -> Iterator[str]:
    """The site's address on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Nothing to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
def test_in_a_browser_no_page_asks_another_host_or_complains(served: str, window: Browser) -> None:
    for page in PAGES:
        window.open(f"{served}{page.stem}.html")
    foreign = [where for where in window.asked if not where.startswith((served, "data:", "blob:"))]
    assert (foreign, window.said) == ([], [])
    assert len(window.asked) > len(PAGES)


@pytest.mark.browser
def test_the_search_finds_what_is_looked_for(served: str, window: Browser) -> None:
    found = "document.querySelectorAll('.md-search-result__item').length"
    wait = f"new Promise(done => {{ const look = () => {found} ? done({found}) : setTimeout(look, 50); look(); }})"
    write = "i => { i.focus(); i.value = 'fence'; for (const e of ['keyup', 'input']) i.dispatchEvent(new Event(e)); }"
    window.open(f"{served}index.html")
    window.run(f"({write})(document.querySelector('.md-search__input'))")
    assert window.run(wait) > 0
    assert not [where for where in window.asked if not where.startswith((served, "data:", "blob:"))]
