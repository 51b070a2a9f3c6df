"""POST /tag, and the other routes that a tagger answers or refuses."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from fastapi.testclient import TestClient
from huggingface_hub import InferenceClient, close_session

from service.artifact.vocabulary import Vocabulary
from service.pipelines.tagging import TaggingPipeline
from tests import tiny_models, tiny_tagger
from tests.service.api.conftest import loaded_client
from tests.service.api.live import live_server
from tests.service.api.test_mirror import comparisons, mirrored

TEXT = "Teddy Roosevelt was in London."


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taggers") / "models"
    tiny_models.publish_classifier(folder)
    tiny_tagger.publish_tagger(folder)
    tiny_tagger.publish_tagger(folder, name="parts", tags=tiny_tagger.PARTS)
    return folder


@pytest.fixture(scope="module")
def client(models: Path) -> Iterator[TestClient]:
    with loaded_client(models) as client:
        yield client


def tagged(client: TestClient, **body: Any) -> Any:
    response = client.post("/tag", json={"model": "entities", **body})
    assert response.status_code == 200, response.text
    return response.json()


def test_words_entities_and_their_places(client: TestClient) -> None:
    answer = tagged(client, inputs=TEXT)
    assert [(token["text"], token["tag"]) for token in answer["tokens"]] == [
        ("Teddy", "B-person"),
        ("Roosevelt", "I-person"),
        ("was", "O"),
        ("in", "O"),
        ("London", "B-place"),
        (".", "O"),
    ]
    person, place = answer["entities"]
    assert TEXT[person["start"] : person["end"]] == person["text"] == "Teddy Roosevelt"
    assert (person["label"], place["label"], place["start"]) == ("person", "place", 23)
    logits = tiny_tagger.expected_logits(["Teddy", "Roosevelt"])[0]
    score = np.exp(logits[1]) / np.exp(logits).sum()
    assert answer["tokens"][0]["score"] == pytest.approx(score, abs=1e-6)


def test_a_list_has_a_list_of_answers(client: TestClient) -> None:
    answers = tagged(client, inputs=["Teddy bears", TEXT])
    assert answers == [tagged(client, inputs="Teddy bears"), tagged(client, inputs=TEXT)]
    assert answers[0]["entities"] == []


def test_words_that_were_split_elsewhere(client: TestClient) -> None:
    one = tagged(client, tokens=["Teddy", "Roosevelt", "in", "New York"])
    assert [token["tag"] for token in one["tokens"]] == ["B-person", "I-person", "O", "O"]
    assert [(e["text"], e["start"], e["end"]) for e in one["entities"]] == [
        ("Teddy Roosevelt", 0, 15)
    ]
    two = tagged(client, tokens=[["Teddy", "Roosevelt", "in", "New York"], ["London"]])
    assert two[0] == one and two[1]["tokens"][0]["tag"] == "B-place"


def test_entities_can_be_left_out_and_other_tags_have_none(client: TestClient) -> None:
    assert set(tagged(client, inputs=TEXT, aggregate=False)) == {"tokens"}
    parts = tagged(client, inputs=TEXT, model="parts")
    assert set(parts) == {"tokens"}
    assert {token["tag"] for token in parts["tokens"]} == {"NOUN"}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "send either inputs (a text or a list of texts) or tokens"),
        ({"inputs": "a", "tokens": ["a"]}, 400, "send either inputs"),
        ({"inputs": ["a", " "]}, 400, "inputs[1]: the text is only white space"),
        ({"tokens": []}, 400, "tokens is an empty list"),
        ({"tokens": [["a"], []]}, 400, "tokens[1] is an empty list"),
        ({"tokens": ["a", " "]}, 400, "tokens: word 1, counted from 0, is only white space"),
        ({"tokens": [["a"], ["b", ""]]}, 400, "tokens[1]: word 1, counted from 0, is empty"),
        ({"tokens": [[1]]}, 400, "tokens[0][0] must be a string, not a number"),
        ({"tokens": "abc"}, 400, "tokens must be a list, not a string"),
        ({"tokens": ["a", ["b"]]}, 400, "tokens[1] must be a string, not a list"),
        ({"inputs": "a", "model": "mood"}, 404, 'no tagging model is called "mood"'),
        ({"inputs": "a", "model": "sentiment"}, 404, "served here: entities, parts"),
        ({"inputs": "a", "model": None}, 400, 'several tagging models are served; choose with "m'),
        ({"inputs": "a", "version": 7}, 404, "version 7 of entities is not loaded"),
        ({"inputs": "a", "model": "parts", "aggregate": True}, 400, "the tags of parts make up no"),
        ({"inputs": "a", "top_k": 1}, 400, 'unknown field "top_k"'),
        ({"inputs": "a" * 20_001}, 413, "the text has 20,001 characters"),
        ({"tokens": ["a" * 19_999, "b"]}, 413, "tokens: the words have 20,001 characters"),
        ({"tokens": [["a"]] * 257}, 413, "tokens holds 257 sentences; the limit is 256"),
        ({"inputs": ["a.\n" * 5000] * 5}, 413, "25,000 sentences; the limit is 4,096"),
    ],
)
def test_what_is_wrong_is_said(
    client: TestClient, body: dict[str, Any], status: int, message: str
) -> None:
    response = client.post("/tag", json={"model": "entities", **body})
    assert response.status_code == status, response.text
    assert message in response.json()["error"]


def test_a_long_answer_is_the_same(client: TestClient) -> None:
    words = "London bears " * 1500
    answer = tagged(client, inputs=[words, words])  # written in a thread
    assert [len(one["tokens"]) for one in answer] == [3000, 3000]
    assert len(answer[0]["entities"]) == 1500


def test_many_words_are_read_beside_the_event_loop(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()

    def spied(name: str) -> None:
        real = getattr(TaggingPipeline, name)

        def spy(*given: Any) -> Any:
            threads.add(threading.get_ident())
            return real(*given)

        monkeypatch.setattr(TaggingPipeline, name, spy)

    for name in ("split", "encode", "joined"):
        spied(name)
    with live_server(models) as live:
        loops: set[int] = set()
        live.loop.call_soon_threadsafe(lambda: loops.add(threading.get_ident()))
        body = {"inputs": ",;" * 5000, "model": "entities"}  # a word each character
        answer = live.client.post("/tag", json=body)
        assert len(answer.json()["tokens"]) == 10_000
    assert len(loops) == 1 and threads and not threads & loops


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/predict", {"inputs": "a", "model": "entities"}, 404, "served here: sentiment"),
        (
            "/translate",
            {"q": "a", "source": "en", "target": "de", "model": "entities"},
            404,
            "no translation model",
        ),
        ("/explain", {"inputs": "a", "model": "entities"}, 400, "say with token which word's tag"),
        ("/v2/models/entities/generate", {"text_input": "a"}, 400, "does not answer a text with"),
        ("/v2/models/entities/generate_stream", {"text_input": "a"}, 400, "does not answer a text"),
        (
            "/v2/models/entities/infer",
            {"inputs": [{"name": "tokens", "shape": [1, 1], "datatype": "INT32", "data": [1]}]},
            400,
            "send text_input",
        ),
    ],
)
def test_other_routes_say_that_it_is_not_theirs(
    client: TestClient, path: str, body: dict[str, Any], status: int, message: str
) -> None:
    response = client.post(path, json=body)
    assert response.status_code == status, response.text
    assert message in response.json()["error"]


def test_models_says_what_it_tags(client: TestClient) -> None:
    by_name = {model["name"]: model for model in client.get("/models").json()}
    assert by_name["entities"]["tags"] == list(tiny_tagger.TAGS)
    assert by_name["entities"]["task"] == "tagging"
    assert by_name["sentiment"]["tags"] is None
    assert client.get("/models/entities").json()["manifest"]["scheme"] == "BIO"


def test_an_answer_is_cached_by_text(models: Path) -> None:
    with live_server(models, cache_bytes=1 << 20) as live:
        body = {"inputs": TEXT, "model": "entities"}
        first, second = (live.client.post("/tag", json=body).json() for _ in range(2))
        lookups = {
            result: live.metric("cache_lookups_total", model="entities", result=result)
            for result in ("hit", "miss")
        }
    assert first == second
    assert lookups == {"hit": 1, "miss": 1}


def test_hugging_faces_client(models: Path) -> None:
    with live_server(models) as live:
        address = "http://{}:{}/huggingface/".format(*live.address)
        entities = InferenceClient(model=address + "entities", token="none", timeout=60)
        person, place = entities.token_classification(TEXT)
        assert (person.entity_group, person.word) == ("person", "Teddy Roosevelt")
        assert (place.start, place.end) == (23, 29)
        (only,) = entities.token_classification(TEXT, ignore_labels=["person"], stride=2)
        assert only.entity_group == "place"
        words = entities.token_classification(TEXT, aggregation_strategy="none")
        assert [word.entity for word in words] == ["B-person", "I-person", "B-place"]
        parts = InferenceClient(model=address + "parts", token="none", timeout=60)
        assert {word.entity_group for word in parts.token_classification(TEXT)} == {"NOUN"}
        close_session()  # it keeps its connections


def test_tritons_client(models: Path) -> None:
    texts = ["Teddy bears", TEXT]
    tensor = triton.InferInput("text_input", [2, 1], "BYTES")
    tensor.set_data_from_numpy(np.array([[text.encode()] for text in texts], dtype=object))
    with live_server(models) as live:
        client = triton.InferenceServerClient("{}:{}".format(*live.address))
        result = client.infer("entities", [tensor])
        config = client.get_model_config("entities")
        client.close()
    assert result.as_numpy("output_lengths").tolist() == [[2], [6]]
    labels = [[label.decode() for label in row] for row in result.as_numpy("label")]
    assert labels[0] == ["O", "O", "", "", "", ""]
    assert labels[1] == ["B-person", "I-person", "O", "O", "B-place", "O"]
    starts, ends = result.as_numpy("start"), result.as_numpy("end")
    assert TEXT[starts[1, 4] : ends[1, 4]] == "London"
    assert (result.as_numpy("score")[0, 2:] == 0).all()
    assert config["parameters"]["label_1"]["string_value"] == "B-person"


def infer(live: Any, texts: list[str]) -> Any:
    tensor = {"name": "text_input", "shape": [len(texts)], "datatype": "BYTES", "data": texts}
    return live.client.post("/v2/models/entities/infer", json={"inputs": [tensor]})


def test_tensors_that_would_be_filled_up_without_end_are_refused(models: Path) -> None:
    longest, short = ",;" * 5000, ["bears"] * 30
    with live_server(models, cache_bytes=1 << 22) as live:
        answer = infer(live, [longest, *short])
        assert answer.status_code == 413
        assert answer.json()["error"] == (
            "text_input holds 31 texts, the longest of 10,000 words, and in the answer all have "
            "the room of the longest: that is more than 262,144 words; send fewer texts at a "
            "time, long ones by themselves, or ask POST /tag"
        )
        # Nothing was tagged for that, and what the cache knows makes no difference.
        assert live.outcomes("entities") == {}
        assert infer(live, [longest]).json()["outputs"][0]["shape"] == [1, 10_000]
        assert infer(live, short).status_code == 200
        assert infer(live, [longest, *short]).status_code == 413


def test_a_large_tensor_is_what_tag_answers(models: Path) -> None:
    texts = ["London bears " * 1500, "Teddy"]
    with live_server(models) as live:
        outputs = {found["name"]: found for found in infer(live, texts).json()["outputs"]}
        answer = live.client.post("/tag", json={"inputs": texts, "model": "entities"}).json()
    assert outputs["label"]["shape"] == [2, 3000]
    assert outputs["output_lengths"]["data"] == [3000, 1]
    first = answer[0]["tokens"]
    assert outputs["label"]["data"] == [
        *(word["tag"] for word in first), answer[1]["tokens"][0]["tag"], *[""] * 2999
    ]  # fmt: skip
    assert outputs["end"]["data"][:3000] == [word["end"] for word in first]


def test_a_candidate_is_compared_by_its_tags(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    tiny_tagger.publish_tagger(folder)
    tiny_tagger.publish_tagger(folder)
    with mirrored(folder, "entities") as live:
        answer = live.client.post("/tag", json={"inputs": TEXT})
        assert answer.status_code == 200, answer.text
        live.until(lambda: comparisons(live, "entities") == {"same": 1})


def test_each_directions_part_adds_up(client: TestClient) -> None:
    logits = tiny_tagger.expected_logits(["Teddy", "Roosevelt", "was"])
    body = {"inputs": "Teddy Roosevelt was", "model": "entities", "token": 0}
    answer = client.post("/explain", json=body).json()
    assert (answer["text"], answer["start"], answer["end"]) == ("Teddy", 0, 5)
    assert answer["tag"] == "B-person" and "against" not in answer
    parts = answer["forward"], answer["backward"], answer["bias"]
    assert parts == (0.0, 4.0, 0.0)  # nothing of the word itself, all of what follows it
    assert sum(parts) == pytest.approx(answer["logit"], abs=1e-4)
    assert answer["logit"] == pytest.approx(logits[0, 1])

    against = client.post("/explain", json={**body, "tag": "B-person", "against": "O"}).json()
    assert (against["forward"], against["backward"], against["bias"]) == (-1.0, 4.0, -0.5)
    assert against["score"] == answer["score"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        ({"token": 2}, {}, 400, "token is 2; the words of this text are 0 to 1"),
        ({"token": -1}, {}, 400, "token must be greater than or equal to 0"),
        ({"token": "0"}, {}, 400, "token must be a valid integer"),
        ({"token": 0, "tag": "person"}, {}, 400, 'tag is "person"; the tags of this model are'),
        ({"token": 0, "tag": "O", "against": "O"}, {}, 400, "against must be another tag"),
        ({"token": 0, "inputs": " "}, {}, 400, "inputs: the text is only white space"),
        ({"token": 0, "model": "sentiment"}, {}, 404, "no tagging model"),
        ({"token": 0}, {"Accept": "image/svg+xml"}, 406, "there are no pictures of tags"),
        ({"tag": "O"}, {}, 400, "the field token is missing; send an object such as"),
    ],
)
def test_questions_that_have_no_answer(
    client: TestClient, body: dict[str, Any], headers: dict[str, str], status: int, message: str
) -> None:
    whole = {"inputs": "Teddy bears", "model": "entities", **body}
    response = client.post("/explain", json=whole, headers=headers)
    assert response.status_code == status, response.text
    assert message in response.json()["error"]


def test_a_text_that_is_too_long_to_explain_is_not_encoded(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    encode = Vocabulary.encode

    def spy(vocabulary: Vocabulary, tokens: Any) -> Any:
        encoded.append(len(tokens))
        return encode(vocabulary, tokens)

    monkeypatch.setattr(Vocabulary, "encode", spy)
    body = {"inputs": "bears. " * 2000, "model": "entities", "token": 0}
    response = client.post("/explain", json=body)
    assert response.status_code == 413
    assert "the text has 4,000 tokens; the limit of an explanation is 1,024" in response.text
    assert encoded == []
    assert client.post("/explain", json={**body, "inputs": "bears. " * 200}).status_code == 200
    assert encoded == [2]  # the one sentence that the word stands in


def test_a_tag_is_explained_in_json_where_pictures_are_liked_better(client: TestClient) -> None:
    body = {"inputs": "Teddy bears", "model": "entities", "token": 0}
    accept = {"Accept": "image/svg+xml, application/json;q=0.5"}
    answer = client.post("/explain", json=body, headers=accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["text"] == "Teddy"
