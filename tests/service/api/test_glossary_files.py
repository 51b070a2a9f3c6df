"""Glossaries of files: on every route that translates, by key, and as they change."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.access.keys import hash_of
from service.access.start import check_access
from service.api.glossaries import Glossaries
from service.errors import SettingsError
from service.settings import Settings
from tests import tiny_models
from tests.service.api.conftest import loaded_client
from tests.service.api.test_glossary import KNOWN, PAIR

TRANSLATOR = "/v2/models/translation-en-de"
TEXT = "the dog and the cat ran in the park"
# By the general file alone, and by the shop's over it.
GENERAL = "the Hund and the Katze ran in the park"
SHOP = "the Hund and the Kater ran in the Anlage"
WORDS = (*KNOWN, "and")


def key(name: str) -> dict[str, str]:
    return {"X-API-Key": name}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translator that takes a glossary, and its first version, which takes none."""
    models = tmp_path_factory.mktemp("models")
    tiny_models.publish_translator(models)
    tiny_models.publish_translator(models, known=WORDS)
    return models


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A general glossary, and keys of which one has another."""
    folder = tmp_path_factory.mktemp("glossaries")
    (folder / "general.tsv").write_text("de\ten\nHund\tdog\nKatze\tcat\n", encoding="utf-8")
    (folder / "shop.csv").write_text("en,de\ncat,Kater\npark,Anlage\n", encoding="utf-8")
    (folder / "keys.toml").write_text(
        f'shop = {{ hash = "{hash_of("shop")}", glossary = "shop.csv" }}\n'
        f'desk = {{ hash = "{hash_of("desk")}" }}\n',
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def client(models: Path, folder: Path) -> Iterator[TestClient]:
    """A client of an app with both, a cache, and both versions."""
    with loaded_client(
        models,
        keys_file=folder / "keys.toml",
        glossary_file=folder / "general.tsv",
        keep_versions=2,
        cache_bytes=1 << 20,
    ) as client:
        yield client


def translated(client: TestClient, name: str, **fields: object) -> object:
    response = client.post("/translate", json={"q": TEXT, **PAIR, **fields}, headers=key(name))
    assert response.status_code == 200, response.text
    return response.json()["translatedText"]


def test_a_requests_own_terms_go_before_its_keys_and_these_before_the_general_ones(
    client: TestClient,
) -> None:
    for _ in range(2):  # from the cache, the second time
        assert translated(client, "desk") == GENERAL
        assert translated(client, "shop") == SHOP
        own = {"cat": "Miez", "ran": "lief"}
        assert translated(client, "desk", glossary=own) == (
            "the Hund and the Miez lief in the park"
        )
        assert translated(client, "shop", glossary=own) == (
            "the Hund and the Miez lief in the Anlage"
        )


def test_a_key_in_the_body_counts_too(client: TestClient) -> None:
    for name, expected in (("shop", SHOP), ("desk", GENERAL)):
        response = client.post("/translate", json={"q": TEXT, **PAIR, "api_key": name})
        assert response.json()["translatedText"] == expected
        form = client.post("/translate", data={"q": TEXT, **PAIR, "api_key": name})
        assert form.json()["translatedText"] == expected


def test_a_version_that_takes_no_glossary_is_not_given_those_of_files(client: TestClient) -> None:
    assert translated(client, "shop", version=1) == TEXT
    body = {"q": TEXT, **PAIR, "version": 1, "glossary": {"cat": "Katze"}}
    for path in ("/translate", "/explain"):
        response = client.post(path, json=body, headers=key("shop"))
        assert response.status_code == 400
        assert "version 1 of translation-en-de takes no glossary" in response.json()["error"]


def test_every_route_that_translates_gives_the_same(client: TestClient) -> None:
    headers = key("shop")
    tensor = {"name": "text_input", "shape": [1], "datatype": "BYTES", "data": [TEXT]}
    html = client.post("/translate", json={"q": f"<p>{TEXT}</p>", **PAIR, "format": "html"},
                       headers=headers)  # fmt: skip
    assert html.json()["translatedText"] == f"<p>{SHOP}</p>"
    marked = TEXT.replace("cat", "<b>cat</b>")
    html = client.post("/translate", json={"q": marked, **PAIR, "format": "html"}, headers=headers)
    assert html.json()["translatedText"] == SHOP.replace("Kater", "<b>Kater</b>")
    stream = client.post(
        "/translate",
        json={"q": TEXT, **PAIR},
        headers={**headers, "Accept": "text/event-stream"},
    )
    assert f'data: {{"translatedText":"{SHOP}"}}' in stream.text
    hugging = client.post("/huggingface/translation-en-de", json={"inputs": TEXT}, headers=headers)
    assert hugging.json() == [{"translation_text": SHOP}]
    tensors = client.post(f"{TRANSLATOR}/infer", json={"inputs": [tensor]}, headers=headers)
    assert tensors.json()["outputs"][0]["data"] == [SHOP]
    text = client.post(f"{TRANSLATOR}/generate", json={"text_input": TEXT}, headers=headers)
    assert text.json()["text_output"] == SHOP
    assert _streamed(client, {"text_input": TEXT}) == SHOP
    explained = client.post("/explain", json={"q": TEXT, **PAIR}, headers=headers).json()
    assert explained["translatedText"] == SHOP
    (block,) = explained["blocks"]
    for side, words in (("source", TEXT), ("target", SHOP)):
        texts = [token["text"] for token in block[side]]
        assert set(words.split()) & {"park", "Anlage", "cat", "Kater"} <= set(texts)


def test_an_explanation_takes_a_glossary_of_its_own(client: TestClient) -> None:
    body = {"q": TEXT, **PAIR, "glossary": {"cat": "Miez"}}
    explained = client.post("/explain", json=body, headers=key("desk"))
    assert explained.json()["translatedText"] == "the Hund and the Miez ran in the park"
    wrong = client.post("/explain", json={**body, "glossary": {"cat": ""}}, headers=key("desk"))
    assert wrong.status_code == 400
    assert "both must have 1 to 200" in wrong.json()["error"]


def _streamed(client: TestClient, body: dict[str, object]) -> str:
    response = client.post(f"{TRANSLATOR}/generate_stream", json=body, headers=key("shop"))
    events = [
        json.loads(event.removeprefix("data: ")) for event in response.text.split("\n\n")[:-1]
    ]
    return "".join(event["text_output"] for event in events)


@pytest.mark.parametrize("glossary", [{"cat": "Miez"}, '{"cat": "Miez"}'])
def test_a_parameter_of_the_protocol_is_an_object_or_one_in_a_string(
    client: TestClient, glossary: object
) -> None:
    expected = SHOP.replace("Kater", "Miez")
    headers = key("shop")
    tensor = {"name": "text_input", "shape": [1], "datatype": "BYTES", "data": [TEXT]}
    body = {"inputs": [tensor], "parameters": {"glossary": glossary}}
    tensors = client.post(f"{TRANSLATOR}/infer", json=body, headers=headers)
    assert tensors.json()["outputs"][0]["data"] == [expected]
    for parameters in ({"glossary": glossary}, {"parameters": {"glossary": glossary}}):
        asked = {"text_input": TEXT, **parameters}
        text = client.post(f"{TRANSLATOR}/generate", json=asked, headers=headers)
        assert text.json()["text_output"] == expected
        assert _streamed(client, asked) == expected


@pytest.mark.parametrize(
    ("glossary", "message"),
    [
        ("cat", 'parameters.glossary must be an object of terms, such as {"house": "Gebäude"}'),
        ("[1]", "parameters.glossary must be an object of terms"),
        ('{"cat": 5}', 'parameters.glossary: what "cat" is to become must be a string'),
        ({"cat": None}, 'parameters.glossary: what "cat" is to become must be a string'),
        (5, "parameters.glossary must be an object, not a number"),
        ({"cat": ""}, "both must have 1 to 200 printable characters"),
    ],
)
def test_a_parameter_that_is_no_glossary_is_explained(
    client: TestClient, glossary: object, message: str
) -> None:
    body = {"text_input": TEXT, "glossary": glossary}
    for path in (f"{TRANSLATOR}/generate", f"{TRANSLATOR}/generate_stream"):
        response = client.post(path, json=body, headers=key("shop"))
        assert response.status_code == 400
        assert message in response.json()["error"]
    response = client.post(
        f"{TRANSLATOR}/versions/1/generate",
        json={"text_input": TEXT, "glossary": {"cat": "Katze"}},
        headers=key("shop"),
    )
    assert "takes no glossary" in response.json()["error"]


def test_rows_of_tokens_take_no_glossary(client: TestClient) -> None:
    tensors = [
        {"name": "tokens", "shape": [1, 2], "datatype": "INT32", "data": [5, 2]},
        {"name": "lengths", "shape": [1], "datatype": "INT32", "data": [2]},
    ]
    for glossary, status in (({}, 200), ({"cat": "Katze"}, 400)):
        body = {"inputs": tensors, "parameters": {"glossary": glossary}}
        answer = client.post(f"{TRANSLATOR}/infer", json=body, headers=key("shop"))
        assert answer.status_code == status
        assert (status == 200) != ("glossary is for text_input" in answer.text)


def test_changes_are_taken_up_and_mistakes_are_not(
    models: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "terms.csv"
    path.write_text("en,de\ncat,Katze\n", encoding="utf-8")
    with loaded_client(models, glossary_file=path, cache_bytes=1 << 20) as client:
        assert isinstance(client.app, FastAPI)
        glossaries = client.app.state.services.glossaries
        assert isinstance(glossaries, Glossaries)
        assert not glossaries.changed()
        assert _plain(client) == "the Katze ran"
        path.write_text("en,de\ncat,Kater\ndog,Hund\n", encoding="utf-8")
        _look(glossaries)
        assert _plain(client) == "the Kater ran"  # and not from the cache
        for spoil in (lambda: path.write_text("en,de\na,b,c,d,e,f"), path.unlink):
            spoil()
            with caplog.at_level(logging.ERROR):
                _look(glossaries)
            assert f"its terms stay as they were: the glossary {path}" in caplog.messages[-1]
            assert _plain(client) == "the Kater ran"
        path.write_text("en,de\ndog,Hund\n", encoding="utf-8")
        _look(glossaries)
        assert _plain(client) == "the cat ran"


def _look(glossaries: Glossaries) -> None:
    """What the watcher does, when it comes by; once is enough, whoever was first."""
    if glossaries.changed():
        glossaries.look()
    assert not glossaries.changed()


def _plain(client: TestClient) -> object:
    response = client.post("/translate", json={"q": "the cat ran", **PAIR})
    return response.json()["translatedText"]


def test_a_key_may_get_and_lose_a_glossary_while_the_service_runs(
    models: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.toml"
    (tmp_path / "a.csv").write_text("en,de\ncat,Katze\n", encoding="utf-8")
    line = f'shop = {{ hash = "{hash_of("shop")}"'
    keys.write_text(f"{line} }}\n", encoding="utf-8")
    with loaded_client(models, keys_file=keys) as client:
        assert isinstance(client.app, FastAPI)
        glossaries = client.app.state.services.glossaries
        for fields, expected in (
            ("", TEXT),
            (', glossary = "a.csv"', TEXT.replace("cat", "Katze")),
            (f', glossary = "{tmp_path / "a.csv"}"', TEXT.replace("cat", "Katze")),
            (', glossary = "none.csv"', TEXT),  # the key is good nevertheless
            ("", TEXT),
        ):
            keys.write_text(f"{line}{fields} }}\n", encoding="utf-8")
            glossaries._key_file.look()
            _look(glossaries)
            assert translated(client, "shop") == expected


def test_a_bad_file_at_the_start_is_an_error_of_the_settings(tmp_path: Path) -> None:
    bad, keys = tmp_path / "bad.csv", tmp_path / "keys.toml"
    bad.write_text("en,de\nhouse,Haus,x\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=f"^--glossary-file: the glossary {bad}, line 2: 3 "):
        check_access(Settings(glossary_file=bad))
    keys.write_text(f'shop = {{ hash = "{hash_of("shop")}", glossary = "bad.csv" }}\n')
    with pytest.raises(SettingsError, match=f"^the key shop of {keys}: the glossary {bad}, line 2"):
        check_access(Settings(keys_file=keys))
    bad.write_text("en,de\nhouse,Haus\n", encoding="utf-8")
    check_access(Settings(keys_file=keys, glossary_file=bad))


def test_nothing_of_this_is_there_where_no_settings_want_it(models: Path) -> None:
    with loaded_client(models) as client:
        assert isinstance(client.app, FastAPI)
        assert client.app.state.services.glossaries is None
