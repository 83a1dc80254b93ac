"""The API in a browser: Swagger UI from a package of its files, so that nothing is loaded from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from api.wire.ranged import RangedFile

router = APIRouter(include_in_schema=False)

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Multimodal retrieval: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
"""
START = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null});\n'
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """The page."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/docs/start.js")
async def docs_start() -> Response:
    """What starts it; a file of its own, because the page's policy lets no script run that is written into it."""
    return Response(START, media_type="text/javascript")


@router.get("/docs/{asset}")
async def docs_asset(asset: Literal["swagger-ui-bundle.js", "swagger-ui.css"]) -> RangedFile:
    """A file of Swagger UI."""
    return RangedFile(Path(str(files("fastapi_offline"))) / "static" / asset)
