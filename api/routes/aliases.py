"""Other names for collections."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.dependencies import ServiceDependency
from api.managing.adapters import alias_body
from api.managing.requests import AliasTarget
from api.managing.schemas import Alias, AliasesResponse, Deleted
from api.wire.error_docs import WRITING, errors
from api.wire.responses import JsonResponse

router = APIRouter(prefix="/v1/aliases", tags=["collections"])

AliasName = Annotated[str, Path(description="Another name for a collection.", examples=["current"])]


@router.get("", response_model=AliasesResponse, summary="List the aliases", responses=errors(500, 503))
async def list_aliases(service: ServiceDependency) -> JsonResponse:
    """Every alias, by name, with the collection that it leads to."""
    found = await service.workers.run(service.workspace.aliases)
    return JsonResponse({"aliases": [alias_body(alias) for alias in found]})


@router.put("/{alias}", response_model=Alias, summary="Make or switch an alias", responses=errors(*WRITING))
async def put_alias(alias: AliasName, body: AliasTarget, service: ServiceDependency) -> JsonResponse:
    """Every request from now on goes to the new collection; those at work finish with the one that they have."""
    return JsonResponse(alias_body(await service.workers.run(service.workspace.put_alias, alias, body.collection)))


@router.delete("/{alias}", response_model=Deleted, summary="Delete an alias", responses=errors(404, 422, 500, 503))
async def delete_alias(alias: AliasName, service: ServiceDependency) -> JsonResponse:
    """The collection that it leads to stays."""
    await service.workers.run(service.workspace.delete_alias, alias)
    return JsonResponse({"deleted": alias})
