"""Making, changing and deleting collections."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import CollectionName, ServiceDependency
from api.managing.creating import change_goal, create_for_model, create_like
from api.managing.requests import DeletionParameters, Goal, NewCollection
from api.managing.schemas import Deleted
from api.service import Service
from api.wire.adapters import Body, collection_body
from api.wire.error_docs import CHANGING, WRITING, errors
from api.wire.header_docs import LOCATION
from api.wire.responses import JsonResponse
from api.wire.schemas import Collection
from retrieval.status import status_of

router = APIRouter(prefix="/v1/collections", tags=["collections"])


@router.post(
    "",
    response_model=Collection,
    status_code=201,
    summary="Make a collection",
    responses={201: LOCATION, **errors(*WRITING)},
)
async def create_collection(body: NewCollection, service: ServiceDependency) -> JsonResponse:
    """An empty collection that is ready for documents."""
    if body.model is not None:
        await service.workers.load(create_for_model, service.collections, body, body.model)
    elif body.like is not None:
        other = await service.opened(body.like)
        await service.workers.run(create_like, service.workspace, body, other.collection)
    described = await _described(service, body.name)
    return JsonResponse(described, status_code=201, headers={"Location": f"/v1/collections/{body.name}"})


@router.patch("/{collection}", response_model=Collection, summary="Change a collection", responses=errors(*WRITING))
async def change_collection(collection: CollectionName, body: Goal, service: ServiceDependency) -> JsonResponse:
    """What searches are to reach, from the next one on. Nothing is built: a target that the graph misses is refused."""
    opened = await service.opened(collection)
    await service.workers.run(change_goal, opened.collection, body)
    return JsonResponse(await _described(service, collection))


@router.delete("/{collection}", response_model=Deleted, summary="Delete a collection", responses=errors(*CHANGING))
async def delete_collection(
    collection: CollectionName, asked: Annotated[DeletionParameters, Query()], service: ServiceDependency
) -> JsonResponse:
    """With all that it holds. Searches that run meanwhile are answered or get 404; its snapshots stay."""
    opened = await service.opened(collection)
    await service.workers.run(service.collections.delete, opened.collection.name, asked.force)
    return JsonResponse({"deleted": opened.collection.name})


async def _described(service: Service, name: str) -> Body:
    opened = await service.opened(name)
    return collection_body(await service.workers.run(status_of, service.workspace, opened.collection.info))
