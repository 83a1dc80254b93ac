"""Collections, aliases and snapshots as the examples of the OpenAPI document show them."""

from __future__ import annotations

from api.wire.examples import Example

NEW_COLLECTION: Example = {"name": "photos", "model": "ViT-B-32-256/datacomp_s34b_b86k", "target_recall": 0.95}
LIKE_ANOTHER: Example = {"name": "photos-2", "like": "photos"}
GOAL: Example = {"target_recall": 0.95}
DELETED: Example = {"deleted": "photos"}
TARGET: Example = {"collection": "photos-2"}
ALIAS: Example = {"name": "current", "collection": "photos-2"}
SNAPSHOT: Example = {
    "id": "photos-20261121T080000000000Z",
    "collection": "photos",
    "size_bytes": 312000000,
    "created_at": "2026-11-21T08:00:00Z",
}
