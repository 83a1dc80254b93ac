"""The HTTP service as an ASGI application."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api import errors
from api.observing.metrics import Metrics
from api.observing.requests import Observed
from api.process.lifespan import lifespan_of
from api.routes import (
    aliases,
    clip_retrieval,
    collections,
    docs,
    evaluations,
    facets,
    health,
    items,
    jobs,
    listing,
    managing,
    monitoring,
    page,
    rejects,
    search,
    snapshots,
    writing,
)
from api.security import layers
from api.security.openapi import describe_keys
from api.settings import ApiSettings
from api.wire.error_docs import errors as error_responses
from retrieval import __version__
from retrieval.settings import Settings

DESCRIPTION = """Search a catalogue of images by text, by image and by both, with filters.

Every error has the same shape: `{"error": {"code", "message", "request_id", "detail"}}`."""


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        return describe_keys(super().openapi())


def create_app(settings: Settings | None = None, api_settings: ApiSettings | None = None) -> FastAPI:
    """Build the service; settings that are not given come from the environment. Opens nothing yet."""
    settings, api_settings = settings or Settings(), api_settings or ApiSettings()
    metrics = Metrics()
    app = _Application(
        title="Multimodal retrieval",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan_of(settings, api_settings, metrics),
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        docs_url=None,  # api/routes/docs.py has its own
        redoc_url=None,
    )
    layers.install(app, api_settings)
    app.add_middleware(Observed, metrics=metrics, access_log=api_settings.access_log)  # around the others
    errors.install(app)
    for routes in (  # what is asked for most comes first: a request is compared with one route after the other
        search,
        facets,
        items,
        listing,
        writing,
        rejects,
        collections,
        managing,
        aliases,
        snapshots,
        jobs,
        evaluations,
        clip_retrieval,
    ):
        app.include_router(routes.router, responses=error_responses(401, 403, 421, 429))
    for routes in (page, docs, health, monitoring):
        app.include_router(routes.router, responses=error_responses(421))
    return app
