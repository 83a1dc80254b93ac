"""How the OpenAPI document describes headers that are not in the signatures of routes."""

from __future__ import annotations

from typing import Any

TIMEOUT: dict[str, Any] = {
    "parameters": [
        {
            "name": "X-Timeout-Ms",
            "in": "header",
            "required": False,
            "description": "Milliseconds after which the answer is of no use any more: then it is 503 `timed_out`, and "
            "what is not begun is not done. The server may be set up to give less.",
            "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
            "example": 2_000,
        }
    ]
}
"""The `openapi_extra` of a route whose work can be given up (api/searching/connected.py)."""

RANGE: dict[str, Any] = {
    "parameters": [
        {
            "name": "Range",
            "in": "header",
            "required": False,
            "description": "The part that is wanted (RFC 9110, 14.2).",
            "schema": {"type": "string"},
            "example": "bytes=0-1023",
        }
    ]
}
"""The `openapi_extra` of a route that sends a file."""

LOCATION: dict[str, Any] = {
    "headers": {"Location": {"description": "Where it is.", "required": True, "schema": {"type": "string"}}}
}
"""Of an answer to a request that has made something."""
