"""Who may ask what: keys, roles, limits, and what stays open; all through the app's own layers."""

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Mount

from service.access.keys import hash_of
from service.api.access import BODY_KEY_PATHS, OPEN_FOLDERS, OPEN_PATHS, AccessMiddleware
from service.api.cross_origin import CrossOriginMiddleware
from service.api.direct import DirectRoutes
from service.api.middleware import RequestMiddleware
from service.settings import Settings
from tests.service.api.conftest import OpenClient, loaded_client, make_app

USER, ADMIN = "a-user's-secret", "an-admin's-secret"
PAIR = {"source": "en", "target": "de"}
CHANGES = [
    ("POST", "/models/rescan"),
    ("POST", "/models/sentiment/load"),
    ("POST", "/models/sentiment/unload"),
    ("POST", "/models/sentiment/activate"),
    ("POST", "/models/sentiment/rollback"),
    ("PUT", "/models/sentiment/candidate"),
    ("DELETE", "/models/sentiment/candidate"),
]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's key and an admin's."""
    path = tmp_path_factory.mktemp("keys") / "keys.toml"
    path.write_text(
        f'shop = {{ hash = "{hash_of(USER)}" }}\n'
        f'ops = {{ hash = "{hash_of(ADMIN)}", role = "admin" }}\n'
    )
    return path


@pytest.fixture(scope="module")
def client(published_models: Path, keys_file: Path) -> Iterator[TestClient]:
    """A client of an app with keys, where models may be changed."""
    with loaded_client(published_models, keys_file=keys_file, allow_model_changes=True) as client:
        yield client


def addresses(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Every method and path that routes answer, with names filled in."""
    for route in routes:
        if hasattr(route, "effective_candidates"):  # a router that was included
            yield from addresses(route.effective_candidates())
        elif not isinstance(route, Mount):
            path = re.sub(r"\{\w*version\w*\}", "1", route.path)
            path = re.sub(r"\{[^}]*\}", "sentiment", path)
            yield from ((method, path) for method in sorted(route.methods))


def test_every_route_but_the_open_ones_wants_a_key(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    found = set(addresses(app.routes))
    assert {("POST", "/predict"), ("POST", "/translate"), ("GET", "/metrics"), *CHANGES} <= found
    refused = set()
    for method, path in found:
        answer = client.request(method, path)
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDERS):
            assert answer.status_code not in (401, 403), path
        elif path in BODY_KEY_PATHS:
            assert answer.status_code in (400, 401), path  # its body may hold the key
        else:
            assert answer.status_code == 401, (method, path)
            refused.add(path)
        unknown = client.request(method, path, headers=bearer("made up"))
        wanted = path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)
        assert (unknown.status_code == 403) != wanted, path
    assert {"/predict", "/models", "/metrics", "/models/rescan"} <= refused
    assert client.get("/nowhere").status_code == 401


def test_what_is_open_answers_without_a_key(client: TestClient) -> None:
    for path in ("/", "/docs", "/openapi.json", "/health/live", "/health/ready"):
        assert client.get(path).status_code == 200, path
        assert client.head(path).status_code == 200, path


def test_without_a_key_401_says_how_and_with_a_wrong_one_403(client: TestClient) -> None:
    missing = client.post("/predict", json={"inputs": "good"})
    assert missing.status_code == 401
    assert missing.headers["www-authenticate"] == 'Bearer realm="gatehouse"'
    assert missing.json() == {
        "error": "this service wants a key; send it as `Authorization: Bearer KEY` or "
        "`X-API-Key: KEY`"
    }
    wrong = client.post("/predict", json={"inputs": "good"}, headers=bearer(USER + "x"))
    assert wrong.status_code == 403
    assert wrong.json()["error"].startswith("this key is not known here, or was revoked")
    assert "www-authenticate" not in wrong.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {USER}"},
        {"authorization": f"bearer   {USER} "},
        {"X-API-Key": USER},
        {"X-API-Key": ADMIN},
        # The first may be a proxy's own, and is handed on.
        {"Authorization": "Basic dXNlcjpwYXNz", "X-API-Key": USER},
    ],
)
def test_a_key_is_taken_from_either_header(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/predict", json={"inputs": "good"}, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": USER},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {USER}"},
        {"X-API-Key": ""},
        {"X-API-Key": " "},
        {"Cookie": f"key={USER}"},
    ],
)
def test_what_is_no_key_counts_as_none(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post(f"/predict?api_key={USER}", json={"inputs": "good"}, headers=headers)
    assert answer.status_code == 401


def test_odd_bytes_in_the_place_of_a_key_are_refused(client: TestClient) -> None:
    for odd in (b"\xff\xfe", b"\x7f", "é".encode(), b"x" * 60_000):
        answer = client.get("/models", headers={b"X-API-Key": odd})
        assert answer.status_code == 403


def test_translations_take_the_key_from_the_body(client: TestClient) -> None:
    body = {"q": "the cat.", **PAIR}
    assert client.post("/translate", json=body).status_code == 401
    for secret, status in ((USER, 200), (USER + "x", 403), ("", 401), (None, 401), ("\ud800", 400)):
        # As a string of our own: httpx would not send half a surrogate pair.
        text = '{"q": "the cat.", "source": "en", "target": "de", "api_key": %s}'
        shown = "null" if secret is None else '"\\ud800"' if secret == "\ud800" else f'"{secret}"'
        answer = client.post("/translate", content=text % shown)
        assert answer.status_code == status, secret
        assert ("error" in answer.json()) == (status != 200)
    # A key in the headers counts, whatever the body says.
    assert (
        client.post("/translate", json={**body, "api_key": "x"}, headers=bearer(USER)).status_code
        == 200
    )
    refused = client.post("/translate", json={**body, "api_key": USER}, headers=bearer("x"))
    assert refused.status_code == 403
    # As a stream it is the same.
    events = {"Accept": "text/event-stream"}
    assert client.post("/translate", json=body, headers=events).status_code == 401
    stream = client.post("/translate", json={**body, "api_key": USER}, headers=events)
    assert stream.status_code == 200
    assert "event: done" in stream.text


def test_a_route_that_forgets_to_ask_for_the_key_in_its_body_answers_nothing(
    published_models: Path, keys_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.translate.admit_with_body_key", lambda *given: None)
    with loaded_client(published_models, keys_file=keys_file) as client:
        answer = client.post("/translate", json={"q": "the cat.", **PAIR})
        assert answer.status_code == 500
        assert "the cat" not in answer.text


def test_a_refusal_does_not_wait_for_the_body(client: TestClient) -> None:
    def body() -> Iterator[bytes]:
        yield b'{"inputs": '
        raise AssertionError("the body was read")

    # The test client hands a body over in parts, when it is asked for them.
    answer = client.post("/predict", content=body(), headers={"X-API-Key": "made up"})
    assert answer.status_code == 403


def test_models_are_changed_with_an_admins_key_alone(client: TestClient) -> None:
    for method, path in CHANGES:
        assert client.request(method, path).status_code == 401
        refused = client.request(method, path, headers=bearer(USER))
        assert refused.status_code == 403
        assert refused.json() == {
            "error": "the key shop may not change the models; ask with a key whose role is admin"
        }
        allowed = client.request(method, path, headers=bearer(ADMIN))
        assert allowed.status_code in (200, 400, 409), allowed.text


def test_an_admins_key_is_not_enough_where_changes_are_off(
    published_models: Path, keys_file: Path
) -> None:
    with loaded_client(published_models, keys_file=keys_file) as client:
        answer = client.post("/models/rescan", headers=bearer(ADMIN))
    assert answer.status_code == 403
    assert "start the service with --allow-model-changes" in answer.json()["error"]


def test_without_keys_a_web_page_of_another_origin_changes_no_models(
    open_client: OpenClient,
) -> None:
    with open_client(allow_model_changes=True) as client:
        for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
            answer = client.post("/models/rescan", headers={"Origin": origin})
            assert answer.status_code == 403
            assert "other origins may not change the models" in answer.json()["error"]
        assert client.post("/models/rescan").status_code == 200
        own = client.post("/models/rescan", headers={"Origin": "http://testserver"})
        assert own.status_code == 200


def test_metrics_can_be_left_open(published_models: Path, keys_file: Path) -> None:
    with loaded_client(published_models, keys_file=keys_file, open_metrics=True) as client:
        assert client.get("/metrics").status_code == 200
        assert client.get("/models").status_code == 401


def test_a_root_path_opens_and_closes_the_same(published_models: Path, keys_file: Path) -> None:
    with loaded_client(published_models, keys_file=keys_file, root_path="/text") as client:
        for prefix in ("", "/text"):
            assert client.get(f"{prefix}/health/live").status_code == 200
            assert client.get(f"{prefix}/models").status_code == 401
            body = {"q": "the cat.", **PAIR, "api_key": USER}
            assert client.post(f"{prefix}/translate", json=body).status_code == 200
            answer = client.post(f"{prefix}/predict", json={"inputs": "a"}, headers=bearer(USER))
            assert answer.status_code == 200


def test_the_log_names_the_key_by_its_id_and_never_by_its_value(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        client.post("/predict", json={"inputs": "good"}, headers=bearer(USER))
        client.get("/models", headers={"X-API-Key": USER + "y"})
        client.post("/translate", json={"q": "cat", **PAIR, "api_key": ADMIN})
        client.post("/translate", json={"q": "cat", **PAIR, "api_key": USER + "z"})
    records = [record for record in caplog.records if record.name == "service.access"]
    assert [getattr(record, "key", None) for record in records] == ["shop", None, "ops", None]
    assert records[0].getMessage().startswith("POST /predict 200 ")
    assert records[0].getMessage().endswith(" by key shop")
    logged = "\n".join(repr(vars(record)) for record in caplog.records)
    assert USER not in logged
    assert ADMIN not in logged


def test_the_document_says_which_routes_want_a_key(
    client: TestClient, open_client: OpenClient
) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header"}
    predict = document["paths"]["/predict"]["post"]
    assert predict["security"] == [{"bearer": []}, {"header": []}]
    assert {"401", "403", "429"} <= set(predict["responses"])
    assert "security" not in document["paths"]["/health/live"]["get"]
    with open_client() as without:
        document = without.get("/openapi.json").json()
    assert "securitySchemes" not in document["components"]
    assert "401" not in document["paths"]["/predict"]["post"]["responses"]


def standing(answer: object) -> tuple[str | None, str | None]:
    headers = answer.headers  # type: ignore[attr-defined]
    return headers.get("ratelimit-policy"), headers.get("ratelimit")


def test_addresses_are_limited_and_told_how_they_stand(open_client: OpenClient) -> None:
    with open_client(address_rate_limit="2/day") as client:
        first = client.post("/predict", json={"inputs": "good"})
        assert standing(first) == ('"default";q=2;w=86400', '"default";r=1;t=86400')
        assert client.post("/translate", json={"q": "cat", **PAIR}).status_code == 200
        refused = client.post("/predict", json={"inputs": "good"})
        assert refused.status_code == 429
        assert 86_000 < int(refused.headers["retry-after"]) <= 86_401
        assert standing(refused)[1] == f'"default";r=0;t={refused.headers["retry-after"]}'
        assert refused.json()["error"].startswith(
            "this address may send 2 requests in 86,400 s; come again in 86,"
        )
        assert client.get("/models").status_code == 429
        assert client.get("/nowhere").status_code == 429
        # What is open is not counted.
        health = client.get("/health/live")
        assert (health.status_code, standing(health)) == (200, (None, None))
    with open_client() as unlimited:
        assert standing(unlimited.get("/models")) == (None, None)


def test_keys_have_limits_of_their_own(published_models: Path, tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(
        f'shop = {{ hash = "{hash_of(USER)}", rate_limit = "1/day" }}\n'
        f'ops = {{ hash = "{hash_of(ADMIN)}", rate_limit = "" }}\n'
        f'plain = {{ hash = "{hash_of("plain")}" }}\n'
    )
    settings = {"keys_file": path, "key_rate_limit": "3/day", "address_rate_limit": "4/day"}
    with loaded_client(published_models, **settings) as client:

        def statuses(secret: str, times: int) -> list[int]:
            return [client.get("/models", headers=bearer(secret)).status_code for _ in range(times)]

        assert statuses(USER, 2) == [200, 429]
        assert statuses("plain", 4) == [200, 200, 200, 429]
        assert statuses(ADMIN, 9) == [200] * 9
        refused = client.get("/models", headers=bearer(USER))
        assert refused.json()["error"].startswith("the key shop may send 1 requests in 86,400 s")
        # Requests without a valid key count for their address, and a valid one is not its matter.
        assert statuses("wrong", 3) == [403, 403, 403]
        assert client.get("/models").status_code == 401
        assert statuses("wrong", 1) == [429]
        assert client.get("/models").status_code == 429
        assert statuses(ADMIN, 1) == [200]
        # A key in a body is not known before the body is read, so its address counts.
        body = {"q": "cat", **PAIR, "api_key": ADMIN}
        assert client.post("/translate", json=body).status_code == 429


def test_the_key_in_a_body_is_counted(published_models: Path, tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(f'shop = {{ hash = "{hash_of(USER)}", rate_limit = "1/day" }}\n')
    with loaded_client(published_models, keys_file=path) as client:
        body = {"q": "cat", **PAIR, "api_key": USER}
        first, second = (client.post("/translate", json=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert standing(first)[0] == '"default";q=1;w=86400'
    assert second.json()["error"].startswith("the key shop may send 1 requests")


def test_nothing_of_this_is_there_where_no_settings_want_it(published_models: Path) -> None:
    app = make_app(published_models)
    layer = app.middleware_stack
    assert isinstance(layer, RequestMiddleware)
    assert ("POST", "/predict") in layer._direct
    assert not isinstance(layer._app, AccessMiddleware | CrossOriginMiddleware | DirectRoutes)


@pytest.mark.parametrize("limit", ["100", "0/minute", "-1/minute", "1/week", "1 / minute", "a/day"])
def test_a_limit_that_is_none_is_an_error(limit: str) -> None:
    with pytest.raises(ValueError, match="address_rate_limit"):
        Settings.model_validate({"address_rate_limit": limit})


def test_bodies_are_limited_on_every_route(open_client: OpenClient) -> None:
    with open_client(allow_model_changes=True, max_body_bytes=100) as client:
        app = client.app
        assert isinstance(app, FastAPI)
        limited = 0
        for path, operations in app.openapi()["paths"].items():
            for method, operation in operations.items():
                filled = re.sub(r"\{\w*version\w*\}", "1", path)
                filled = re.sub(r"\{[^}]*\}", "sentiment", filled)
                answer = client.request(method, filled, content=b" " * 200)
                if "requestBody" in operation:
                    assert answer.status_code == 413, (method, path, answer.text)
                    limited += 1
                assert answer.status_code < 500, (method, path)
        assert limited >= 6
