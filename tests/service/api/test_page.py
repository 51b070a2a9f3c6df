"""The files of the page, as they are sent. How the page behaves is tested in tests/browser."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.api.page import FOLDER, MEDIA_TYPES
from tests.service.api.conftest import OpenClient

FILES = sorted(path.name for path in FOLDER.iterdir() if path.name != "index.html")


@pytest.mark.parametrize("path", ["/", *(f"/page/{name}" for name in FILES)])
def test_a_file_is_sent_once_and_confirmed_then(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    kind = MEDIA_TYPES[Path(path).suffix or ".html"]
    assert response.headers["content-type"] == kind
    assert response.headers["cache-control"] == "no-cache"
    etag = response.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert client.get(path, headers={"If-None-Match": '"other"'}).content == response.content
    head = client.head(path)
    assert (head.status_code, head.headers["etag"]) == (200, etag)


@pytest.mark.parametrize(
    "name", ["nothing.js", "index.html", "..%2Fsettings.py", "%2e%2e/app.py", "main.js/", ""]
)
def test_nothing_else_is_sent(client: TestClient, name: str) -> None:
    response = client.get(f"/page/{name}")
    assert response.status_code == 404
    assert list(response.json()) == ["error"]


def test_the_page_is_no_part_of_the_interface(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert "/" not in paths
    assert not [path for path in paths if path.startswith("/page")]


def test_requests_for_files_share_a_line_of_the_metrics(open_client: OpenClient) -> None:
    with open_client() as client:
        for name in ("main.js", "style.css", "made-up"):
            client.get(f"/page/{name}")
        metrics = client.get("/metrics").text
    assert 'route="/page/{name}",status="200"} 2.0' in metrics
    assert 'route="/page/{name}",status="404"} 1.0' in metrics
    assert "made-up" not in metrics


@pytest.mark.parametrize("path", ["", "/", "/text", "/text/"])
def test_under_a_path_all_addresses_are_relative_to_it(open_client: OpenClient, path: str) -> None:
    with open_client(root_path="/text") as client:
        page = client.get(path).text
    assert '<base href="/text/" />' in page
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.replace('<base href="/text/" />', ""))
    assert addresses
    assert not [address for address in addresses if address.startswith(("/", "http"))]


def test_the_page_names_every_module_at_once(client: TestClient) -> None:
    # Else the browser finds them one behind the other, a round trip each.
    page = client.get("/").text
    named = set(re.findall(r'rel="modulepreload" href="page/([^"]+)"', page))
    assert named == {name for name in FILES if name.endswith(".js")}


@pytest.mark.parametrize("name", ["index.html", *FILES])
def test_no_file_needs_another_address_or_breaks_the_policy(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    addresses = set(re.findall(r"(?:https?:)?//[^\s\"'/]+\.[^\s\"']*", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, which nobody asks
    if name.endswith(".html"):
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)
    assert "innerHTML" not in text
    assert "eval(" not in text
