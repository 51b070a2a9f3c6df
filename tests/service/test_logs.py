"""Logs: one record a line, the request's id in each, and no message of an exception."""

import io
import json
import logging

import pytest

from service.logs import configure_logging, frames, request_id

SECRET = "what the user wrote"


def fail() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(f"no {SECRET}") from error


def logged_failure() -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("service").exception("it failed")


def test_json_lines_hold_the_fields_and_the_request() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    token = request_id.set("abc")
    logging.getLogger("service").info("answered %d", 3, extra={"route": "/predict"})
    request_id.reset(token)
    logging.getLogger("service").debug("too fine")
    record = json.loads(stream.getvalue())
    assert record.pop("timestamp")
    assert record == {
        "level": "INFO",
        "logger": "service",
        "message": "answered 3",
        "request_id": "abc",
        "route": "/predict",
    }


def test_text_lines_hold_the_request_and_stay_one_line() -> None:
    stream = io.StringIO()
    configure_logging("info", "text", stream)
    logging.getLogger("service").info("one\ntwo")
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("INFO service [-] one\\ntwo")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_traceback_holds_frames_and_types_but_no_message(log_format: str) -> None:
    stream = io.StringIO()
    configure_logging("info", "json" if log_format == "json" else "text", stream)
    logged_failure()
    written = stream.getvalue()
    assert "in fail" in written
    assert "KeyError" in written
    assert "ValueError" in written
    assert SECRET not in written


def test_uvicorn_writes_to_the_same_stream() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    logging.getLogger("uvicorn.error").info("chatter")
    logging.getLogger("uvicorn.error").warning("news", extra={"color_message": "x"})
    record = json.loads(stream.getvalue())
    assert (record["logger"], record["message"]) == ("uvicorn.error", "news")
    assert "color_message" not in record


def test_frames_end_for_exceptions_that_cause_each_other() -> None:
    first, second = ValueError("a"), KeyError("b")
    first.__cause__, second.__cause__ = second, first
    assert frames(first).count("builtins.ValueError") == 1
