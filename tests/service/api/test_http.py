"""What holds for every route: ids, errors of one shape, methods, metrics, docs, proxies, logs."""

import json
import logging
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service import __version__
from tests.service.api.conftest import OpenClient
from tests.service.panic import Panic

ROUTES = [
    ("POST", "/predict"),
    ("POST", "/translate"),
    ("GET", "/models"),
    ("GET", "/models/sentiment"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/page/nothing", "/predict/", "/v2/%00", "/%ff", "/" + "x" * 999]
)
def test_an_unknown_path_is_404_and_says_where_the_known_ones_are(
    client: TestClient, path: str
) -> None:
    response = client.get(path)
    assert response.status_code == 404
    (error,) = response.json().values()
    assert error.startswith('there is nothing at "/')
    assert error.endswith("/docs shows what there is")
    assert len(error) < 250


def test_an_unknown_path_that_is_nearly_a_known_one_is_told_which(client: TestClient) -> None:
    (error,) = client.get("/translat").json().values()
    assert error.startswith('there is nothing at "/translat"; did you mean /translate? ')
    (error,) = client.get("/v2/model/sentiment/infer").json().values()
    assert "/v2/models/{name}/infer" in error


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_another_method_is_405_and_names_the_right_one(
    client: TestClient, method: str, path: str
) -> None:
    response = client.request("DELETE", path)
    assert response.status_code == 405
    assert method in response.headers["allow"].split(", ")
    error = f'"{path}" does not answer "DELETE"; it answers {response.headers["allow"]}'
    assert response.json() == {"error": error}


def test_head_is_answered_like_get(open_client: OpenClient) -> None:
    with open_client() as client:
        for method, path in ROUTES:
            response = client.head(path)
            assert response.status_code == (200 if method == "GET" else 405)
        headers = client.head("/models").headers
        assert client.get("/models").headers["content-length"] == headers["content-length"]
        metrics = client.get("/metrics").text
    assert (
        'gatehouse_requests_total{method="HEAD",route="/health/live",status="200"} 1.0' in metrics
    )


def test_a_plain_request_id_is_echoed_and_any_other_replaced(client: TestClient) -> None:
    given = client.get("/health/live", headers={"X-Request-ID": "trace-1.2:a_b"})
    assert given.headers["x-request-id"] == "trace-1.2:a_b"
    for odd in ("", "a b", "x" * 65, "é", "a;b"):
        made = client.get("/nowhere", headers={b"X-Request-ID": odd.encode("latin-1")})
        assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])


def test_what_computes_is_called_without_the_framework_in_between(
    open_client: OpenClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_client() as client:
        app = client.app
        assert isinstance(app, FastAPI)
        monkeypatch.setattr(app.router, "middleware_stack", None)  # calling it fails
        pair = {"source": "en", "target": "de"}
        assert client.post("/predict", json={"inputs": "good"}).status_code == 200
        assert client.post("/translate", json={"q": "cat", **pair}).status_code == 200
        assert client.post("/predict", json={"inputs": ""}).status_code == 400
        assert client.get("/models").status_code == 500


def test_made_request_ids_are_all_different(client: TestClient) -> None:
    ids = [client.get("/health/live").headers["x-request-id"] for _ in range(20)]
    assert len(set(ids)) == 20


def test_a_body_without_announced_length_is_counted(open_client: OpenClient) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        yield b'{"inputs": "good"'
        for _ in range(count):
            yield b" " * 10
        yield b"}"

    with open_client(max_body_bytes=100) as client:
        short = client.post("/predict", content=chunks(5))
        long = client.post("/predict", content=chunks(10))
        announced = client.post("/predict", content=b"{}", headers={"Content-Length": "9" * 30})
    assert "content-length" not in short.request.headers
    assert short.status_code == 200
    message = "the body is longer than 100 bytes; send fewer or shorter inputs at a time"
    for response in (long, announced):
        assert (response.status_code, response.json()) == (413, {"error": message})


def test_metrics_count_by_route_template(open_client: OpenClient) -> None:
    with open_client() as client:
        client.post("/predict", json={"inputs": ["good", "bad"]})
        client.post("/predict", json={"inputs": ""})
        client.get("/models/sentiment")
        client.get("/nowhere")
        client.get("/docs")
        response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    for line in (
        'gatehouse_requests_total{method="POST",route="/predict",status="200"} 1.0',
        'gatehouse_requests_total{method="POST",route="/predict",status="400"} 1.0',
        'gatehouse_requests_total{method="GET",route="/models/{name}",status="200"} 1.0',
        'gatehouse_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'gatehouse_requests_total{method="GET",route="/docs",status="200"} 1.0',
        'gatehouse_request_seconds_count{route="/predict"} 2.0',
        'gatehouse_texts_total{model="sentiment"} 2.0',
        'gatehouse_models{state="ready"} 2.0',
        'gatehouse_models{state="failed"} 0.0',
        'gatehouse_model_info{name="sentiment",precision="fp32",task="classification",'
        'version="1"} 1.0',
    ):
        assert line in response.text.splitlines()


def test_the_openapi_document_shows_bodies_examples_and_errors(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["info"]["version"] == __version__
    # Two classes of one name would be shown by the modules that they stand in.
    assert not [name for name in document["components"]["schemas"] if "__" in name]
    for path in ("/predict", "/translate"):
        operation = document["paths"][path]["post"]
        body = operation["requestBody"]["content"]["application/json"]
        for example in body["examples"].values():
            assert client.post(path, json=example["value"]).status_code == 200
        assert set(body["schema"]["properties"]) > {"model"}
        for status in ("400", "404", "413", "429", "503"):
            reference = operation["responses"][status]["content"]["application/json"]["schema"]
            assert reference == {"$ref": "#/components/schemas/Error"}
        assert "422" not in operation["responses"]
    assert "/openapi.json" in client.get("/docs").text


def test_the_documentation_page_needs_no_address_outside_the_service(
    open_client: OpenClient,
) -> None:
    with open_client(root_path="/text") as client:
        page = client.get("/docs").text
        files = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert files
        for file in files:
            assert file.startswith("/text/")
            assert client.get(file).status_code == 200
        # What a client makes up below the documentation's files must not become a label or a line.
        assert client.get("/static-offline-docs/made-up").status_code == 404
        metrics = client.get("/metrics").text
    assert "made-up" not in metrics
    assert 'route="unmatched",status="404"} 1.0' in metrics


@pytest.mark.parametrize("prefix", ["", "/text"], ids=["stripped by the proxy", "kept"])
def test_a_proxy_may_show_the_service_under_a_path(open_client: OpenClient, prefix: str) -> None:
    with open_client(root_path="/text") as client:
        assert "/text/openapi.json" in client.get(f"{prefix}/docs").text
        document = client.get(f"{prefix}/openapi.json").json()
        assert document["servers"] == [{"url": "/text"}]
        answer = client.post(f"{prefix}/predict", json={"inputs": "good"})
        assert answer.json()[0]["label"] == "positive"
        metrics = client.get(f"{prefix}/metrics").text
    assert 'route="/predict",status="200"} 1.0' in metrics
    assert 'route="/docs",status="200"} 1.0' in metrics


def test_models_are_listed_with_scores_and_licence(client: TestClient) -> None:
    classifier, translator = client.get("/models").json()
    assert classifier["name"] == "sentiment"
    assert classifier["version"] == 1
    assert classifier["task"] == "classification"
    assert classifier["state"] == "ready"
    assert classifier["labels"] == ["positive", "negative"]
    assert classifier["languages"] is None
    assert classifier["scores"][0]["metric"] == "accuracy"
    assert classifier["license"] == "CC0-1.0"
    assert classifier["sources"] == 1
    assert translator["languages"] == {"source": "en", "target": "de"}
    assert (classifier["glossary"], translator["glossary"]) == (None, False)


def test_a_model_is_described_with_its_manifest(client: TestClient) -> None:
    response = client.get("/models/sentiment").json()
    assert response["state"] == "ready"
    assert response["manifest"]["sources"][0]["name"] == "toy"
    assert set(response["manifest"]["files"]) == {"classifier.onnx", "tokenizer.model"}
    unknown = client.get("/models/nobody")
    assert unknown.status_code == 404
    message = 'no model is called "nobody"; served here: sentiment, translation-en-de'
    assert unknown.json() == {"error": message}


@pytest.mark.parametrize("kind", [KeyError, Panic])
def test_a_defect_answers_500_with_the_request_and_logs_no_text(
    kind: type[BaseException], open_client: OpenClient, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "what the user wrote"
    with open_client() as client:
        app = client.app
        assert isinstance(app, FastAPI)

        @app.get("/defect")
        async def defect() -> None:
            raise kind(secret)

        response = client.get("/defect", headers={"X-Request-ID": "r1"})
        metrics = client.get("/metrics").text
    assert response.status_code == 500
    assert response.headers["x-request-id"] == "r1"
    message = "internal error; the log says more about request r1"
    assert response.json() == {"error": message}
    assert 'route="/defect",status="500"} 1.0' in metrics
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info
    assert secret not in record.getMessage()


def test_the_access_log_names_the_template_and_never_the_text(
    open_client: OpenClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "what-the-user-wrote"
    with open_client() as client:
        client.post("/predict", json={"inputs": secret})
        client.post("/predict", json={"inputs": "a", secret: 1})
        client.post("/predict", content=secret)
        client.get(f"/{secret}")
        client.get(f"/models/{secret}?{secret}")
    lines = [record for record in caplog.records if record.name == "service.access"]
    assert [line.getMessage().rpartition(" ")[0].rpartition(" ")[0] for line in lines] == [
        "POST /predict 200",
        "POST /predict 400",
        "POST /predict 400",
        "GET unmatched 404",
        "GET /models/{name} 404",
    ]
    own = [record for record in caplog.records if record.name.startswith("service")]
    assert not [record for record in own if secret in json.dumps(record.__dict__, default=str)]


def test_the_access_log_can_be_turned_off(
    open_client: OpenClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with open_client(access_log=False) as client:
        client.get("/health/live")
    assert not [record for record in caplog.records if record.name == "service.access"]
