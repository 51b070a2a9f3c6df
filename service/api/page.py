"""GET / and /page/FILE: the page that shows what the models do, from files of service/page/.

It knows nothing about models: the page asks the other routes, as any client does. The files are
read once, when the app is made; the event loop answers from memory.
"""

import hashlib
import html
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

FOLDER = Path(__file__).parents[1] / "page"
INDEX = "index.html"
# Where a system's own table says something else of .js, no browser would run a module.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_BASE = '<base href="./" />'


@dataclass(frozen=True)
class PageFile:
    """A file of the page, as it is sent."""

    content: bytes
    media_type: str
    etag: str  # of the content alone, so that all instances behind a balancer agree

    @classmethod
    def of(cls, name: str, content: bytes) -> "PageFile":
        """The file of that name. Raises KeyError for a kind that the page is not made of."""
        digest = hashlib.sha256(content).hexdigest()[:32]
        return cls(content, MEDIA_TYPES[Path(name).suffix], f'"{digest}"')

    def response(self, request: Request) -> Response:
        """The file, or 304 where the client has it (RFC 9110, section 13.1.2)."""
        # A new version of the service is a new page: the browser asks each time, and gets a 304.
        headers = {"ETag": self.etag, "Cache-Control": "no-cache"}
        known = request.headers.get("if-none-match", "").split(",")
        if {self.etag, "*"} & {tag.strip().removeprefix("W/") for tag in known}:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def page_router(root_path: str) -> APIRouter:
    """The page's routes.

    root_path: under which path a proxy shows the service. All addresses in the page are relative
    to it, so that the page works without a slash at the end of its own address, too.
    """
    files = {path.name: PageFile.of(path.name, path.read_bytes()) for path in _files()}
    text = files.pop(INDEX).content.decode("utf-8")
    if root_path:
        assert _BASE in text
        text = text.replace(_BASE, f'<base href="{html.escape(root_path)}/" />')
    index = PageFile.of(INDEX, text.encode("utf-8"))
    # Not in the OpenAPI document, as /docs is not: this is no part of the interface.
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page(request: Request) -> Response:
        return index.response(request)

    @router.get("/page/{name}")
    async def page_file(name: str, request: Request) -> Response:
        if name not in files:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return files[name].response(request)

    return router


def _files() -> list[Path]:
    return sorted(path for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES)
