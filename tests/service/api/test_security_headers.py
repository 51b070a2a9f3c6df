"""Every answer tells browsers to do as little with it as it needs."""

import base64
import hashlib
import re
import socket
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.service.api.conftest import OpenClient, loaded_client
from tests.service.api.live import live_server

DATA = "default-src 'none'; frame-ancestors 'none'"


def policy(header: str) -> dict[str, list[str]]:
    """The directives of a policy with their sources."""
    directives = (directive.split() for directive in header.split(";"))
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/predict", {"inputs": "good"}),
        ("POST", "/predict", {"inputs": ""}),
        ("POST", "/translate", {"q": "cat", "source": "en", "target": "de"}),
        ("GET", "/models", None),
        ("GET", "/health/ready", None),
        ("GET", "/metrics", None),
        ("GET", "/openapi.json", None),
        ("GET", "/nowhere", None),
        ("DELETE", "/predict", None),
        ("HEAD", "/models", None),
    ],
)
def test_data_may_do_nothing(
    client: TestClient, method: str, path: str, body: dict[str, str] | None
) -> None:
    headers = client.request(method, path, json=body).headers
    assert headers["content-security-policy"] == DATA
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("root_path", ["", "/text"])
def test_the_page_may_load_its_own_files_alone(published_models: Path, root_path: str) -> None:
    with loaded_client(published_models, root_path=root_path) as client:
        for path in ("/", "/page/main.js", "/page/style.css", "/page/none.js"):
            header = client.get(root_path + path).headers["content-security-policy"]
            directives = policy(header)
            assert directives["default-src"] == ["'none'"]
            assert directives["script-src"] == directives["style-src"] == ["'self'"]
            assert directives["frame-ancestors"] == ["'none'"]
            assert "unsafe" not in header
            assert "http" not in header
        known = client.get(root_path + "/").headers["etag"]
        unchanged = client.get(root_path + "/", headers={"If-None-Match": known})
        assert unchanged.status_code == 304
        assert policy(unchanged.headers["content-security-policy"]) == directives


def test_the_documentation_may_run_the_script_that_it_holds_and_no_other(
    open_client: OpenClient,
) -> None:
    with open_client(root_path="/text") as client:
        answer = client.get("/docs")
    directives = policy(answer.headers["content-security-policy"])
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert directives["script-src"] == ["'self'", f"'sha256-{digest}'"]
    assert directives["frame-ancestors"] == ["'none'"]
    assert directives["connect-src"] == ["'self'"]
    assert answer.headers.get_list("content-security-policy") == [
        answer.headers["content-security-policy"]
    ]


def test_what_no_app_sees_is_refused_with_json_that_is_not_guessed_at(
    published_models: Path,
) -> None:
    with live_server(published_models) as live, socket.create_connection(live.address) as stranger:
        stranger.sendall(b"<html>\r\n\r\n")
        answer = stranger.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nx-content-type-options: nosniff\r\n" in answer
