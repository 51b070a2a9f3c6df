"""POST /translate: translations in the shape of q, the layout of a text kept."""

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests import tiny_models
from tests.service.api.conftest import OpenClient, loaded_client

PAIR = {"source": "en", "target": "de"}


def test_a_text_gets_a_text_and_a_list_a_list(client: TestClient) -> None:
    one = client.post("/translate", json={"q": "the good cat", **PAIR})
    assert one.status_code == 200
    assert one.json() == {"translatedText": "the good cat"}
    several = client.post("/translate", json={"q": ["two men talk", "the cat"], **PAIR})
    assert several.json() == {"translatedText": ["two men talk", "the cat"]}


def test_a_paragraph_keeps_its_white_space(client: TestClient) -> None:
    text = "  A man runs.  A dog ran in the park.\n\n\tTwo men talk!\r\nthe end \n"
    assert client.post("/translate", json={"q": text, **PAIR}).json() == {"translatedText": text}


@pytest.mark.parametrize("options", [{"beam_size": 1}, {"beam_size": 10}, {"length_penalty": 0}])
def test_the_search_can_be_chosen(client: TestClient, options: dict[str, object]) -> None:
    response = client.post("/translate", json={"q": "the good cat", **PAIR, **options})
    assert response.json() == {"translatedText": "the good cat"}


def test_max_length_cuts(client: TestClient) -> None:
    response = client.post("/translate", json={"q": "two men talk", **PAIR, "max_length": 2})
    cut = response.json()["translatedText"]
    assert len(cut) < len("two men talk")
    assert "two men talk".startswith(cut)


@pytest.mark.parametrize(("source", "target"), [("EN", "DE"), ("en", "De")])
def test_language_codes_are_read_in_any_case(client: TestClient, source: str, target: str) -> None:
    response = client.post("/translate", json={"q": "cat", "source": source, "target": target})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "text",
    ["a\0b", "😀 👩‍👩‍👧", "שלום עולם", "x" * 3000, "e\u0301", "a\u2028b", "H\u2006.", "A\xa0."],
)
def test_awkward_texts_are_answered_and_do_not_touch_their_neighbours(
    client: TestClient, text: str
) -> None:
    response = client.post("/translate", json={"q": ["the cat", text], **PAIR, "beam_size": 1})
    assert response.status_code == 200
    neighbour, answer = response.json()["translatedText"]
    assert neighbour == "the cat"
    assert answer


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"target": "fr"}, 400, 'no model translates "en" to "fr"; pairs served here: en to de'),
        ({"source": "", "target": ""}, 400, 'no model translates "" to ""; pairs served'),
        ({"source": None}, 400, "source must be a valid string, not null"),
        ({"q": []}, 400, "q is an empty list"),
        ({"q": " "}, 400, "q: the text is only white space"),
        ({"q": ["cat", ""]}, 400, "q[1]: the text is empty"),
        ({"q": ["cat", "\u200b"]}, 400, "q[1]: nothing to read"),
        ({"q": ["cat", 5]}, 400, "q[1] must be a string, not a number"),
        ({"beam_size": 0}, 400, "beam_size must be greater than or equal to 1"),
        ({"beam_size": 11}, 400, "beam_size must be 10 or less"),
        ({"max_length": 100_000}, 400, "max_length must be 512 or less"),
        ({"length_penalty": "1"}, 400, "length_penalty must be a valid number, not a string"),
        ({"length_penalty": -1}, 400, "length_penalty must be greater than or equal to 0"),
        ({"mood": "good"}, 400, 'unknown field "mood"; known fields are alternatives, '),
        ({"version": 0}, 400, "version must be greater than or equal to 1"),
        ({"version": 7}, 404, "version 7 of translation-en-de is not loaded; loaded are: 1"),
        ({"model": "nobody"}, 404, 'no translation model is called "nobody"'),
        ({"model": "sentiment"}, 404, "served here: translation-en-de"),
        ({"q": ["a"] * 257}, 413, "q holds 257 texts"),
        ({"q": "a" * 20_001}, 413, "q: the text has 20,001 characters"),
    ],
)
def test_a_bad_request_says_what_is_wrong(
    client: TestClient, change: dict[str, object], status: int, message: str
) -> None:
    response = client.post("/translate", json={"q": "cat", **PAIR, **change})
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert message in response.json()["error"]


def test_a_number_that_is_none_is_refused(client: TestClient) -> None:
    body = b'{"q": "cat", "source": "en", "target": "de", "length_penalty": NaN}'
    response = client.post("/translate", content=body)
    assert response.json() == {"error": "length_penalty must be a finite number"}


def test_limits_of_the_search_are_settings(open_client: OpenClient) -> None:
    with open_client(max_beam_size=5, max_translation_tokens=7) as client:
        wide = client.post("/translate", json={"q": "cat", **PAIR, "beam_size": 6})
        long = client.post("/translate", json={"q": "cat", **PAIR, "max_length": 8})
    assert "beam_size must be 5 or less" in wide.json()["error"]
    assert "max_length must be 7 or less" in long.json()["error"]


def test_sentences_are_counted_over_all_texts(open_client: OpenClient) -> None:
    with open_client(max_sentences=3) as client:
        texts = ["The cat sat. A man runs.", "Two men talk."]
        assert client.post("/translate", json={"q": texts, **PAIR}).status_code == 200
        many = client.post("/translate", json={"q": [*texts, "the end"], **PAIR})
    assert many.status_code == 413
    assert many.json() == {
        "error": "the texts have 4 sentences; the limit is 3 a request: send fewer at a time"
    }


def test_a_version_can_be_asked_for_by_number(models: Path) -> None:
    tiny_models.publish_translator(models)
    with loaded_client(models, keep_versions=2) as client:
        for version in (1, 2, None):
            response = client.post("/translate", json={"q": "cat", **PAIR, "version": version})
            assert response.json() == {"translatedText": "cat"}


def test_the_default_beam_fits_any_limit(open_client: OpenClient) -> None:
    with open_client(max_beam_size=2) as client:
        assert client.post("/translate", json={"q": "cat", **PAIR}).status_code == 200


def test_several_models_of_a_pair(models: Path) -> None:
    tiny_models.publish_translator(models, name="formal")
    with loaded_client(models) as client:
        for model in (None, "formal", "translation-en-de"):
            response = client.post("/translate", json={"q": "cat", **PAIR, "model": model})
            assert response.json() == {"translatedText": "cat"}
    tiny_models.publish_translator(models, name="terse")
    shutil.rmtree(models / "translation-en-de")
    with loaded_client(models) as client:
        response = client.post("/translate", json={"q": "cat", **PAIR})
    assert response.json() == {
        "error": 'several translation models are served; choose with "model": formal, terse'
    }


def test_a_named_model_of_another_pair_is_refused(models: Path) -> None:
    tiny_models.publish_translator(models, name="french", source="fr", target="en")
    with loaded_client(models) as client:
        response = client.post("/translate", json={"q": "cat", **PAIR, "model": "french"})
    assert response.status_code == 400
    assert "pairs served here: fr to en" in response.json()["error"]
