"""A translation as server-sent events: the tokens as they are decoded, and the whole at the end."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.api.connection import EXTENSION, Connection
from tests.service.api.live import PAIR, Live, live_server

TRANSLATOR = "translation-en-de"
EVENTS = {"Accept": "text/event-stream"}

Event = tuple[str, dict[str, Any]]


def parse(lines: Iterator[str]) -> Iterator[Event]:
    """The events in lines: each a name, an object, and an empty line."""
    for line in lines:
        name, data, end = line, next(lines), next(lines)
        assert name.startswith("event: ")
        assert data.startswith("data: ")
        assert end == ""
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def stream(client: TestClient, text: str, **fields: Any) -> list[Event]:
    body = {"q": text, **PAIR, **fields}
    response = client.post("/translate", json=body, headers=EVENTS)
    assert response.status_code == 200, response.text
    return list(parse(iter(response.text.split("\n")[:-1])))


@contextmanager
def open_stream(live: Live, text: str, **headers: str) -> Iterator[Iterator[Event]]:
    """The events of a stream as they come."""
    body = {"q": text, **PAIR}
    with live.client.stream("POST", "/translate", json=body, headers=EVENTS | headers) as response:
        assert response.status_code == 200
        yield parse(response.iter_lines())


def joined(events: list[Event]) -> str:
    return "".join(data["text"] for name, data in events if name == "token")


@pytest.mark.parametrize(
    "text",
    [
        "the good cat",
        "  A man runs.  A dog ran in the park.\n\n\tTwo men talk!\r\nthe end \n",
        "Ein Mann läuft 😀 durch den Park. 👩‍👩‍👧 a\u2028b",
        "a",
    ],
)
def test_the_tokens_make_up_the_translation(client: TestClient, text: str) -> None:
    body = {"q": text, **PAIR, "beam_size": 1}
    whole = client.post("/translate", json=body).json()["translatedText"]
    *tokens, last = stream(client, text)
    assert last == ("done", {"translatedText": whole})
    assert {name for name, _ in tokens} == {"token"}
    assert joined(tokens) == whole
    assert all(data["text"] for _, data in tokens)


def test_a_stream_has_the_headers_of_one(client: TestClient) -> None:
    response = client.post("/translate", json={"q": "cat", **PAIR}, headers=EVENTS)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-request-id"]
    assert "content-length" not in response.headers


@pytest.mark.parametrize(
    ("accept", "streams"),
    [
        ("application/json, text/event-stream;q=0", False),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=0.5, application/json", False),
        ("text/event-streams", False),
        ("*/*", False),
        ("text/*", False),  # as events are another answer, they have to be named
        ("Text/Event-Stream", True),
        ("application/json, text/event-stream", True),
        ("text/event-stream;q=0.9, */*;q=0.5", True),
    ],
)
def test_events_are_for_those_who_want_them(client: TestClient, accept: str, streams: bool) -> None:
    body = {"q": "cat", **PAIR}
    response = client.post("/translate", json=body, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream") == streams


def test_options_of_greedy_search_count(client: TestClient) -> None:
    text = "two men talk.\nthe cat sat"
    options = {"max_length": 2, "beam_size": 1, "num_hypotheses": 1}
    whole = client.post("/translate", json={"q": text, **PAIR, **options}).json()
    *tokens, last = stream(client, text, **options)
    assert last == ("done", {"translatedText": whole["translatedText"]})
    assert len(whole["translatedText"]) < len(text)
    assert joined(tokens) == whole["translatedText"]  # what the limit cuts off is not sent either


def test_a_loop_is_cut_in_the_whole_though_it_was_sent(client: TestClient) -> None:
    # A decoder that only repeats itself is stopped, by which time the copies are out.
    body = {"q": "x" * 100, **PAIR, "beam_size": 1}
    whole = client.post("/translate", json=body).json()["translatedText"]
    *tokens, last = stream(client, "x" * 100)
    assert last == ("done", {"translatedText": whole})
    assert joined(tokens).startswith(whole)


def test_each_token_is_sent_when_it_is_decoded(published_models: Path) -> None:
    with live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        with ThreadPoolExecutor() as pool:
            opened = pool.submit(gate.let_through, 1)
            with open_stream(live, "the cat sat on the mat") as events:
                opened.result()
                first = next(events)
                assert first[0] == "token"
                assert first[1]["text"]
                assert len(gate.rows) == 2  # the second step is held
                gate.open()
                rest = list(events)
        assert joined([first, *rest]) == "the cat sat on the mat"
        assert rest[-1] == ("done", {"translatedText": "the cat sat on the mat"})
        assert live.metric("first_token_seconds_count", model=TRANSLATOR) == 1
        assert live.metric("texts_total", model=TRANSLATOR) == 1
        assert live.outcomes(TRANSLATOR) == {"answered": 1}


def test_streams_are_decoded_together_and_each_gets_its_own(published_models: Path) -> None:
    texts = ["the cat sat", "two men talk in the street", "a good film", "the end of the park"]
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:

        def read(text: str) -> list[Event]:
            with open_stream(live, text) as events:
                return list(events)

        encoder, decoder = live.gates.of("encoder"), live.gates.of("decoder")
        encoder.close()
        decoder.close()
        read_all = [pool.submit(read, text) for text in texts]
        live.until(lambda: live.taken(TRANSLATOR) == len(texts))
        encoder.open()
        decoder.let_through(4)
        assert decoder.rows[-1] > 1
        decoder.open()
        for text, events in zip(texts, read_all, strict=True):
            assert joined(events.result()) == text


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"q": ["cat", "dog"]}, 400, "q must be a string, not a list, where the answer is a"),
        ({"q": ["cat"]}, 400, "q must be a string, not a list, where the answer is a stream"),
        ({"beam_size": 2}, 400, "a stream is translated by greedy search: leave out beam_size"),
        ({"num_hypotheses": 2}, 400, "a stream is translated by greedy search"),
        ({"max_length": 100_000}, 400, "max_length must be 512 or less"),
        ({"target": "fr"}, 400, 'no model translates "en" to "fr"'),
        ({"q": " "}, 400, "q: the text is only white space"),
        ({"q": "\u200b"}, 400, "q: nothing to read is left of it"),
        ({"model": "nobody"}, 404, 'no translation model is called "nobody"'),
        ({"version": 7}, 404, "version 7 of translation-en-de is not loaded; loaded are: 1"),
        ({"q": "a" * 20_001}, 413, "q: the text has 20,001 characters"),
    ],
)
def test_what_is_wrong_before_the_first_event_has_its_own_status(
    client: TestClient, change: dict[str, object], status: int, message: str
) -> None:
    response = client.post("/translate", json={"q": "cat", **PAIR, **change}, headers=EVENTS)
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert response.json()["error"].startswith(message)


def test_a_deadline_before_the_first_event_is_504(published_models: Path) -> None:
    with live_server(published_models) as live:
        live.gates.of("decoder").close()
        headers = {**EVENTS, "X-Timeout-Ms": "1"}
        response = live.client.post("/translate", json={"q": "cat", **PAIR}, headers=headers)
        assert response.status_code == 504
        assert response.json()["error"].startswith("not answered within 1 ms")
        assert live.outcomes(TRANSLATOR) == {"expired": 1}
        assert live.taken(TRANSLATOR) == 0


def test_a_deadline_in_the_middle_is_an_event(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        opened = pool.submit(gate.let_through, 2)
        with open_stream(live, "the cat sat on the mat", **{"X-Timeout-Ms": "5000"}) as events:
            opened.result()
            *tokens, last = list(events)  # it ends though the third step never comes back
        assert tokens
        assert joined(tokens) != "the cat sat on the mat"
        assert last[0] == "error"
        assert last[1]["error"].startswith("not answered within 5,000 ms")
        gate.open()
        live.until(lambda: live.metric("running_sequences", model=TRANSLATOR) == 0)
        assert len(gate.rows) == 3
        assert live.outcomes(TRANSLATOR) == {"expired": 1}


def test_the_sequence_is_dropped_when_its_events_cannot_be_sent(published_models: Path) -> None:
    content = json.dumps({"q": "two men talk in the street", **PAIR}).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise OSError("the socket is broken")

    with live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/translate",
            "query_string": b"",
            "headers": [(b"accept", b"text/event-stream")],
            # Nothing but the failure itself tells that this client has gone.
            "extensions": {EXTENSION: Connection()},
        }
        sending = live.app(scope, receive, send)
        ended = asyncio.run_coroutine_threadsafe(sending, live.loop)
        gate.let_through()
        with pytest.raises(OSError, match="broken"):
            ended.result()
        assert live.taken(TRANSLATOR) == 0
        gate.open()
        live.until(lambda: live.metric("running_sequences", model=TRANSLATOR) == 0)
        assert len(gate.rows) == 2
        with live.repository.translator("en", "de") as chosen:
            version = chosen._loaded
        assert version is not None
        assert not version.in_use
        assert live.outcomes(TRANSLATOR) == {"cancelled": 1}


def test_the_sequence_is_dropped_when_the_client_leaves(published_models: Path) -> None:
    with ThreadPoolExecutor() as pool, live_server(published_models) as live:
        gate = live.gates.of("decoder")
        gate.close()
        with httpx2.Client(base_url=live.client.base_url, timeout=None) as leaving:
            opened = pool.submit(gate.let_through, 2)
            body = {"q": "two men talk in the street and a good cat sat", **PAIR}
            with leaving.stream("POST", "/translate", json=body, headers=EVENTS) as response:
                opened.result()
                assert next(parse(response.iter_lines()))[0] == "token"
        live.until(lambda: live.outcomes(TRANSLATOR) == {"cancelled": 1})
        assert live.taken(TRANSLATOR) == 0
        gate.open()
        live.until(lambda: live.metric("running_sequences", model=TRANSLATOR) == 0)
        assert len(gate.rows) == 3
        with live.repository.translator("en", "de") as chosen:
            version = chosen._loaded
        assert version is not None
        assert not version.in_use
        live.until(lambda: live.metric("requests_total", route="/translate", status="499") == 1)
