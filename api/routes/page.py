"""The search page, at `/`. Its files are under a path that names their content, and never change there."""

from __future__ import annotations

import json
from hashlib import sha256
from html import escape
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.dependencies import ServiceDependency
from api.page.assets import Assets, load_assets
from api.settings import ApiSettings

router = APIRouter(include_in_schema=False)

POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
FOR_GOOD = "public, max-age=31536000, immutable"


@router.get("/")
async def page(
    service: ServiceDependency, if_none_match: Annotated[str | None, Header(description="ETag.")] = None
) -> Response:
    """The page itself, which is asked for anew each time and names the present files."""
    document = _document(load_assets(), service.settings)
    etag = f'"{sha256(document).hexdigest()[:16]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    if if_none_match is not None and etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(document, media_type="text/html", headers=headers)


@router.get("/page/{version}/{asset:path}")
async def page_asset(version: str, asset: str) -> Response:
    """A file of the page."""
    assets = load_assets()
    if version != assets.version or asset not in assets.by_path:
        raise HTTPException(404)
    found = assets.by_path[asset]
    return Response(found.data, media_type=found.media_type, headers={"Cache-Control": FOR_GOOD})


def _document(assets: Assets, settings: ApiSettings) -> bytes:
    """The HTML with the address of its files, and what the scripts have to know of the server."""
    base = f"page/{assets.version}"
    scripts = (path for path in assets.by_path if path.endswith(".js"))
    preloads = "\n".join(f'<link rel="modulepreload" href="{base}/{path}">' for path in scripts)
    limits = {
        "thumbnail_sides": settings.thumbnail_sides,
        "most_hits": settings.max_k,
        "most_items": settings.max_items,
        "largest_body": settings.max_body_bytes,
    }
    html = assets.by_path["index.html"].data.decode()
    for mark, text in {"PRELOADS": preloads, "LIMITS": escape(json.dumps(limits)), "ASSETS": base}.items():
        html = html.replace(f"%{mark}%", text)
    return html.encode()
