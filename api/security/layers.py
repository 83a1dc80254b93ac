"""The layers that every request passes, and the order that they are in."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api.limits import BodyLimit
from api.observing.logs import REQUEST_ID
from api.searching.admission import TIMEOUT_HEADER
from api.security.guard import Guard
from api.security.headers import SecurityHeaders
from api.security.hosts import Hosts
from api.security.rates import RATE_HEADERS, Rates
from api.settings import ApiSettings

REQUEST_HEADERS = ["Authorization", "X-Api-Key", "Content-Type", "If-None-Match", "Range", TIMEOUT_HEADER, REQUEST_ID]
RESPONSE_HEADERS = ["ETag", "Location", "Retry-After", "Content-Range", REQUEST_ID, *RATE_HEADERS]
"""Those that pages of other origins may send and read, beside what the framework always lets them."""


def install(app: FastAPI, settings: ApiSettings) -> None:
    """Put them around the application; each one added is outside of those before it."""
    rates = Rates(settings.rate_limit) if settings.rate_limit else None
    if settings.requires_key or rates:
        app.add_middleware(Guard, requires_key=settings.requires_key, rates=rates)
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_body_bytes,
        max_json_bytes=settings.max_json_bytes,
        timeout_s=settings.upload_timeout_s,
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=REQUEST_HEADERS,
            expose_headers=RESPONSE_HEADERS,
        )
    is_open_to_pages = settings.is_local and not settings.requires_key
    app.add_middleware(
        Hosts,
        allowed=settings.allowed_hosts if settings.allowed_hosts or is_open_to_pages else None,
        allows_loopback=settings.is_local,
        checks_origin=not settings.requires_key,
        origins=settings.cors_origins,
    )
    app.add_middleware(SecurityHeaders)
