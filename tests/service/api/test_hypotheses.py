"""num_hypotheses: several translations of a text, best first, with their scores."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.pipelines.translation import SearchOptions, TranslationPipeline
from tests.service.api.conftest import OpenClient
from tests.service.api.live import PAIR


def translate(client: TestClient, q: str | list[str], **fields: Any) -> dict[str, Any]:
    response = client.post("/translate", json={"q": q, **PAIR, **fields})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def check(hypotheses: list[dict[str, Any]], best: str, count: int) -> None:
    assert len(hypotheses) == count
    assert hypotheses[0]["text"] == best
    for hypothesis in hypotheses:
        assert set(hypothesis) == {"text", "score"}
        assert hypothesis["score"] <= 0
    scores = [hypothesis["score"] for hypothesis in hypotheses]
    assert scores == sorted(scores, reverse=True)


def test_one_text_gets_a_list(client: TestClient) -> None:
    answer = translate(client, "the good cat", num_hypotheses=3)
    assert list(answer) == ["translatedText", "hypotheses"]
    check(answer["hypotheses"], answer["translatedText"], 3)
    assert len({hypothesis["text"] for hypothesis in answer["hypotheses"]}) == 3


def test_several_texts_get_a_list_of_lists(client: TestClient) -> None:
    texts = ["the good cat", "two men talk"]
    answer = translate(client, texts, num_hypotheses=2)
    for text, some in zip(texts, answer["hypotheses"], strict=True):
        check(some, text, 2)
        assert some == translate(client, text, num_hypotheses=2)["hypotheses"]
    (alone,) = translate(client, ["the cat"], num_hypotheses=1)["hypotheses"]
    check(alone, "the cat", 1)


def test_without_it_there_is_no_field(client: TestClient) -> None:
    assert list(translate(client, "the cat")) == ["translatedText"]
    assert list(translate(client, "the cat", num_hypotheses=None)) == ["translatedText"]


def test_alternatives_of_a_text_are_whole(client: TestClient) -> None:
    text = "A man runs.\n\n  The cat sat on the mat. "
    answer = translate(client, text, num_hypotheses=4)
    check(answer["hypotheses"], text, 4)
    for hypothesis in answer["hypotheses"]:
        assert "\n\n  " in hypothesis["text"]  # both sentences, and the space between them


def test_they_are_those_of_the_search(client: TestClient, translator: TranslationPipeline) -> None:
    options = SearchOptions(beam_size=4, num_hypotheses=4, length_penalty=0.5)
    (expected,) = translator.alternatives(["the good cat"], options)
    answer = translate(client, "the good cat", num_hypotheses=4, beam_size=4, length_penalty=0.5)
    assert [hypothesis["text"] for hypothesis in answer["hypotheses"]] == [a.text for a in expected]
    for hypothesis, alternative in zip(answer["hypotheses"], expected, strict=True):
        assert hypothesis["score"] == pytest.approx(alternative.score, abs=1e-5)


def test_the_beam_is_as_wide_as_what_is_asked_for(client: TestClient) -> None:
    assert len(translate(client, "the cat", num_hypotheses=8)["hypotheses"]) == 8
    assert len(translate(client, "the cat", num_hypotheses=10)["hypotheses"]) == 10
    assert len(translate(client, "the cat", num_hypotheses=2, beam_size=7)["hypotheses"]) == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"num_hypotheses": 0}, "num_hypotheses must be greater than or equal to 1"),
        ({"num_hypotheses": 1.5}, "num_hypotheses must be a valid integer, not a number"),
        ({"num_hypotheses": "2"}, "num_hypotheses must be a valid integer, not a string"),
        (
            {"num_hypotheses": 3, "beam_size": 2},
            "num_hypotheses must be at most beam_size, which is 2; ask for a wider beam, of at "
            "most 10",
        ),
        ({"num_hypotheses": 2, "beam_size": 1}, "num_hypotheses must be at most beam_size"),
        ({"num_hypotheses": 11}, "num_hypotheses must be at most beam_size, which is 10; "),
    ],
)
def test_more_than_the_search_keeps_is_refused(
    client: TestClient, fields: dict[str, object], message: str
) -> None:
    response = client.post("/translate", json={"q": "the cat", **PAIR, **fields})
    assert response.status_code == 400
    assert response.json()["error"].startswith(message)


def test_the_largest_beam_bounds_it(open_client: OpenClient) -> None:
    with open_client(max_beam_size=3) as client:
        assert len(translate(client, "the cat", num_hypotheses=3)["hypotheses"]) == 3
        body = {"q": "the cat", **PAIR, "num_hypotheses": 4}
        refused = client.post("/translate", json=body)
    assert refused.status_code == 400
    assert "which is 3; ask for a wider beam, of at most 3" in refused.json()["error"]
