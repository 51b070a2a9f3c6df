"""POST /predict: labels best first, in the shape that was asked for."""

import json
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from service.api.schemas import PredictRequest
from tests import tiny_models
from tests.service.api.conftest import OpenClient, loaded_client


def test_a_text_gets_its_labels_best_first(client: TestClient) -> None:
    response = client.post("/predict", json={"inputs": "a good film"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    best, second = response.json()
    assert (best["label"], second["label"]) == ("positive", "negative")
    assert best["score"] == pytest.approx(tiny_models.expected_score("a good film", 0), abs=1e-6)
    assert best["score"] + second["score"] == pytest.approx(1)


def test_a_list_gets_a_list_in_its_order(client: TestClient) -> None:
    texts = ["a bad film", "a good film", "bad"]
    results = client.post("/predict", json={"inputs": texts}).json()
    assert [result[0]["label"] for result in results] == ["negative", "positive", "negative"]
    alone = [client.post("/predict", json={"inputs": text}).json() for text in texts]
    for together, single in zip(results, alone, strict=True):
        for a, b in zip(together, single, strict=True):
            assert a["label"] == b["label"]
            assert a["score"] == pytest.approx(b["score"], abs=1e-5)


def test_a_list_of_one_stays_a_list(client: TestClient) -> None:
    (result,) = client.post("/predict", json={"inputs": ["good"]}).json()
    assert result[0]["label"] == "positive"


@pytest.mark.parametrize(("top_k", "labels"), [(1, 1), (2, 2), (99, 2), (None, 2)])
def test_top_k_limits_the_labels(client: TestClient, top_k: int | None, labels: int) -> None:
    response = client.post("/predict", json={"inputs": "good", "top_k": top_k})
    assert len(response.json()) == labels


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/json"]
)
def test_the_content_type_does_not_matter(client: TestClient, content_type: str) -> None:
    response = client.post(
        "/predict", content=b'{"inputs": "good"}', headers={"content-type": content_type}
    )
    assert response.json()[0]["label"] == "positive"


def test_a_byte_order_mark_is_ignored(client: TestClient) -> None:
    response = client.post("/predict", content='\ufeff{"inputs": "good"}'.encode())
    assert response.json()[0]["label"] == "positive"


@pytest.mark.parametrize(
    "text", ["a\0b good", "😀", "שלום good", "x" * 20_000, "e\u0301", "\ufeffgood", "good\u2028bad"]
)
def test_awkward_texts_are_answered(client: TestClient, text: str) -> None:
    answer = client.post("/predict", json={"inputs": ["a good film", text]})
    assert answer.status_code == 200
    neighbour, awkward = answer.json()
    assert neighbour == client.post("/predict", json={"inputs": "a good film"}).json()
    assert 0 <= awkward[0]["score"] <= 1


def test_a_model_can_be_named(models: Path) -> None:
    tiny_models.publish_classifier(models, name="mood", labels=("up", "down"))
    with loaded_client(models) as client:
        named = client.post("/predict", json={"inputs": "good", "model": "mood"})
        default = client.post("/predict", json={"inputs": "good"})
    assert named.json()[0]["label"] == "up"
    assert default.json()[0]["label"] == "positive"


def test_the_only_classifier_is_the_default_and_several_need_a_name(models: Path) -> None:
    shutil.rmtree(models / "sentiment")
    tiny_models.publish_classifier(models, name="mood", labels=("up", "down"))
    with loaded_client(models) as client:
        assert client.post("/predict", json={"inputs": "good"}).json()[0]["label"] == "up"
    tiny_models.publish_classifier(models, name="stars")
    with loaded_client(models) as client:
        response = client.post("/predict", json={"inputs": "good"})
    assert response.status_code == 400
    assert response.json() == {
        "error": 'several classification models are served; choose with "model": mood, stars'
    }


def test_the_newest_version_answers(models: Path) -> None:
    tiny_models.publish_classifier(models, labels=("up", "down"))
    with loaded_client(models) as client:
        assert client.post("/predict", json={"inputs": "good"}).json()[0]["label"] == "up"
        assert client.get("/health/ready").json()["models"]["sentiment"] == 2


def test_a_version_can_be_asked_for_by_number(models: Path) -> None:
    tiny_models.publish_classifier(models, labels=("up", "down"))
    with loaded_client(models, keep_versions=2) as client:
        for version, label in ((1, "positive"), (2, "up"), (None, "up")):
            response = client.post("/predict", json={"inputs": "good", "version": version})
            assert response.json()[0]["label"] == label
        unknown = client.post("/predict", json={"inputs": "good", "version": 3})
    assert unknown.status_code == 404
    assert unknown.json() == {"error": "version 3 of sentiment is not loaded; loaded are: 1, 2"}


@pytest.mark.parametrize("name", ["nobody", "translation-en-de", "", "../sentiment"])
def test_an_unknown_model_is_named_with_the_known_ones(client: TestClient, name: str) -> None:
    response = client.post("/predict", json={"inputs": "good", "model": name})
    assert response.status_code == 404
    assert response.json() == {
        "error": f'no classification model is called "{name}"; served here: sentiment'
    }


EXAMPLE = "send an object such as"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is no JSON: EOF while parsing a value at line 1 column 0"),
        (b"{", "the body is no JSON: EOF while parsing an object at line 1 column 1"),
        (b'{"inputs": "a",}', "the body is no JSON: trailing comma at line 1 column 16"),
        (b"inputs=good", "the body is no JSON: expected value at line 1 column 1"),
        (b"[" * 100_000, "the body is no JSON: recursion limit exceeded at line 1 column "),
        (b'{"inputs": "\\ud800"}', "needs its other half"),
        (b'{"inputs": "\xff"}', "the body is not UTF-8: byte 12 is 0xff; send JSON in UTF-8"),
        ('{"inputs": "a"}'.encode("utf-16"), "the body is not UTF-8: byte 0 is 0xff"),
        ('{"inputs": "a"}'.encode("utf-16-le"), "the body is no JSON: "),
        (b"[]", f"the body is a list; {EXAMPLE}"),
        (b"null", f"the body is null; {EXAMPLE}"),
        (b"{}", f"the field inputs is missing; {EXAMPLE}"),
        (b'{"inputs": 1}', "inputs must be a string or a list of strings, not a number"),
        (b'{"inputs": null}', "inputs must be a string or a list of strings, not null"),
        (b'{"inputs": {"a": 1}}', "inputs must be a string or a list of strings, not an object"),
        (b'{"inputs": NaN}', "inputs must be a string or a list of strings, not a number"),
        (b'{"inputs": ["a", 2, 3]}', "inputs[1] must be a string, not a number"),
        (b'{"inputs": ["a", ["b"]]}', "inputs[1] must be a string, not a list"),
        (b'{"inputs": []}', "inputs is an empty list; send at least one text"),
        (b'{"inputs": ""}', "inputs: the text is empty; send at least one word"),
        (b'{"inputs": " \\n\\t\\u00a0"}', "inputs: the text is only white space"),
        (b'{"inputs": ["a", "b", "c", " "]}', "inputs[3]: the text is only white space"),
        (b'{"inputs": ["a", "\\u0001"]}', "inputs[1]: nothing to read is left of it"),
        (b'{"inputs": "\\u200b"}', "inputs: nothing to read is left of it"),
        (b'{"inputs": "a", "top_k": 0}', "top_k must be greater than or equal to 1"),
        (b'{"inputs": "a", "top_k": "1"}', "top_k must be a valid integer, not a string"),
        (b'{"inputs": "a", "top_k": 1.5}', "top_k must be a valid integer, not a number"),
        (b'{"inputs": "a", "top_k": true}', "top_k must be a valid integer, not true or false"),
        (b'{"inputs": "a", "top_k": -1' + b"0" * 5000 + b"}", "number out of range at line 1"),
        (b'{"inputs": "a", "model": 1}', "model must be a valid string, not a number"),
        (b'{"inputs": "a", "version": 0}', "version must be greater than or equal to 1"),
        (b'{"inputs": "a", "version": "1"}', "version must be a valid integer, not a string"),
        (b'{"inputs": "a", "topk": 1}', 'unknown field "topk"; known fields are inputs, model, '),
    ],
)
def test_a_bad_request_says_what_is_wrong(client: TestClient, body: bytes, message: str) -> None:
    response = client.post("/predict", content=body)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert message in response.json()["error"]


def test_a_list_without_any_text_is_refused_at_its_first_element() -> None:
    # An error for each of half a million numbers took the event loop a second and 400 MB.
    body = json.dumps({"inputs": ["a", *range(1000)]})
    with pytest.raises(ValidationError) as caught:
        PredictRequest.model_validate_json(body)
    assert caught.value.error_count() == 2  # no string, and no list of strings


def test_a_message_repeats_little_of_a_text(client: TestClient) -> None:
    secret = "secret " * 500
    for body in ({"inputs": "a", secret: 1}, {"inputs": "a", "model": secret}, {secret: secret}):
        error = client.post("/predict", json=body).json()["error"]
        assert error.count("secret") < 10


@pytest.mark.parametrize(
    ("settings", "inputs", "message"),
    [
        ({"max_texts": 2}, ["a", "b", "c"], "inputs holds 3 texts; the limit is 2 a request"),
        ({"max_text_characters": 5}, "abcdef", "inputs: the text has 6 characters; the limit is 5"),
        ({"max_text_characters": 5}, ["a", "abcdef"], "inputs[1]: the text has 6 characters"),
        ({"max_body_bytes": 20}, "abcdefghi", "the body is longer than 20 bytes"),
    ],
)
def test_a_request_over_a_limit_is_413(
    open_client: OpenClient, settings: dict[str, int], inputs: object, message: str
) -> None:
    with open_client(**settings) as client:
        response = client.post("/predict", json={"inputs": inputs})
    assert response.status_code == 413
    assert message in response.json()["error"]


def test_requests_at_the_limits_are_answered(client: TestClient) -> None:
    assert len(client.post("/predict", json={"inputs": ["good"] * 256}).json()) == 256
    assert client.post("/predict", json={"inputs": "a " * 10_000}).status_code == 200
    body = json.dumps({"inputs": "good"}).encode().ljust(1 << 20)
    assert client.post("/predict", content=body).status_code == 200
    assert client.post("/predict", content=body + b" ").status_code == 413


def test_a_text_of_too_many_tokens_is_named(open_client: OpenClient) -> None:
    with open_client(max_text_tokens=10) as client:
        # Each of these characters is unknown to the vocabulary, and so becomes its four bytes.
        response = client.post("/predict", json={"inputs": ["good", "\U0001f600" * 5]})
        assert response.status_code == 413
        error = response.json()["error"]
        assert error.startswith("inputs[1]: the text has 2")
        assert error.endswith("tokens; the limit is 10: send it in parts")
        assert client.post("/predict", json={"inputs": "good"}).status_code == 200
