"""Changes of documents as the examples of the OpenAPI document show them."""

from __future__ import annotations

from api.wire.examples import HIT, ITEM, Example

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGO4o6EBAAMQAS0ujiXaAAAAAElFTkSuQmCC"
ATTRIBUTES: Example = HIT["attributes"]
SAID: Example = {name: ITEM[name] for name in ("doc_id", "captions", "attributes")}
METADATA: Example = {"red.jpg": SAID}
NEW_ITEMS: Example = {"items": [{**SAID, "image": PIXEL}, {"doc_id": "shirts/blue.jpg", "vector": [0.6, 0.0, 0.8]}]}
PATCH: Example = {"attributes": {"price": 19, "tags": None}, "captions": ["a red shirt, reduced"]}
PAGE: Example = {"items": [ITEM], "next_cursor": "c2hpcnRzL3JlZC5qcGc"}
SEVERAL_REQUEST: Example = {"doc_ids": ["shirts/red.jpg", "shirts/gone.jpg"]}
SEVERAL: Example = {"items": [ITEM], "missing": ["shirts/gone.jpg"]}
STORED: Example = {
    "indexed": ["shirts/red.jpg"],
    "rejected": [
        {
            "doc_id": "shirts/notes.jpg",
            "reason": "unsupported-format",
            "message": "not an image (read are JPEG, PNG, GIF, BMP, TIFF, WebP, AVIF); convert it to JPEG",
        }
    ],
}
REJECTS: Example = {
    "rejects": [{"doc_id": "shirts/cut.jpg", "reason": "truncated", "at": "2026-11-20T22:57:03.118204Z"}],
    "next_cursor": None,
}
DELETE_IDS: Example = {"doc_ids": ["shirts/red.jpg", "shirts/blue.jpg"]}
DELETE_MATCHING: Example = {"filter": "price < 5", "dry_run": True}
DELETED: Example = {"matched": 2, "deleted": 2}
