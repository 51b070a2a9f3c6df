"""Compressed bodies: what other programs compress is read, bombs are not, answers as asked."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.open_inference.content_coding import deflated, inflated
from service.errors import InvalidInput, LimitExceeded

CODINGS = st.sampled_from(["gzip", "deflate", "x-gzip", "identity", "", "br", "GZIP "])


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


@given(st.binary(max_size=300))
def test_each_coding_is_read(data: bytes) -> None:
    assert inflated(data, "", 300) == data
    assert inflated(data, "identity", 300) == data
    assert inflated(gzip.compress(data), "gzip", 300) == data
    assert inflated(gzip.compress(data), "X-GZip", 300) == data
    assert inflated(zlib.compress(data), "deflate", 300) == data
    assert inflated(raw_deflate(data), "deflate", 300) == data


def test_the_limit_is_that_of_what_was_compressed() -> None:
    assert len(inflated(gzip.compress(b"a" * 1000), "gzip", 1000)) == 1000
    for coding, body in (
        ("gzip", gzip.compress(b"a" * 1001)),
        ("deflate", zlib.compress(b"a" * 1001)),
        ("deflate", raw_deflate(b"a" * 1001)),
    ):
        with pytest.raises(LimitExceeded, match="inflates to more than 1,000 bytes"):
            inflated(body, coding, 1000)


def test_a_bomb_takes_no_more_memory_than_its_limit() -> None:
    bomb = gzip.compress(bytes(100 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(LimitExceeded):
            inflated(bomb, "gzip", 1 << 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("coding", "body", "message"),
    [
        ("br", b"x", 'Content-Encoding is "br"; send gzip, deflate or none'),
        ("gzip, gzip", b"x", "Content-Encoding is"),
        ("gzip", b"", "ends too early"),
        ("gzip", b"plain", "not compressed with gzip"),
        ("gzip", gzip.compress(b"text", mtime=0)[:-3], "ends too early"),
        ("gzip", gzip.compress(b"text", mtime=0) * 2, "goes on behind its end"),
        ("deflate", zlib.compress(b"text")[:-3], "ends too early"),
        ("deflate", b"\xff\xff", "not compressed with deflate"),
    ],
)
def test_what_is_not_as_it_says_is_refused(coding: str, body: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        inflated(body, coding, 1000)


@given(st.binary(max_size=60), CODINGS, st.integers(1, 50))
def test_any_body_is_read_within_its_limit_or_refused(body: bytes, coding: str, limit: int) -> None:
    try:
        content = inflated(body, coding, limit)
    except (InvalidInput, LimitExceeded):
        return
    assert len(content) <= max(limit, len(body) if coding in ("", "identity") else 0)


LONG = b'{"label": "positive"} ' * 50


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("identity", None),
        ("br", None),
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("gzip, deflate, br", "gzip"),
        ("gzip;q=0.2, deflate;q=0.9", "deflate"),
        ("gzip;q=0, deflate;q=0.0", None),
        ("*", "gzip"),
        ("*;q=0.5, gzip;q=0", "deflate"),
        ("identity, gzip;q=0.5", None),
        ("GZIP", "gzip"),
        ("gzip;q=nonsense", "gzip"),
    ],
)
def test_an_answer_is_compressed_as_it_is_wanted(accepted: str, coding: str | None) -> None:
    content, chosen = deflated(LONG, accepted)
    assert chosen == coding
    if coding is not None:
        content = gzip.decompress(content) if coding == "gzip" else zlib.decompress(content)
    assert content == LONG


def test_an_answer_that_would_only_grow_stays_as_it_is() -> None:
    assert deflated(b"{}", "gzip") == (b"{}", None)


@given(st.text(st.characters(codec="latin-1"), max_size=40))
def test_any_wish_is_met_somehow(accepted: str) -> None:
    content, coding = deflated(LONG, accepted)
    assert coding in ("gzip", "deflate", None)
    assert (content == LONG) == (coding is None)
