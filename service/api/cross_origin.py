"""Lets web pages of other origins read the answers (CORS, Fetch standard), where settings say so.

A key comes in a header that the page sets, so no cookies are allowed, and a page that has no key
gets what anybody gets.
"""

from http import HTTPStatus

from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from service.api.errors import error_response
from service.errors import listing, quote

_METHODS = ("GET", "HEAD", "POST")  # the models are not changed from elsewhere
_EXPOSED = (
    "Inference-Header-Content-Length",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Gatehouse-Warning",
    "X-Request-ID",
)


class CrossOriginMiddleware(CORSMiddleware):
    """starlette's, with errors of our shape."""

    def __init__(self, app: ASGIApp, origins: str) -> None:
        """origins: separated by commas; * for all."""
        self._origins = [origin.strip() for origin in origins.split(",")]
        super().__init__(
            app,
            allow_origins=self._origins,
            allow_methods=_METHODS,
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a browser that asks before it sends."""
        response = super().preflight_response(request_headers)
        if response.status_code == HTTPStatus.OK:
            return response
        method = request_headers["access-control-request-method"]
        message = f"pages of other origins may ask with {listing(_METHODS)}, not {quote(method)}"
        if not self.is_allowed_origin(request_headers["origin"]):
            origin = quote(request_headers["origin"])
            message = f"pages of {origin} may not ask; those of {listing(self._origins)} may"
        return error_response(HTTPStatus.BAD_REQUEST, message, {"Vary": response.headers["vary"]})
