"""Requests that do not have the shape that their route asks for, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

MOST_DETAILS = 10


def explain(error: RequestValidationError) -> tuple[int, str, str, object]:
    """Status, code, message and detail. What was sent is not repeated: it may be large, secret or not printable."""
    found: Sequence[Mapping[str, Any]] = error.errors()[:MOST_DETAILS]
    first = found[0]
    position = first["loc"][-1]
    if first["type"] == "json_invalid" and isinstance(position, int):  # of the body, and not of a field of a form
        message = f"the body is not valid JSON: {first['ctx']['error']} at character {position + 1}"
        return 400, "invalid_json", message, {"position": position}
    detail = [{"where": _where(one), "message": _message(one)} for one in found]
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    return 422, "invalid_request", f"{detail[0]['where']}: {detail[0]['message']}{more}", detail


def _where(one: Mapping[str, Any]) -> str:
    return ".".join(str(part)[:100] for part in one["loc"])


def _message(one: Mapping[str, Any]) -> str:
    match one["type"], tuple(one["loc"]):
        case "missing", ("body",):
            return "there is none: send JSON, with Content-Type: application/json"
        case "model_attributes_type" | "dict_type", ("body",):
            return "not a JSON object: send one, with Content-Type: application/json"
        case "missing" | "value_error", ("body", "image"):
            return "send it as a file in a multipart form"
        case "json_invalid", _:
            return f'not JSON ({one["ctx"]["error"]}): quote texts and put lists into brackets, as ["a red hat"]'
        case "missing", _:
            return "missing"
        case "extra_forbidden", _:
            return "there is no such parameter"
        case "string_unicode", _:
            return "contains half of a surrogate pair, which is not valid Unicode"
        case "value_error", _:
            return str(one["ctx"]["error"])
        case _:
            return str(one["msg"])
