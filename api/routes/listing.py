"""Documents in parts, and several by id."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.dependencies import CollectionName, ServiceDependency
from api.reading import from_collection
from api.searching.connected import while_connected
from api.wire.error_docs import READING, SENDING, errors
from api.wire.header_docs import TIMEOUT
from api.wire.responses import JsonResponse
from api.writing.adapters import doc_id_of, page_body, several_body
from api.writing.requests import PageParameters, SeveralRequest
from api.writing.schemas import Page, Several
from retrieval.collection import Collection
from retrieval.types import Item

router = APIRouter(prefix="/v1/collections/{collection}/items", tags=["items"])


@router.get("", response_model=Page, summary="List documents", responses=errors(*READING), openapi_extra=TIMEOUT)
async def list_items(
    request: Request,
    collection: CollectionName,
    asked: Annotated[PageParameters, Query()],
    service: ServiceDependency,
) -> JsonResponse:
    """Documents in the order of their ids, those that a filter keeps or all of them, a page at a time."""
    after = doc_id_of(asked.cursor)

    def read(opened: Collection) -> tuple[Item, ...]:
        return opened.catalogue.page(after=after, limit=asked.limit + 1, filter=asked.filter)

    found = await while_connected(request, from_collection(service, collection, read))
    return JsonResponse(page_body(found, asked.limit))


@router.post("/get", response_model=Several, summary="Get several documents", responses=errors(*SENDING))
async def get_items(collection: CollectionName, body: SeveralRequest, service: ServiceDependency) -> JsonResponse:
    """Documents by id, in the order asked for."""
    opened = await service.opened(collection)
    found = await service.workers.run(opened.collection.catalogue.several, body.doc_ids)
    return JsonResponse(several_body(found, body.doc_ids))
