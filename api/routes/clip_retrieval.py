"""The protocol of clip-retrieval's back end, for its `ClipClient` and its front end.

https://github.com/rom1504/clip-retrieval, `clip_back.py` and `clip_client.py` of version 2.45.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.clip_retrieval.adapters import knn_body, metadata_body
from api.clip_retrieval.requests import KnnRequest, MetadataRequest
from api.clip_retrieval.schemas import IndicesResponse, KnnResponse, MetadataResponse
from api.clip_retrieval.searching import describe, names, nearest
from api.dependencies import ServiceDependency
from api.searching.connected import while_connected
from api.service import Service
from api.wire.error_docs import SENDING, errors
from api.wire.header_docs import TIMEOUT
from api.wire.responses import JsonResponse


class JsonRoute(APIRoute):
    """Takes a body for JSON whatever its type: `ClipClient` sends none, and the front end `text/plain`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind that correction."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            others = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
            corrected = {**request.scope, "headers": [*others, (b"content-type", b"application/json")]}
            return await handle(Request(corrected, request.receive))

        return handler


router = APIRouter(tags=["clip-retrieval"], route_class=JsonRoute)


@router.get("/indices-list", response_model=IndicesResponse, summary="List the indices", responses=errors(500, 503))
async def list_indices(service: ServiceDependency) -> JsonResponse:
    """Names of the collections."""
    return JsonResponse(await names(service))


@router.post(
    "/knn-service",
    response_model=KnnResponse,
    summary="Find the nearest",
    responses=errors(*SENDING),
    openapi_extra=TIMEOUT,
)
async def knn_service(request: Request, body: KnnRequest, service: ServiceDependency) -> JsonResponse:
    """Ids and similarities of the documents nearest to a text, an image or a vector, the first ones with metadata."""
    answer = await while_connected(request, nearest(service, body))
    url = _picture_url(request, service, answer.collection)
    return JsonResponse(knn_body(answer.neighbours, answer.items, url))


@router.post("/metadata", response_model=MetadataResponse, summary="Describe results", responses=errors(*SENDING))
async def metadata(request: Request, body: MetadataRequest, service: ServiceDependency) -> JsonResponse:
    """Metadata of ids that a query gave."""
    items = await describe(service, body.indice_name, body.ids)
    return JsonResponse(metadata_body(body.ids, items, _picture_url(request, service, body.indice_name)))


def _picture_url(request: Request, service: Service, collection: str) -> str:
    """Of the largest thumbnails of a collection, but for the doc_id."""
    url = request.url_for("get_thumbnail", collection=collection)
    return str(url.include_query_params(side=max(service.settings.thumbnail_sides)))
