"""Single documents and their pictures.

A doc_id is any text, slashes included, so it travels as a parameter: in the path, `a/similar` could be a document or
something about `a`, `..` and `//` are rewritten on the way, and an encoded slash is refused by many proxies.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from api.dependencies import CollectionName, ServiceDependency
from api.errors import ApiError
from api.pictures.originals import original_of
from api.pictures.thumbnails import thumbnail_of
from api.searching.connected import while_connected
from api.wire.adapters import item_body
from api.wire.error_docs import READING, errors
from api.wire.header_docs import TIMEOUT
from api.wire.requests import ItemParameters, ThumbnailParameters
from api.wire.responses import JsonResponse
from api.wire.schemas import Item

IfNoneMatch = Annotated[str | None, Header(description="ETag of the client's copy.")]

router = APIRouter(prefix="/v1/collections/{collection}", tags=["items"])


@router.get("/item", response_model=Item, summary="Get a document", responses=errors(*READING))
async def get_item(
    collection: CollectionName, asked: Annotated[ItemParameters, Query()], service: ServiceDependency
) -> JsonResponse:
    """A document's captions and attributes."""
    opened = await service.opened(collection)
    return JsonResponse(item_body(await service.workers.run(opened.collection.get, asked.doc_id)))


@router.get(
    "/thumbnail",
    response_class=Response,
    summary="Get a small copy of a document's picture",
    responses={
        200: {"description": "A WebP file.", "content": {"image/webp": {}}},
        304: {"description": "The client's copy is still right."},
        **errors(*READING),
    },
    openapi_extra=TIMEOUT,
)
async def get_thumbnail(
    request: Request,
    collection: CollectionName,
    asked: Annotated[ThumbnailParameters, Query()],
    service: ServiceDependency,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The picture, whole and upright, fitted into a square of the given side. Not enlarged."""
    settings = service.settings
    side = asked.side or settings.default_side
    if side not in settings.thumbnail_sides:
        sides = ", ".join(map(str, settings.thumbnail_sides))
        raise ApiError(422, "invalid_input", f"no thumbnails of side {side}: there are {sides}")
    opened = await service.opened(collection)
    known = _tags(if_none_match)
    make = partial(
        thumbnail_of,
        cache=service.thumbnails,
        known=known,
        limits=service.decode_limits,
    )
    found = await while_connected(request, service.workers.run(make, opened.collection, asked.doc_id, side))
    headers = {"ETag": found.etag, "Cache-Control": f"private, max-age={settings.thumbnail_max_age_s}"}
    if found.data is None or found.etag in known:
        return Response(status_code=304, headers=headers)
    return Response(found.data, media_type="image/webp", headers=headers)


@router.get(
    "/image",
    response_class=Response,
    summary="Get a document's picture",
    responses={
        200: {"description": "The file as it was indexed or sent.", "content": {"image/*": {}}},
        304: {"description": "The client's copy is still right."},
        **errors(*READING),
    },
    openapi_extra=TIMEOUT,
)
async def get_image(
    request: Request,
    collection: CollectionName,
    asked: Annotated[ItemParameters, Query()],
    service: ServiceDependency,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The picture's own file, where it is one: JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF."""
    opened = await service.opened(collection)
    known = _tags(if_none_match)
    read = partial(original_of, known=known, limits=service.decode_limits)
    found = await while_connected(request, service.workers.run(read, opened.collection, asked.doc_id))
    headers = {"ETag": found.etag, "Cache-Control": f"private, max-age={service.settings.thumbnail_max_age_s}"}
    if found.data is None or found.etag in known:
        return Response(status_code=304, headers=headers)
    return Response(found.data, media_type=found.media_type, headers={**headers, "Content-Disposition": "inline"})


def _tags(if_none_match: str | None) -> frozenset[str]:
    return frozenset(tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(","))
