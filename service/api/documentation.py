"""GET /docs: the interface, to be read and tried, from files that come with the service."""

import re

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from service.api.security_headers import POLICY, documentation_policy

FILES = "/static-offline-docs"  # where FastAPIOffline puts them
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def documentation(request: Request) -> HTMLResponse:
    """The page. Its policy allows the one script that is written into it, by its digest."""
    root = request.scope.get("root_path", "")
    page = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=f"{request.app.title}: the interface",
        swagger_js_url=f"{root}{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{FILES}/swagger-ui.css",
        swagger_favicon_url=f"{root}{FILES}/favicon.png",
        swagger_ui_parameters={"persistAuthorization": False},
    )
    scripts = _SCRIPT.findall(bytes(page.body).decode("utf-8"))
    page.headers[POLICY] = documentation_policy(scripts)
    return page
