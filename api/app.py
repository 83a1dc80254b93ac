"""The HTTP service as an ASGI application."""

from __future__ import annotations

from fastapi import FastAPI

from api import errors
from api.lifespan import lifespan_of
from api.limits import BodyLimit
from api.metrics import Metrics
from api.observing import Observed
from api.routes import collections, evaluations, health, items, jobs, monitoring, search
from api.settings import ApiSettings
from retrieval import __version__
from retrieval.settings import Settings

DESCRIPTION = """Search a catalogue of images by text, by image and by both, with filters.

Every error has the same shape: `{"error": {"code", "message", "request_id", "detail"}}`."""


def create_app(settings: Settings | None = None, api_settings: ApiSettings | None = None) -> FastAPI:
    """Build the service; settings that are not given come from the environment. Opens nothing yet."""
    settings, api_settings = settings or Settings(), api_settings or ApiSettings()
    metrics = Metrics()
    app = FastAPI(
        title="Multimodal retrieval",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan_of(settings, api_settings, metrics),
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        redoc_url=None,
    )
    app.add_middleware(BodyLimit, max_bytes=api_settings.max_body_bytes, max_json_bytes=api_settings.max_json_bytes)
    app.add_middleware(Observed, metrics=metrics, access_log=api_settings.access_log)  # around the others
    errors.install(app)
    for routes in (health, monitoring, collections, search, items, jobs, evaluations):
        app.include_router(routes.router)
    return app
