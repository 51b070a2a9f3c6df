"""Operators change the models by requests, and clients that go on asking notice nothing."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.artifact import ClassificationExample
from tests import tiny_models
from tests.service.api.conftest import loaded_client
from tests.service.test_serve import Server, serve, worker_pids

LIE = ClassificationExample(text="a good film", label="positive", score=0.5)
# The same texts, the other way round: the label says which version has answered.
TURNED = ("negative", "positive")


@pytest.fixture
def client(models: Path) -> Iterator[TestClient]:
    """A client that may change the models, of which sentiment has two versions."""
    tiny_models.publish_classifier(models, labels=TURNED)
    with loaded_client(models, allow_model_changes=True) as client:
        yield client


def label(client: TestClient | httpx2.Client, **fields: Any) -> str:
    answer = client.post("/predict", json={"inputs": "a good film", **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.json()[0]["label"])


def versions(client: TestClient | httpx2.Client) -> dict[int, tuple[str, str | None]]:
    listed = client.get("/models/sentiment").json()["versions"]
    return {version["version"]: (version["state"], version["role"]) for version in listed}


def test_changes_are_off_unless_the_settings_allow_them(published_models: Path) -> None:
    with loaded_client(published_models) as client:
        for method, path in (
            ("POST", "/models/rescan"),
            ("POST", "/models/sentiment/load"),
            ("POST", "/models/sentiment/unload"),
            ("POST", "/models/sentiment/activate"),
            ("POST", "/models/sentiment/rollback"),
            ("PUT", "/models/sentiment/candidate"),
            ("DELETE", "/models/sentiment/candidate"),
        ):
            answer = client.request(method, path)
            assert answer.status_code == 403
            assert "start the service with --allow-model-changes" in answer.json()["error"]


def test_a_version_is_activated_and_rolled_back(client: TestClient) -> None:
    assert label(client) == "negative"
    activated = client.post("/models/sentiment/activate", json={"version": 1})
    assert activated.status_code == 200
    assert activated.json() == {
        "message": "sentiment 1 answers, and stays until another version or null is activated",
        "workers": [{"pid": 0, "active": {"sentiment": 1, "translation-en-de": 1}}],
    }
    assert label(client) == "positive"
    assert client.get("/models/sentiment").json()["pinned"] is True
    back = client.post("/models/sentiment/rollback")
    assert back.status_code == 200
    assert back.json()["message"].startswith("sentiment 2 answers in place of 1, and stays until")
    assert label(client) == "negative"
    automatic = client.post("/models/sentiment/activate", json={"version": None})
    assert automatic.json()["message"].startswith("the newest good version of sentiment answers")
    assert client.get("/models/sentiment").json()["pinned"] is False


def test_versions_are_loaded_asked_for_by_number_and_unloaded(client: TestClient) -> None:
    missing = client.post("/predict", json={"inputs": "good", "version": 1})
    assert missing.status_code == 404
    assert missing.json() == {"error": "version 1 of sentiment is not loaded; loaded are: 2"}
    loaded = client.post("/models/sentiment/load", json={"version": 1})
    assert loaded.json()["message"] == "sentiment 1 is loaded"
    assert (label(client, version=1), label(client)) == ("positive", "negative")
    assert versions(client) == {2: ("ready", "active"), 1: ("ready", None)}
    unloaded = client.post("/models/sentiment/unload", json={"version": 1})
    assert unloaded.json()["message"] == "sentiment 1 is not used any more"
    assert client.post("/predict", json={"inputs": "good", "version": 1}).status_code == 404


def test_a_candidate_gets_its_share_until_it_is_taken_away(client: TestClient) -> None:
    body = {"version": 1, "share": 0.25}
    set_ = client.put("/models/sentiment/candidate", json=body)
    assert set_.json()["message"] == "sentiment 1 is the candidate"
    assert versions(client) == {2: ("ready", "active"), 1: ("ready", "candidate")}
    (trial,) = (v for v in client.get("/models").json()[0]["versions"] if v["role"] == "candidate")
    assert (trial["share"], trial["mirror"]) == (0.25, False)
    labels = [label(client) for _ in range(40)]
    assert labels.count("positive") == 10
    removed = client.delete("/models/sentiment/candidate")
    assert removed.json()["message"] == "sentiment has no candidate any more"
    assert {label(client) for _ in range(8)} == {"negative"}
    again = client.delete("/models/sentiment/candidate")
    assert again.status_code == 409
    assert "there is nothing to take away" in again.json()["error"]


def test_what_contradicts_how_things_stand_is_a_conflict(client: TestClient) -> None:
    for method, path, body, part in (
        ("POST", "unload", {"version": 2}, "sentiment 2 is the active version"),
        ("PUT", "candidate", {"version": 2}, "sentiment 2 is the active version"),
        ("POST", "rollback", None, "no other version of sentiment has been active"),
    ):
        answer = client.request(method, f"/models/sentiment/{path}", json=body)
        assert answer.status_code == 409
        assert part in answer.json()["error"]


def test_what_does_not_exist_is_not_found(client: TestClient) -> None:
    for method, path in (
        ("POST", "load"),
        ("POST", "unload"),
        ("POST", "activate"),
        ("PUT", "candidate"),
    ):
        answer = client.request(method, f"/models/sentiment/{path}", json={"version": 9})
        assert answer.status_code == 404
        assert "version 9 of sentiment is not " in answer.json()["error"]
        answer = client.request(method, f"/models/mood/{path}", json={"version": 1})
        assert answer.status_code == 404
        assert 'no model is called "mood"' in answer.json()["error"]
    for method, path in (("POST", "rollback"), ("DELETE", "candidate")):
        assert client.request(method, f"/models/mood/{path}").status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("activate", b""),
        ("activate", b"{}"),
        ("activate", b'{"version": 0}'),
        ("activate", b'{"version": 1e300}'),
        ("activate", b'{"version": "1"}'),
        ("load", b'{"version": null}'),
        ("load", b'{"version": 1, "share": 1}'),
        ("unload", b"[]"),
        ("candidate", b'{"version": 1, "share": 1.5}'),
        ("candidate", b'{"version": 1, "share": NaN}'),
        ("candidate", b'{"version": 1, "mirror": "yes"}'),
    ],
)
def test_a_wrong_body_is_a_bad_request(client: TestClient, path: str, body: bytes) -> None:
    method = "PUT" if path == "candidate" else "POST"
    answer = client.request(method, f"/models/sentiment/{path}", content=body)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert versions(client) == {2: ("ready", "active"), 1: ("available", None)}


def test_a_version_that_does_not_prove_itself_is_refused_and_listed_with_the_reason(
    client: TestClient, models: Path
) -> None:
    tiny_models.publish_classifier(models, examples=(LIE,))
    assert client.post("/models/rescan").status_code == 200
    refused = client.get("/models/sentiment").json()["versions"][0]
    assert (refused["version"], refused["state"], refused["role"]) == (3, "failed", None)
    assert "its manifest says positive 0.500" in refused["reason"]
    activated = client.post("/models/sentiment/activate", json={"version": 3})
    assert activated.status_code == 409
    assert activated.json()["error"].endswith("(worker 0); nothing was changed")
    assert label(client) == "negative"
    assert client.get("/health/ready").json()["models"]["sentiment"] == 2
    rendered = client.get("/metrics").text
    assert 'gatehouse_models{state="failed"} 0.0' in rendered
    assert 'gatehouse_model_versions{state="failed"} 1.0' in rendered


def test_metrics_follow_what_is_loaded(client: TestClient) -> None:
    def infos() -> set[str]:
        lines = client.get("/metrics").text.splitlines()
        found = [line for line in lines if line.startswith('gatehouse_model_info{name="sentiment')]
        assert all(line.endswith(" 1.0") for line in found)
        return {line.partition('version="')[2][0] for line in found}

    assert infos() == {"2"}
    client.post("/models/sentiment/load", json={"version": 1})
    assert infos() == {"1", "2"}
    client.post("/models/sentiment/unload", json={"version": 1})
    while versions(client)[1][0] == "draining":
        pass
    assert infos() == {"2"}


class Traffic:
    """Clients in threads of their own, which ask until they are told to stop."""

    def __init__(self, url: str, clients: int) -> None:
        self._url = url
        self._stop = threading.Event()
        self.labels: list[str] = []
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        with httpx2.Client(base_url=self._url) as client:
            while not self._stop.is_set():
                try:
                    self.labels.append(label(client))
                except (AssertionError, httpx2.HTTPError) as error:
                    self.failures.append(repr(error))

    def wait_for(self, answers: int) -> None:
        """Waits for some more answers."""
        wanted = len(self.labels) + answers
        while len(self.labels) < wanted and not self.failures:
            pass

    def stop(self) -> None:
        """Lets every client finish its request."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_no_request_is_lost_while_versions_change_under_load(models: Path) -> None:
    flags = ("--models-poll-seconds", "0.05", "--no-access-log")
    with serve(models, *flags) as server:
        traffic = Traffic(server.url, 4)
        try:
            with httpx2.Client(base_url=server.url) as client:
                for version in range(2, 7):
                    tiny_models.publish_classifier(
                        models, labels=TURNED if version % 2 == 0 else TURNED[::-1]
                    )
                    while client.get("/health/ready").json()["models"]["sentiment"] != version:
                        assert not traffic.failures
                    traffic.wait_for(50)
                old = dict.fromkeys(range(1, 6), ("available", None))
                while versions(client) != {**old, 6: ("ready", "active")}:
                    assert not traffic.failures
        finally:
            traffic.stop()
        assert server.stop() == 0
    assert traffic.failures == []
    turns = sum(a != b for a, b in zip(traffic.labels, traffic.labels[1:], strict=False))
    assert turns >= 5
    assert not [record for record in server.records if record["level"] in ("WARNING", "ERROR")]


def labels_over_connections(url: str) -> set[str]:
    """What is answered over many connections, which both workers accept."""
    found = set()
    for _ in range(20):
        with httpx2.Client(base_url=url) as client:
            found.add(label(client))
    return found


def pids(server: Server) -> set[int]:
    while True:
        try:
            return set(worker_pids(server))
        except OSError:
            continue  # one has ended since it was listed


def states_by_worker(server: Server, wanted: int) -> dict[int, int]:
    """The active version by worker, as a call that changes nothing else tells."""
    while True:
        answer = httpx2.post(f"{server.url}/models/rescan")
        if answer.status_code == 200:
            workers = {w["pid"]: w["active"]["sentiment"] for w in answer.json()["workers"]}
            if len(workers) == wanted:
                return workers


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the workers in /proc")
def test_a_call_to_one_worker_takes_effect_in_all_and_in_one_that_comes_back(
    models: Path, tmp_path: Path
) -> None:
    tiny_models.publish_classifier(models, labels=TURNED)
    flags = ("--allow-model-changes", "--models-poll-seconds", "0", "--no-access-log")
    folder = tmp_path / "tmp"
    folder.mkdir()
    with serve(models, *flags, workers=2, TMPDIR=str(folder)) as server:
        url = server.url
        activated = httpx2.post(f"{url}/models/sentiment/activate", json={"version": 1})
        assert activated.status_code == 200, activated.text
        workers = {w["pid"]: w["active"]["sentiment"] for w in activated.json()["workers"]}
        assert workers == dict.fromkeys(pids(server), 1)
        assert labels_over_connections(url) == {"positive"}
        back = httpx2.post(f"{url}/models/sentiment/rollback")
        assert back.json()["message"].startswith("sentiment 2 answers in place of 1")
        assert labels_over_connections(url) == {"negative"}
        httpx2.post(f"{url}/models/sentiment/rollback")

        victim = min(pids(server))
        os.kill(victim, signal.SIGKILL)
        while victim in pids(server) or len(pids(server)) < 2:
            pass
        workers = states_by_worker(server, 2)
        assert workers == dict.fromkeys(pids(server), 1)
        assert victim not in workers

        tiny_models.publish_classifier(models, examples=(LIE,))
        refused = httpx2.post(f"{url}/models/sentiment/activate", json={"version": 3})
        assert refused.status_code == 409
        assert "its manifest says positive 0.500" in refused.json()["error"]
        assert set(states_by_worker(server, 2).values()) == {1}
        rendered = httpx2.get(f"{url}/metrics").text
        assert 'gatehouse_model_info{name="sentiment",precision="fp32",task="classification"' in (
            rendered
        )
        assert server.stop() == 0
    assert list(folder.iterdir()) == []
