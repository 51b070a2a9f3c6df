"""The comparison that the other tests of this folder rely on sees what differs."""

import pytest

from tests.documentation.expectation import difference


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ('[{"label": "positive", "score": 0.98}]', '[{"score":0.991,"label":"positive"}]'),
        ('{"score": 1.0}', '{"score":1}'),
        ('{"name": "sentiment", "...": "..."}', '{"name":"sentiment","version":1}'),
        ('{"id": "..."}', '{"id":{"any":"thing"}}'),
        ("HTTP/1.1 200 OK\n...\nready", "HTTP/1.1 200 OK\nserver: x\n\nready\n"),
        ("positive 0.98, as 1.2.3 says.", "positive 0.9912, as 1.2.3 says."),
        ("a score of -0.10.", "a score of -0.1042."),
        ("2.50 ... 0.5", "2.5 and more 0.51"),
        ("", "anything"),
    ],
)
def test_what_a_page_may_leave_open(expected: str, actual: str) -> None:
    assert difference(expected, actual) is None


@pytest.mark.parametrize(
    ("expected", "actual", "named"),
    [
        ('[{"label": "positive"}]', '[{"label":"negative"}]', "answer[0].label"),
        ('[{"score": 0.98}]', '[{"score":0.95}]', "answer[0].score"),
        ('{"version": 1}', '{"version":2}', "answer.version"),
        ('{"version": 1}', '{"version":1,"name":"x"}', "['name']"),
        ('{"version": 1, "...": "..."}', '{"name":"x"}', "['version']"),
        ("[1]", "[1,2]", "shown 1 elements, answered 2"),
        ('{"error": "no"}', '"no"', "answer: shown {'error': 'no'}"),
        ('{"error": "no"}', "no", "the answer is none"),
        ("no ... here", "yes, it is here", "shown:\nno ... here"),
        ("positive 0.98", "positive 0.95", "answered:\npositive 0.95"),
        ("version 1.2.3", "version 1.2.4", "answered:\nversion 1.2.4"),
        ("batches of 8", "batches of 9", "answered:\nbatches of 9"),
    ],
)
def test_what_a_page_may_not_get_wrong(expected: str, actual: str, named: str) -> None:
    assert named in (difference(expected, actual) or "no difference seen")
