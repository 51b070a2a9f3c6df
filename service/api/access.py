"""Asks each request for its key and counts it, before anything is read of its body.

A layer of ASGI, there only where the settings want keys or limits. What it finds out it leaves in
the request's scope: a Visit, of which the log, the traces and the admin routes take the key. The
event loop owns it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Self

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access.addresses import client_of
from service.api.direct import DirectRoute
from service.api.errors import answer_error
from service.errors import GatehouseError, KeyMissing, KeyRefused, RateExceeded
from service.settings import Settings

if TYPE_CHECKING:  # loaded where there are keys or limits
    from service.access.keys import Key, KeyFile
    from service.access.rates import Rates, Standing

VISIT = "gatehouse.visit"
# What answers without a key and without being counted: health, and pages with their files.
OPEN_PATHS = frozenset(
    {
        "/",
        "/docs",
        "/openapi.json",
        "/health",
        "/health/live",
        "/health/ready",
        "/v2/health/live",
        "/v2/health/ready",
        # What LibreTranslate tells its web page before anybody has given it a key.
        "/languages",
        "/frontend/settings",
    }
)
OPEN_FOLDERS = ("/page/", "/static-offline-docs/")
METRICS = "/metrics"
# LibreTranslate's clients send their key in the body; these routes call `admit_with_body_key`.
BODY_KEY_PATHS = frozenset({"/translate", "/detect"})


class Access:
    """The keys and the limits of a worker."""

    def __init__(
        self, keys: "KeyFile | None", rates: "Rates", key_rate_limit: str, address_rate_limit: str
    ) -> None:
        """keys: None where none are asked for. The limits are as the settings have them."""
        self.keys = keys
        self._rates = rates
        self._key_rate = key_rate_limit
        self._address_rate = address_rate_limit

    @classmethod
    def of(cls, settings: Settings, counts: Path | None = None) -> Self | None:
        """What the settings want; None where they want nothing of this.

        counts: the file that the workers of a server share, where there are several.
        """
        if settings.keys_file is None and not settings.address_rate_limit:
            return None
        # Where there are keys, any of them may get a limit of its own while the service runs.
        from service.access.keys import KeyFile
        from service.access.rates import Rates

        keys = None if settings.keys_file is None else KeyFile(settings.keys_file)
        return cls(keys, Rates.of(counts), settings.key_rate_limit, settings.address_rate_limit)

    def count_key(self, key: "Key") -> "Standing | None":
        """Counts a request of a key. None where it has no limit."""
        rate = self._key_rate if key.rate_limit is None else key.rate_limit
        return self._rates.hit(f"key:{key.id}", rate) if rate else None

    def count_address(self, address: str) -> "Standing | None":
        """Counts a request that has no valid key. None where addresses have no limit."""
        if not self._address_rate:
            return None
        return self._rates.hit(f"address:{client_of(address)}", self._address_rate)

    def close(self) -> None:
        """Gives the memory of the counts back."""
        self._rates.close()


class Visit:
    """What is known of who sends a request."""

    __slots__ = ("_access", "_address", "admitted", "key", "standing")

    def __init__(self, access: Access, address: str) -> None:
        self.key: Key | None = None
        self.admitted = False
        self.standing: Standing | None = None
        self._access = access
        self._address = address

    def count_address(self) -> None:
        """Counts the request for its address. Raises RateExceeded."""
        self._judge(self._access.count_address(self._address))

    def admit(self, value: bytes | None) -> None:
        """Lets the request in by its key, or by its address where no keys are asked for.

        Raises KeyMissing, KeyRefused and RateExceeded.
        """
        if self._access.keys is None:
            self.count_address()
        else:
            self.key = self._find(value)
            if self.key is None:
                self.count_address()
                raise _missing_or_refused(value)
            self._judge(self._access.count_key(self.key))
        self.admitted = True

    def admit_late(self, value: bytes | None) -> None:
        """Lets a request in whose address was counted already, by a key in its body."""
        self.key = self._find(value)
        if self.key is None:
            raise _missing_or_refused(value)
        self._judge(self._access.count_key(self.key))
        self.admitted = True

    def _find(self, value: bytes | None) -> "Key | None":
        assert self._access.keys is not None
        return self._access.keys.keys.find(value) if value else None

    def _judge(self, standing: "Standing | None") -> None:
        self.standing = standing
        if standing is None or standing.allowed:
            return
        seconds = int(standing.wait) + 1
        who = "this address" if self.key is None else f"the key {self.key.id}"
        raise RateExceeded(
            f"{who} may send {standing.limit:,} requests in {standing.window:,} s; "
            f"come again in {seconds:,} s",
            seconds,
        )


def visit_of(scope: Scope) -> Visit | None:
    """What is known of who sends a request; None where nobody is asked and nothing counted."""
    visit = scope.get(VISIT)
    return visit if isinstance(visit, Visit) else None


def key_id_of(scope: Scope) -> str | None:
    """The id of the key that a request came with, for logs."""
    visit = visit_of(scope)
    return None if visit is None or visit.key is None else visit.key.id


def admit_with_body_key(request: Request, value: str | None) -> None:
    """Lets a request in by the key in its body, where it has brought none in a header.

    To be called by the routes of BODY_KEY_PATHS, with LibreTranslate's `api_key`, once they have
    parsed the body and before they do anything else. Raises KeyMissing, KeyRefused and
    RateExceeded.
    """
    visit = visit_of(request.scope)
    if visit is not None and not visit.admitted:
        visit.admit_late(value.encode("utf-8", "surrogatepass") if value else None)


class AccessMiddleware:
    """Refuses who has no key, or asks too often, and tells each how it stands to its limit."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        root_path: str,
        open_metrics: bool,
        direct: Mapping[tuple[str, str], DirectRoute],
    ) -> None:
        """direct: the routes that compute, by method and path, for the log and the metrics."""
        self._app = app
        self._direct = direct
        self._access = access
        paths = OPEN_PATHS | {METRICS} if open_metrics else OPEN_PATHS
        self._open = frozenset(root_path + path for path in paths)
        self._open_folders = tuple(root_path + folder for folder in OPEN_FOLDERS)
        self._body_key = frozenset(root_path + path for path in BODY_KEY_PATHS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands one request on, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path in self._open or path.startswith(self._open_folders):
            await self._app(scope, receive, send)
            return
        visit = Visit(self._access, (scope.get("client") or ("",))[0])
        scope[VISIT] = visit
        value = _offered_key(scope) if self._access.keys is not None else None

        async def send_with_standing(message: Message) -> None:
            if message["type"] == "http.response.start":
                if not visit.admitted and message["status"] < HTTPStatus.BAD_REQUEST:
                    raise RuntimeError("a request without a key was about to be answered")
                if visit.standing is not None:
                    message["headers"] = [*message.get("headers", ()), *_headers(visit.standing)]
            await send(message)

        try:
            if value is None and self._access.keys is not None and path in self._body_key:
                visit.count_address()
            else:
                visit.admit(value)
        except GatehouseError as error:
            # Where requests to compute are refused is worth knowing; the others do not get as far
            # as to have a route.
            if (route := self._direct.get((scope["method"], path))) is not None:
                scope["route"] = route
            response = await answer_error(Request(scope), error)
            await response(scope, receive, send_with_standing)
            return
        await self._app(scope, receive, send_with_standing)


def _offered_key(scope: Scope) -> bytes | None:
    """The key in the headers: X-API-Key, or else Authorization with the scheme Bearer."""
    bearer: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return bytes(value.strip()) or None
        if name == b"authorization" and bearer is None:
            scheme, _, credentials = value.partition(b" ")
            if scheme.lower() == b"bearer":
                bearer = credentials.strip() or None
    return bearer


def _missing_or_refused(value: bytes | None) -> GatehouseError:
    if value:
        return KeyRefused(
            "this key is not known here, or was revoked; ask who runs this service for another"
        )
    return KeyMissing(
        "this service wants a key; send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`"
    )


def _headers(standing: "Standing") -> list[tuple[bytes, bytes]]:
    """RateLimit and RateLimit-Policy, as draft-ietf-httpapi-ratelimit-headers-10 has them."""
    wait = int(standing.wait) + 1 if standing.wait else standing.window
    return [
        (b"ratelimit-policy", b'"default";q=%d;w=%d' % (standing.limit, standing.window)),
        (b"ratelimit", b'"default";r=%d;t=%d' % (standing.remaining, wait)),
    ]
