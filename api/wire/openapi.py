"""Writes docs/openapi.json: `python -m api.wire.openapi`. A test holds that the file is what the routes say."""

from __future__ import annotations

import json
from pathlib import Path

from api.app import create_app
from api.settings import ApiSettings
from retrieval.settings import Settings

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"


def document() -> str:
    """The OpenAPI document as it is committed."""
    return json.dumps(create_app(Settings(), ApiSettings()).openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    COMMITTED.write_text(document(), encoding="utf-8")
