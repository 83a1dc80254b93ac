"""Whether the process lives, and whether it should get traffic."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import ServiceDependency
from api.errors import ApiError
from api.wire.error_docs import errors
from api.wire.responses import JsonResponse
from api.wire.schemas import Health, Ready
from retrieval import __version__

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=Health, summary="Is the process alive?", responses=errors(500))
async def healthz() -> JsonResponse:
    """Answers as long as the event loop turns; looks at nothing else."""
    return JsonResponse({"status": "ok", "version": __version__})


@router.get("/readyz", response_model=Ready, summary="Should it get traffic?", responses=errors(500, 503))
async def readyz(service: ServiceDependency) -> JsonResponse:
    """200 once the collections that are loaded at start are, models included, and the database answers; else 503."""
    states = service.readiness.collections
    if not service.readiness.is_ready:
        raise ApiError(
            503, "not_ready", "not everything is loaded yet: ask again", detail={"collections": dict(states)}
        )
    await service.workers.run(service.workspace.collections)
    return JsonResponse({"status": "ready", "collections": dict(states)})
