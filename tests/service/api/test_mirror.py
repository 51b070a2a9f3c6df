"""A candidate on trial computes what the active version answers, and nobody but us notices."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.repository import Candidate
from tests import tiny_models
from tests.service.api.live import PAIR, Live, live_server

TURNED = ("negative", "positive")  # the first label of the tiny classifier is for "good"


@contextmanager
def mirrored(models: Path, name: str = "sentiment", **settings: object) -> Iterator[Live]:
    """A server whose version 1 answers and whose version 2 is mirrored to."""
    with live_server(models, keep_versions=2, **settings) as live:
        candidate = Candidate(version=2, mirror=True)
        live.repository.change(name, lambda routing: routing.activated(1))
        live.repository.change(name, lambda routing: routing.with_candidate(name, candidate))
        yield live


def comparisons(live: Live, model: str = "sentiment") -> dict[str, int]:
    counts = {
        outcome: int(live.metric("mirrored_requests_total", model=model, outcome=outcome))
        for outcome in ("same", "different", "failed", "dropped")
    }
    return {outcome: count for outcome, count in counts.items() if count}


def predict(live: Live, *texts: str) -> list[str]:
    answer = live.client.post("/predict", json={"inputs": list(texts)})
    assert answer.status_code == 200
    return [ranked[0]["label"] for ranked in answer.json()]


def test_a_candidate_that_agrees_is_counted(models: Path) -> None:
    tiny_models.publish_classifier(models)
    with mirrored(models) as live:
        gate = live.gates.of("classifier", version=2)
        gate.rows.clear()
        assert predict(live, "good", "bad") == ["positive", "negative"]
        live.until(lambda: comparisons(live) == {"same": 1})
        assert gate.rows == [2]
        # What clients asked for is counted once.
        assert live.outcomes("sentiment") == {"answered": 1}
        assert live.metric("texts_total", model="sentiment") == 2


def test_clients_get_the_active_versions_answer_where_they_differ(models: Path) -> None:
    tiny_models.publish_classifier(models, labels=TURNED)
    with mirrored(models) as live:
        assert predict(live, "good") == ["positive"]
        live.until(lambda: comparisons(live) == {"different": 1})
        assert predict(live, "good", "bad") == ["positive", "negative"]
        live.until(lambda: comparisons(live) == {"different": 2})


def test_translations_are_compared_as_texts(models: Path) -> None:
    name = "translation-en-de"
    tiny_models.publish_translator(models)
    with mirrored(models, name) as live:
        for body in ({"q": "the cat"}, {"q": ["a.\nb", "the end"], "num_hypotheses": 2}):
            assert live.client.post("/translate", json={**body, **PAIR}).status_code == 200
        live.until(lambda: comparisons(live, name) == {"same": 2})


def test_a_candidate_is_given_the_glossary_of_a_file_as_far_as_it_takes_one(
    models: Path, tmp_path: Path
) -> None:
    name, terms = "translation-en-de", tmp_path / "terms.csv"
    terms.write_text("en,de\ncat,Katze\n", encoding="utf-8")
    tiny_models.publish_translator(models, known=("the", "cat"))  # the first version takes none
    with mirrored(models, name, glossary_file=terms) as live:
        for q in ("the end", "the cat"):
            answer = live.client.post("/translate", json={"q": q, **PAIR})
            assert answer.json() == {"translatedText": q}
        live.until(lambda: comparisons(live, name) == {"same": 1, "different": 1})
        live.repository.change(name, lambda routing: routing.activated(2))
        live.repository.change(
            name, lambda routing: routing.with_candidate(name, Candidate(version=1, mirror=True))
        )
        answer = live.client.post("/translate", json={"q": "the cat", **PAIR})
        assert answer.json() == {"translatedText": "the Katze"}
        live.until(lambda: comparisons(live, name) == {"same": 1, "different": 2})


def test_a_request_for_a_numbered_version_is_not_mirrored(models: Path) -> None:
    tiny_models.publish_classifier(models)
    with mirrored(models) as live:
        gate = live.gates.of("classifier", version=2)
        gate.close()
        for version in (1, 2):
            body = {"inputs": "good", "version": version}
            if version == 2:
                gate.open()
            assert live.client.post("/predict", json=body).status_code == 200
        assert gate.rows == [1]
        assert comparisons(live) == {}


def test_a_candidate_that_fails_fails_nobody_else(models: Path) -> None:
    tiny_models.publish_classifier(models)
    with mirrored(models) as live:
        gate = live.gates.of("classifier", version=2)
        gate.error = RuntimeError("no")
        assert predict(live, "good") == ["positive"]
        live.until(lambda: comparisons(live) == {"failed": 1})
        gate.error = None
        assert predict(live, "good") == ["positive"]
        live.until(lambda: comparisons(live) == {"failed": 1, "same": 1})
        assert live.outcomes("sentiment") == {"answered": 2}


def test_a_candidate_that_is_slow_holds_up_nobody(models: Path) -> None:
    tiny_models.publish_classifier(models)
    with mirrored(models, max_queue_size=2) as live:
        gate = live.gates.of("classifier", version=2)
        gate.close()
        assert predict(live, "good") == ["positive"]
        gate.wait_until_held()
        assert predict(live, "good") == ["positive"]
        live.until(lambda: live.taken("sentiment", 2) == 2)
        assert predict(live, "bad") == ["negative"]  # its queue is full
        live.until(lambda: comparisons(live) == {"dropped": 1})
        gate.open()
        live.until(lambda: comparisons(live) == {"dropped": 1, "same": 2})
        assert live.outcomes("sentiment") == {"answered": 3}  # none was refused to a client


def test_requests_that_wait_for_a_candidate_are_bounded(models: Path) -> None:
    tiny_models.publish_classifier(models)
    with mirrored(models) as live:
        gate = live.gates.of("classifier", version=2)
        gate.close()
        for _ in range(70):
            assert predict(live, "good") == ["positive"]
        live.until(lambda: comparisons(live) == {"dropped": 6})
        gate.open()
        live.until(lambda: comparisons(live) == {"dropped": 6, "same": 64})


def test_a_deadline_counts_for_the_candidate_too(models: Path) -> None:
    tiny_models.publish_classifier(models)
    with mirrored(models, request_timeout_ms=2000) as live:
        gate = live.gates.of("classifier", version=2)
        gate.close()
        assert predict(live, "good") == ["positive"]
        live.until(lambda: comparisons(live) == {"dropped": 1})
        assert live.taken("sentiment", 2) == 0


def test_a_candidate_that_is_taken_away_is_closed_after_its_last_comparison(
    models: Path,
) -> None:
    name = "sentiment"
    tiny_models.publish_classifier(models)
    with mirrored(models) as live:
        gate = live.gates.of("classifier", version=2)
        gate.close()
        assert predict(live, "good") == ["positive"]
        gate.wait_until_held()
        live.repository.change(name, lambda routing: routing.without_candidate(name))
        live.repository.change(name, lambda routing: routing.with_unloaded(name, 2))

        def state() -> str:
            versions = live.client.get("/models/sentiment").json()["versions"]
            return str(next(v["state"] for v in versions if v["version"] == 2))

        assert state() == "draining"
        gate.open()
        live.until(lambda: comparisons(live) == {"same": 1})
        live.until(lambda: state() == "available")
