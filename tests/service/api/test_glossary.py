"""A glossary that a request carries, and what comes through a translation as it stands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.artifact import read_artifact
from service.pipelines.translation import TranslationPipeline
from service.runtime.search import SearchOptions
from tests import tiny_models
from tests.service.api.conftest import loaded_client

PAIR = {"source": "en", "target": "de"}
KNOWN = ("the", "good", "cat", "sat", "on", "mat", "a", "dog", "ran", "in", "park", "two", "men")


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a translator that copies, in which placeholders stand for what is kept."""
    models = tmp_path_factory.mktemp("keeping")
    tiny_models.publish_translator(models, known=KNOWN)
    with loaded_client(models, cache_bytes=1 << 20) as client:
        yield client


def translated(client: TestClient, q: object, **fields: object) -> object:
    response = client.post("/translate", json={"q": q, **PAIR, **fields})
    assert response.status_code == 200, response.text
    return response.json()["translatedText"]


@pytest.mark.parametrize("beam_size", [1, 5])
def test_terms_become_what_the_glossary_says(keeping: TestClient, beam_size: int) -> None:
    glossary = {"cat": "Katze", "the mat": "der Matte"}
    text = "the cat sat on the mat. The cat ran."
    assert (
        translated(keeping, text, glossary=glossary, beam_size=beam_size)
        == "the Katze sat on der Matte. The Katze ran."
    )
    # Not kept by mistake: other terms, another answer.
    assert translated(keeping, text, glossary={"cat": "Kater"}, beam_size=beam_size) == (
        "the Kater sat on the mat. The Kater ran."
    )
    assert translated(keeping, text, beam_size=beam_size) == text


def test_the_list_of_models_says_that_it_takes_one(keeping: TestClient) -> None:
    (translator,) = keeping.get("/models").json()
    assert translator["glossary"] is True


def test_each_text_of_a_list_and_html(keeping: TestClient) -> None:
    glossary = {"dog": "Hund"}
    assert translated(keeping, ["a dog ran", "a cat ran"], glossary=glossary) == [
        "a Hund ran", "a cat ran",
    ]  # fmt: skip
    html = translated(keeping, "<p>a <b>dog</b> ran</p>", glossary=glossary, format="html")
    assert isinstance(html, str)
    assert "Hund" in html
    assert html.startswith("<p>")


def test_a_stream_holds_the_terms(keeping: TestClient) -> None:
    response = keeping.post(
        "/translate",
        json={"q": "a dog ran", **PAIR, "glossary": {"dog": "Hund & Hof"}},
        headers={"Accept": "text/event-stream"},
    )
    assert 'data: {"translatedText":"a Hund & Hof ran"}' in response.text
    assert "\ue000" not in response.text


def test_what_is_not_known_comes_through(keeping: TestClient) -> None:
    text = "Zarathustra ran in the park at 12:30 with info@example.com 😀"
    for beam_size in (1, 5):
        assert translated(keeping, text, beam_size=beam_size) == text


def test_a_symbol_that_a_text_holds_itself_is_kept(keeping: TestClient) -> None:
    text = "the \ue003 cat \ue000 sat"
    assert translated(keeping, text) == text


@pytest.mark.parametrize(
    ("glossary", "message"),
    [
        ({"": "x"}, "both must have 1"),
        ({"cat": " "}, "both must have 1"),
        ({"cat": "a\nb"}, "printable"),
        ({"cat": "x" * 201}, "200"),
        ({"cat": 5}, "glossary"),
        (["cat"], "glossary"),
    ],
)
def test_a_glossary_that_is_none_is_explained(
    keeping: TestClient, glossary: object, message: str
) -> None:
    response = keeping.post("/translate", json={"q": "the cat", **PAIR, "glossary": glossary})
    assert response.status_code == 400
    assert message in response.json()["error"]


def test_a_glossary_has_a_limit(keeping: TestClient) -> None:
    glossary = {f"term {i}": "x" for i in range(1001)}
    response = keeping.post("/translate", json={"q": "the cat", **PAIR, "glossary": glossary})
    assert response.status_code == 413
    assert "the limit is 1,000" in response.json()["error"]


def test_a_version_without_placeholders_says_so(client: TestClient) -> None:
    body = {"q": "the cat", **PAIR, "glossary": {"cat": "Katze"}}
    for headers in ({}, {"Accept": "text/event-stream"}):
        response = client.post("/translate", json=body, headers=headers)
        assert response.status_code == 400
        assert "takes no glossary: it was trained without placeholders" in response.json()["error"]
    assert client.post("/translate", json={**body, "glossary": {}}).status_code == 200


def test_sentences_are_translated_alike_with_and_without_mates(tmp_path: Path) -> None:
    tiny_models.publish_translator(tmp_path, known=KNOWN)
    pipeline = TranslationPipeline(read_artifact(tmp_path / "translation-en-de" / "1"))
    sentences = ["Zora sat on 5 dog 7.", "the cat sat", "Hans ran in the park at 12:30"]
    for beam_size in (1, 3):
        options = SearchOptions(beam_size=beam_size)
        together = pipeline.translate_sentences(sentences, options)
        assert together == [pipeline.translate_sentences([s], options)[0] for s in sentences]
        assert together == sentences


def test_accents_that_stand_apart_are_part_of_their_words(keeping: TestClient) -> None:
    assert translated(keeping, "the Zoe\u0308 ran") == "the Zoë ran"


def test_a_sentence_in_capitals(keeping: TestClient) -> None:
    text = "THE CAT SAT ON THE MAT. The dog ran at 12:30!"
    assert translated(keeping, text) == text


def test_the_widest_beam_of_a_small_vocabulary(tmp_path: Path) -> None:
    tiny_models.publish_translator(tmp_path, known=KNOWN)
    with loaded_client(tmp_path, max_beam_size=100_000) as client:
        assert translated(client, "the Zarathustra", beam_size=100_000) == "the Zarathustra"
