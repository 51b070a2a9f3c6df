"""Compressed bodies (RFC 9110, section 8.4): gzip and deflate, for requests and answers.

Pure. What a request inflates to is bounded while it is inflated, so that a small body cannot take
much memory.
"""

import re
import zlib

from service.errors import InvalidInput, LimitExceeded, quote

_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's wbits for each framing
_LEVEL = 1  # most answers are short, and time counts for more than their last bytes
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")


def inflated(body: bytes, coding: str, limit: int) -> bytes:
    """The bytes of a body with that Content-Encoding.

    Raises LimitExceeded where they are more than `limit`, and InvalidInput for another coding and
    for what was not compressed as it says.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise InvalidInput(f"Content-Encoding is {quote(coding)}; send gzip, deflate or none")
    stream = zlib.decompressobj(_framing(body) if coding == "deflate" else _GZIP)
    try:
        content = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise InvalidInput(f"the body is not compressed with {coding}: {error}") from None
    if len(content) > limit:
        raise LimitExceeded(
            f"the body inflates to more than {limit:,} bytes; send fewer or shorter inputs at a "
            "time"
        )
    # One stream a body: to look for more of them in a body of many would take time without end.
    if not stream.eof or stream.unused_data:
        what = "goes on behind its end" if stream.eof else "ends too early"
        raise InvalidInput(f"the body, compressed with {coding}, {what}; send one whole stream")
    return content


def deflated(content: bytes, accepted: str) -> tuple[bytes, str | None]:
    """An answer as a client with that Accept-Encoding wants it, and its Content-Encoding.

    None: as it is, where nothing else is wanted or nothing would be won.
    """
    coding = _chosen(accepted)
    if coding is None:
        return content, None
    stream = zlib.compressobj(_LEVEL, wbits=_GZIP if coding == "gzip" else _ZLIB)
    compressed = stream.compress(content) + stream.flush()
    return (compressed, coding) if len(compressed) < len(content) else (content, None)


def _chosen(accepted: str) -> str | None:
    """The coding that is wanted most, by weight; gzip where that is equal."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        coding, _, parameters = part.strip().partition(";")
        weight = _WEIGHT.search(parameters)
        weights[coding.strip()] = float(weight[1]) if weight else 1.0
    others = weights.get("*", 0.0)
    found = {coding: weights.get(coding, others) for coding in ("gzip", "deflate")}
    best = max(found, key=lambda coding: found[coding])
    return best if found[best] > 0 and found[best] >= weights.get("identity", 0.0) else None


def _framing(body: bytes) -> int:
    """The framing of deflate: zlib's, as RFC 9110 has it, or none, as some clients send it."""
    framed = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _ZLIB if framed else _RAW
