from pathlib import Path

import pytest

from benchmarks.load.wrk import LoadError, parse, wrk_command

RESULT = (
    "Running 2s test\n"
    'RESULT {"requests": 1000, "seconds": 2.0, "unanswered": %d, "statuses": %d, '
    '"p50": 0.001, "p90": 0.002, "p99": 0.003, "max": 0.004}\n'
)


def test_requests_that_failed_are_not_counted_into_the_rate() -> None:
    found = parse(RESULT % (0, 100), cpu_seconds=0.5)
    assert (found.requests, found.errors, found.rate) == (1000, 100, 450)
    assert (found.p50, found.p99, found.cpu_seconds) == (0.001, 0.003, 0.5)


def test_unanswered_requests_are_errors() -> None:
    assert parse(RESULT % (7, 0), 0).errors == 7


def test_a_run_without_a_good_answer_is_none() -> None:
    with pytest.raises(LoadError, match="nothing was answered well"):
        parse(RESULT % (0, 1000), 0)


def test_a_run_without_a_result_says_what_was_printed() -> None:
    with pytest.raises(LoadError, match="unable to connect"):
        parse("unable to connect to 127.0.0.1", 0)


def test_the_command_sends_the_bodies_for_whole_seconds() -> None:
    command = wrk_command("http://127.0.0.1:1/predict", Path("bodies.txt"), 32, 2.4)
    assert command[-3:] == ["http://127.0.0.1:1/predict", "--", "bodies.txt"]
    assert "--connections=32" in command
    assert "--duration=2s" in command
