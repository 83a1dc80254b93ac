"""What collections there are."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import CollectionName, ServiceDependency
from api.wire.adapters import collection_body
from api.wire.error_docs import READING, errors
from api.wire.responses import JsonResponse
from api.wire.schemas import Collection, CollectionsResponse
from retrieval.status import all_statuses, status_of

router = APIRouter(prefix="/v1/collections", tags=["collections"])


@router.get("", response_model=CollectionsResponse, summary="List the collections", responses=errors(500, 503))
async def list_collections(service: ServiceDependency) -> JsonResponse:
    """Every collection, by name, with its model, counts and index."""
    statuses = await service.workers.run(all_statuses, service.workspace)
    return JsonResponse({"collections": [collection_body(status) for status in statuses]})


@router.get("/{collection}", response_model=Collection, summary="Describe a collection", responses=errors(*READING))
async def get_collection(collection: CollectionName, service: ServiceDependency) -> JsonResponse:
    """One collection with its model, counts and index."""
    opened = await service.opened(collection)
    status = await service.workers.run(status_of, service.workspace, opened.collection.info)
    return JsonResponse(collection_body(status))
