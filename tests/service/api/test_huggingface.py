"""Models at a URL, as Hugging Face's own client asks them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from huggingface_hub import InferenceClient, close_session
from huggingface_hub.errors import HfHubHTTPError

from tests import tiny_models
from tests.service.api.conftest import loaded_client
from tests.service.api.live import Live, live_server


@pytest.fixture(scope="module")
def live(published_models: Path) -> Iterator[Live]:
    with live_server(published_models) as live:
        yield live
        close_session()  # it keeps its connections


def hugging_face(live: Live, model: str) -> InferenceClient:
    """The client of a model. With a token, as it would send the user's own without one."""
    address = "http://{}:{}".format(*live.address)
    return InferenceClient(model=f"{address}/huggingface/{model}", token="none", timeout=60)


def asked(client: TestClient, model: str, inputs: object, **parameters: object) -> Any:
    body = {"inputs": inputs, "parameters": parameters}
    response = client.post(f"/huggingface/{model}", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_its_client_classifies(live: Live) -> None:
    client = hugging_face(live, "sentiment")
    best, other = client.text_classification("a good film")
    assert (best.label, other.label) == ("positive", "negative")
    assert best.score == pytest.approx(tiny_models.expected_score("a good film", 0), abs=1e-4)
    assert best.score + other.score == pytest.approx(1)
    (only,) = client.text_classification("a bad film", top_k=1)
    assert only.label == "negative"
    assert client.text_classification("good", function_to_apply="softmax")[0].label == "positive"


def test_its_client_translates(live: Live) -> None:
    client = hugging_face(live, "translation-en-de")
    text = "two men talk. the good cat\n\nsat 😀"
    assert client.translation(text).translation_text == text
    asked = client.translation(
        text,
        src_lang="en",
        tgt_lang="de",
        clean_up_tokenization_spaces=True,
        truncation="do_not_truncate",
        generate_parameters={"num_beams": 3, "max_new_tokens": 100, "length_penalty": 0.5},
    )
    assert asked.translation_text == text
    cut = client.translation("two men talk", generate_parameters={"max_length": 2})
    assert "two men talk".startswith(cut.translation_text)
    assert len(cut.translation_text) < len("two men talk")


@pytest.mark.parametrize(
    ("model", "call", "status", "message"),
    [
        ("mood", {"text": "a"}, 404, 'no model is called "mood"; served here: sentiment, transl'),
        ("translation-en-de", {"text": " "}, 400, "inputs: the text is only white space"),
        (
            "translation-en-de",
            {"text": "a", "src_lang": "fr", "tgt_lang": "de"},
            400,
            'src_lang is "fr", but translation-en-de has "en" there',
        ),
        (
            "translation-en-de",
            {"text": "a", "generate_parameters": {"temperature": 2}},
            400,
            'parameters: generate_parameters: unknown field "temperature"; known fields are do_s',
        ),
    ],
)
def test_its_client_is_told_what_is_wrong(
    live: Live, model: str, call: dict[str, Any], status: int, message: str
) -> None:
    with pytest.raises(HfHubHTTPError) as raised:
        hugging_face(live, model).translation(**call)
    assert raised.value.response.status_code == status
    assert message in str(raised.value)


def test_its_client_may_send_headers(live: Live) -> None:
    address = "http://{}:{}".format(*live.address)
    client = InferenceClient(
        model=f"{address}/huggingface/translation-en-de",
        token="none",
        headers={"X-Timeout-Ms": "0"},
    )
    with pytest.raises(HfHubHTTPError, match="X-Timeout-Ms"):
        client.translation("cat")


def test_lists_have_the_shapes_of_its_pipelines(client: TestClient) -> None:
    labels = asked(client, "sentiment", ["good", "bad"], top_k=1)
    assert [[one["label"] for one in some] for some in labels] == [["positive"], ["negative"]]
    assert asked(client, "translation-en-de", ["the cat", "a dog"]) == [
        {"translation_text": "the cat"},
        {"translation_text": "a dog"},
    ]


def test_several_translations_of_a_text(client: TestClient) -> None:
    parameters = {"generate_parameters": {"num_beams": 4, "num_return_sequences": 3}}
    texts = [
        part["translation_text"]
        for part in asked(client, "translation-en-de", "the cat", **parameters)
    ]
    assert texts[0] == "the cat"
    assert len(texts) == 3


@pytest.mark.parametrize("languages", [("en", "de"), ("en_XX", "de_DE"), ("EN", "de-AT")])
def test_languages_may_have_a_region(client: TestClient, languages: tuple[str, str]) -> None:
    source, target = languages
    answer = asked(client, "translation-en-de", "cat", src_lang=source, tgt_lang=target)
    assert answer == [{"translation_text": "cat"}]


@pytest.mark.parametrize(
    ("model", "body", "message"),
    [
        ("sentiment", {}, "the field inputs is missing"),
        ("sentiment", {"inputs": 5}, "inputs must be a string or a list of strings, not a number"),
        ("sentiment", {"inputs": []}, "inputs is an empty list"),
        ("sentiment", {"inputs": ["a", ""]}, "inputs[1]: the text is empty"),
        ("sentiment", {"inputs": "a", "parameters": 5}, "parameters must be"),
        ("sentiment", {"inputs": "a", "parameters": {"top_k": 0}}, "parameters: top_k must be gr"),
        (
            "sentiment",
            {"inputs": "a", "parameters": {"function_to_apply": "sigmoid"}},
            "parameters: function_to_apply must be 'softmax'",
        ),
        ("sentiment", {"inputs": "a", "parameters": {"src_lang": "en"}}, "parameters: unknown fi"),
        ("sentiment", {"inputs": "a", "model": "b"}, 'unknown field "model"'),
        (
            "translation-en-de",
            {"inputs": "a", "parameters": {"generate_parameters": {"num_beams": 11}}},
            "parameters: generate_parameters: num_beams must be 10 or less here",
        ),
        (
            "translation-en-de",
            {
                "inputs": "a",
                "parameters": {"generate_parameters": {"num_beams": 2, "num_return_sequences": 3}},
            },
            "num_return_sequences must be 2 or less here",
        ),
        (
            "translation-en-de",
            {"inputs": "a", "parameters": {"generate_parameters": {"do_sample": True}}},
            "parameters: generate_parameters: do_sample must be False",
        ),
        ("translation-en-de", {"inputs": "\u200b"}, "inputs: nothing to read"),
    ],
)
def test_a_bad_request_says_what_is_wrong(
    client: TestClient, model: str, body: object, message: str
) -> None:
    response = client.post(f"/huggingface/{model}", json=body)
    assert response.status_code == 400
    assert message in response.json()["error"]


def test_options_of_older_clients_are_taken(client: TestClient) -> None:
    body = {"inputs": "good", "options": {"wait_for_model": True, "use_cache": False}}
    assert client.post("/huggingface/sentiment", json=body).status_code == 200


def test_a_model_that_tells_languages_is_one_more(tmp_path: Path) -> None:
    tiny_models.publish_language_identifier(tmp_path)
    with loaded_client(tmp_path) as client:
        assert asked(client, "language", "good", top_k=1)[0][0]["label"] == "en"
