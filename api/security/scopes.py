"""What a key has to allow for each route: the one list.

Where keys are needed, a route that is not here is not served at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from retrieval.metadata.api_keys import Scope

ROUTES: Mapping[str, Scope | None] = {
    "GET /healthz": None,  # probes have no keys
    "GET /readyz": None,
    "GET /metrics": "read",
    "GET /": None,  # the page asks for a key itself
    "GET /page/{version}/{asset:path}": None,
    "GET /docs": None,
    "GET /docs/{asset}": None,
    "GET /openapi.json": None,
    "GET /v1/collections": "read",
    "POST /v1/collections": "admin",
    "GET /v1/collections/{collection}": "read",
    "PATCH /v1/collections/{collection}": "admin",
    "DELETE /v1/collections/{collection}": "admin",
    "GET /v1/collections/{collection}/snapshots": "read",
    "POST /v1/collections/{collection}/snapshots": "admin",
    "GET /v1/collections/{collection}/snapshots/{snapshot}": "admin",  # all that is stored, paths included
    "DELETE /v1/collections/{collection}/snapshots/{snapshot}": "admin",
    "POST /v1/collections/{collection}/restore": "admin",
    "GET /v1/aliases": "read",
    "PUT /v1/aliases/{alias}": "admin",
    "DELETE /v1/aliases/{alias}": "admin",
    "GET /v1/collections/{collection}/search": "read",
    "POST /v1/collections/{collection}/search": "read",
    "POST /v1/collections/{collection}/search/image": "read",
    "POST /v1/collections/{collection}/search/batch": "read",
    "GET /v1/collections/{collection}/similar": "read",
    "POST /v1/collections/{collection}/captions": "read",
    "GET /v1/collections/{collection}/facets": "read",
    "GET /v1/collections/{collection}/attributes": "read",
    "GET /v1/collections/{collection}/item": "read",
    "GET /v1/collections/{collection}/thumbnail": "read",
    "GET /v1/collections/{collection}/image": "read",
    "PUT /v1/collections/{collection}/item": "write",
    "PATCH /v1/collections/{collection}/item": "write",
    "DELETE /v1/collections/{collection}/item": "write",
    "GET /v1/collections/{collection}/items": "read",
    "POST /v1/collections/{collection}/items": "write",
    "POST /v1/collections/{collection}/items/json": "write",
    "POST /v1/collections/{collection}/items/get": "read",
    "POST /v1/collections/{collection}/items/delete": "write",
    "GET /v1/collections/{collection}/rejects": "read",
    "POST /v1/collections/{collection}/jobs/index": "write",
    "POST /v1/collections/{collection}/jobs/evaluation": "write",
    "GET /v1/jobs": "read",
    "GET /v1/jobs/{job}": "read",
    "GET /v1/jobs/{job}/events": "read",
    "POST /v1/jobs/{job}/cancel": "write",
    "POST /v1/jobs/{job}/retry": "write",
    "GET /v1/evaluations": "read",
    "GET /v1/evaluations/{evaluation}": "read",
    "GET /v1/evaluations/{evaluation}/report": "read",
    "GET /indices-list": "read",
    "POST /knn-service": "read",
    "POST /metadata": "read",
}
"""By method and path. None: needs no key."""

_PATTERNS = {route: compile_path(route.partition(" ")[2])[0] for route in ROUTES}


def needed_for(method: str, path: str) -> Scope | None:
    """The scope that a request needs, None where it needs no key. `HTTPException` 404 or 405 for what is not listed."""
    fitting = [route for route, pattern in _PATTERNS.items() if pattern.match(path)]
    if not fitting:
        raise HTTPException(404)
    for route in fitting:
        if route.startswith(f"{method} "):
            return ROUTES[route]
    raise HTTPException(405)
