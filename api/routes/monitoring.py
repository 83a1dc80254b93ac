"""What a monitoring system reads."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from api.dependencies import ServiceDependency
from api.observing.catalogue import read_catalogue
from api.wire.error_docs import errors

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    response_class=Response,
    summary="Metrics for Prometheus",
    responses={
        200: {"description": "Text format 0.0.4.", "content": {"text/plain": {}}},
        **errors(500, 503),
    },
)
async def metrics(service: ServiceDependency) -> Response:
    """Durations, sizes and counts since start, and the present state of collections and jobs."""
    state = await service.transactions.read(read_catalogue)
    return Response(service.metrics.text(state), media_type=CONTENT_TYPE_PLAIN_0_0_4)
