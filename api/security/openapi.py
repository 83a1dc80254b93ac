"""How the OpenAPI document says which key a route needs."""

from __future__ import annotations

from typing import Any

from api.security.scopes import ROUTES

SCHEMES: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of `retrieval keys create`. A server on a loopback address needs none by default.",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "The same key."},
}


def describe_keys(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the scope that each operation needs, as roles of its security requirement."""
    document["components"]["securitySchemes"] = SCHEMES
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            needed = ROUTES.get(f"{method.upper()} {path}")
            operation["security"] = [{scheme: [needed]} for scheme in SCHEMES] if needed else []
    return document
