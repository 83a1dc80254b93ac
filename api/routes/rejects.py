"""What bulk runs could not index."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import CollectionName, ServiceDependency
from api.wire.error_docs import READING, errors
from api.wire.responses import JsonResponse
from api.writing.adapters import doc_id_of, rejects_body
from api.writing.requests import RejectParameters
from api.writing.schemas import RejectsResponse
from retrieval.metadata import ledger

router = APIRouter(prefix="/v1/collections/{collection}/rejects", tags=["items"])


@router.get("", response_model=RejectsResponse, summary="List what could not be indexed", responses=errors(*READING))
async def list_rejects(
    collection: CollectionName, asked: Annotated[RejectParameters, Query()], service: ServiceDependency
) -> JsonResponse:
    """Pictures of sources that could not be read or decoded, with their reasons, a page at a time."""
    opened = await service.opened(collection)
    after = None if asked.cursor is None else doc_id_of(asked.cursor)
    info = opened.collection.info
    read = partial(ledger.rejected, collection_id=info.id, after=after, limit=asked.limit + 1)
    return JsonResponse(rejects_body(await service.transactions.read(read), asked.limit))
