"""Any request's answer is the same alone and among others: the shipped models, over HTTP."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.documentation.markdown import ROOT
from tests.service.api.live import PAIR, Live, live_server

TEXT = (
    "I loved this film and the story was told with care but the ending fell flat a man in a red "
    "shirt plays the guitar two dogs run through the snow she does not know where he lives what "
    "time is it never again wonderful dull slow great terrible not bad at all"
)
WORDS = TEXT.split()
SCORE_TOLERANCE = 1e-4  # of int8 answers in different batches; see docs/artifacts.md


def requests(seed: int, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Random requests, every third of them a list."""
    chance = random.Random(seed)

    def text(longest: int) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(1, longest))) + "."

    made: list[tuple[str, dict[str, Any]]] = []
    for number in range(count):
        size = 0 if number % 3 else chance.randint(1, 6)
        if number % 2:
            made.append(
                ("/predict", {"inputs": [text(60) for _ in range(size)] if size else text(60)})
            )
        else:
            q = [text(12) for _ in range(size)] if size else f"{text(12)}\n{text(12)}"
            search = chance.choice(
                [{"beam_size": 1}, {}, {"beam_size": 3, "num_hypotheses": 2}, {"max_length": 6}]
            )
            made.append(("/translate", {"q": q, **PAIR, **search}))
    return made


def assert_same(first: Any, second: Any) -> None:
    """Equal, but for the last digits of scores."""
    if isinstance(first, float):
        assert first == pytest.approx(second, abs=SCORE_TOLERANCE)
    elif isinstance(first, dict):
        assert list(first) == list(second)
        for key in first:
            assert_same(first[key], second[key])
    elif isinstance(first, list):
        assert len(first) == len(second)
        for a, b in zip(first, second, strict=True):
            assert_same(a, b)
    else:
        assert first == second


def ask(live: Live, path: str, body: dict[str, Any]) -> Any:
    response: httpx2.Response = live.client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def rows_of(live: Live, path: str, body: dict[str, Any]) -> int:
    """The texts or sentences of a request."""
    given = body["inputs" if path == "/predict" else "q"]
    texts = [given] if isinstance(given, str) else given
    if path == "/predict":
        return len(texts)
    with live.repository.translator("en", "de") as chosen:
        return len(chosen.pipeline.split(texts).rows)


def taken(live: Live) -> int:
    return live.taken("sentiment") + live.taken("translation-en-de")


def test_an_answer_is_the_same_alone_and_among_random_mates() -> None:
    asked = requests(seed=7, count=32)
    with (
        ThreadPoolExecutor(len(asked)) as pool,
        live_server(ROOT / "models", max_decoding_rows=64) as live,
    ):
        rows = sum(rows_of(live, path, body) for path, body in asked)
        alone = [ask(live, path, body) for path, body in asked]
        gates = [live.gates.of(graph) for graph in ("classifier", "encoder", "decoder")]
        for shuffle in range(2):
            order = list(range(len(asked)))
            random.Random(shuffle).shuffle(order)
            for gate in gates:
                gate.close()
            together = {i: pool.submit(ask, live, *asked[i]) for i in order}
            live.until(lambda: taken(live) == rows)
            for gate in gates:
                gate.open()
            for i in order:
                assert_same(alone[i], together[i].result())
            # They were really computed together.
            assert all(max(gate.rows) >= 5 for gate in gates)
