"""Headers that tell a browser what an answer may do there: as little as it needs.

Lists of raw headers, made once: they go out with every answer. Nothing here is read by clients that
are no browsers.
"""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

Headers = Sequence[tuple[bytes, bytes]]
POLICY = "content-security-policy"

_ALWAYS = [
    # JSON that somebody had us repeat is not to be taken for a page.
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
# An answer is data: shown as a page, it may load nothing, and be in no frame.
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
# The page's own files, and the pictures that it saves.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def of_policy(policy: str) -> Headers:
    """The headers of an answer with a policy."""
    return [(POLICY.encode(), policy.encode()), *_ALWAYS]


DATA = of_policy(_DATA_POLICY)


class SecurityHeaders:
    """The headers by path."""

    def __init__(self, root_path: str) -> None:
        """root_path: under which path a proxy shows the service."""
        self._page = of_policy(_PAGE_POLICY)
        self._index = root_path + "/"
        self._folder = root_path + "/page/"

    def of(self, path: str, answer: Headers) -> Headers:
        """What an answer needs that has the headers `answer`, and may bring its own policy."""
        if any(name == POLICY.encode() for name, _ in answer):
            return _ALWAYS
        if path == self._index or path.startswith(self._folder):
            return self._page
        return DATA


def documentation_policy(scripts: Sequence[str]) -> str:
    """The policy of /docs, whose page holds scripts of its own and sets styles by attributes."""
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    sources = " ".join(["'self'", *(f"'sha256-{digest}'" for digest in digests)])
    return (
        f"default-src 'none'; script-src {sources}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
