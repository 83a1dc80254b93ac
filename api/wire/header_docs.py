"""How the OpenAPI document describes headers that no route asks for by itself."""

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
