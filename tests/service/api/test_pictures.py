"""POST /explain as pictures: the same numbers, in the form that the client accepts."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from service.explanation.forms import PNG, SVG
from service.explanation.pictures import png
from tests.service.api.conftest import OpenClient
from tests.service.api.live import PAIR, live_server
from tests.service.api.test_explain import error_of, explaining
from tests.service.explanation.pictures.made import SVG as NAMESPACE

LABEL = {"inputs": "A good <b>film</b>, really 😀"}
TRANSLATION = {"q": "two men talk. a woman sings", **PAIR}


def texts(svg: bytes) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{NAMESPACE}text")]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "image/png;q=0.5, */*"])
def test_json_is_what_comes_by_default(client: TestClient, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = client.post("/explain", json=LABEL, headers=headers)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["vary"] == "Accept"
    assert answer.json()["label"] == "positive"


def test_a_picture_of_the_words(client: TestClient) -> None:
    numbers = client.post("/explain", json=LABEL).json()
    answer = client.post("/explain", json=LABEL, headers={"Accept": SVG})
    assert answer.headers["content-type"] == SVG
    assert answer.headers["vary"] == "Accept"
    # Shown as a page of its own it may do nothing.
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    shown = texts(answer.content)
    assert shown[0] == f"positive against negative: {numbers['score']:.2f}"
    assert [word["text"] for word in numbers["tokens"]] == shown[3:-1:2]


def test_a_picture_of_the_attention(client: TestClient) -> None:
    blocks = client.post("/explain", json=TRANSLATION).json()["blocks"]
    assert len(blocks) == 2
    answer = client.post("/explain", json=TRANSLATION, headers={"Accept": SVG})
    assert answer.headers["content-type"] == SVG
    tokens = {t["text"] for b in blocks for t in (*b["source"][:-1], *b["target"]) if t["text"]}
    assert {"Sentence 1 of 2", "end", *tokens} <= set(texts(answer.content))


@pytest.mark.parametrize("body", [LABEL, TRANSLATION])
def test_a_picture_as_png(client: TestClient, body: dict[str, str]) -> None:
    answer = client.post("/explain", json=body, headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == PNG
    assert answer.content.startswith(b"\x89PNG\r\n")


def test_a_form_that_there_is_not_is_refused(client: TestClient) -> None:
    answer = client.post("/explain", json=LABEL, headers={"Accept": "text/html, image/webp"})
    assert error_of(answer, 406) == (
        'Accept is "text/html, image/webp"; an explanation can be had as application/json, '
        "image/svg+xml, image/png"
    )


def test_errors_are_json_for_those_too_who_accept_pictures(client: TestClient) -> None:
    answer = client.post("/explain", json={"inputs": " "}, headers={"Accept": SVG})
    assert "only white space" in error_of(answer, 400)
    assert answer.headers["content-type"] == "application/json"


def test_a_picture_that_would_be_too_large_is_refused(open_client: OpenClient) -> None:
    body = {"inputs": ("W" * 18 + " ") * 300}
    with open_client(max_explained_tokens=10_000) as client:
        refused = client.post("/explain", json=body, headers={"Accept": SVG})
        assert "the picture would be 720 by 18," in error_of(refused, 413)
        assert client.post("/explain", json=body).status_code == 200


def test_without_the_package_there_are_svgs(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png, "can_paint", lambda: False)
    refused = client.post("/explain", json=LABEL, headers={"Accept": PNG})
    assert "PNG needs the package resvg-py" in error_of(refused, 406)
    answer = client.post("/explain", json=LABEL, headers={"Accept": f"{PNG}, {SVG};q=0.1"})
    assert answer.headers["content-type"] == SVG


def test_a_deadline_ends_the_wait_for_a_picture(published_models: Path) -> None:
    with live_server(published_models) as live:
        with explaining(live):
            headers = {"X-Timeout-Ms": "50", "Accept": PNG}
            late = live.client.post("/explain", json=LABEL, headers=headers)
            assert "not answered within 50 ms" in error_of(late, 504)
        headers = {"Accept": PNG}
        assert live.client.post("/explain", json=LABEL, headers=headers).status_code == 200
