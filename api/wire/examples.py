"""One small catalogue, as the examples of the OpenAPI document show it."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

HIT: Example = {
    "doc_id": "shirts/red.jpg",
    "score": 0.3127,
    "rank": 1,
    "captions": ["a red shirt on a wooden table"],
    "attributes": {"category": "shirt", "price": 25, "tags": ["cotton", "summer"]},
    "width": 1200,
    "height": 1600,
}
SEARCH: Example = {
    "hits": [HIT],
    "match": {"percentile": 0.62, "weak": False},
    "plan": {
        "strategy": "hnsw",
        "ef_search": 64,
        "searched": 120000,
        "allowed": None,
        "generation": 12,
        "certified": {"value": 0.992, "low": 0.988, "high": 0.995},
        "certified_at": 10,
        "mode": "vector",
        "depth": None,
    },
    "timings": {
        "queue": 0.0004,
        "encode": 0.0091,
        "filter": 0.0,
        "search": 0.0007,
        "match": 0.0001,
        "metadata": 0.0004,
    },
    "next_cursor": "mHc9n2Zb1mFqk0kq8Xo3RQAAAAHkU1z0yY3d",
}
FACETS: list[Example] = [
    {
        "attribute": "category",
        "type": "string",
        "documents": 120000,
        "kinds": {"string": 120000},
        "values": [{"value": "shirt", "count": 41200}, {"value": "dress", "count": 30750}],
        "distinct": 37,
        "numbers": None,
        "dates": None,
    },
    {
        "attribute": "price",
        "type": "number",
        "documents": 119000,
        "kinds": {"number": 119000},
        "values": [],
        "distinct": 0,
        "numbers": {
            "min": 3.5,
            "max": 149,
            "bins": [{"low": 0, "high": 100, "count": 101000}, {"low": 100, "high": 200, "count": 18000}],
        },
        "dates": None,
    },
]
CAPTIONS: Example = {
    "captions": [
        {"caption": "a red shirt on a wooden table", "doc_id": "shirts/red.jpg", "score": 0.3127, "rank": 1},
    ]
}
ITEM: Example = {name: HIT[name] for name in ("doc_id", "captions", "attributes", "width", "height")}
CERTIFICATE: Example = {
    "rows": 120000,
    "seconds_a_row": 6e-8,
    "curves": [
        {
            "modality": "text",
            "selectivity": 1.0,
            "queries": 300,
            "points": [
                {
                    "ef_search": 64,
                    "at_10": {"value": 0.992, "low": 0.988, "high": 0.995},
                    "at_100": None,
                    "found": 64.0,
                    "seconds": 0.0007,
                }
            ],
        }
    ],
}
COLLECTION: Example = {
    "name": "photos",
    "aliases": ["current"],
    "model": "ViT-B-32-256/datacomp_s34b_b86k",
    "precision": "bf16",
    "encoder_id": "94de0186cbddf636ae416db4c8fac62f4fd0b9ee0719249796f7316a87ed0052",
    "dim": 512,
    "documents": 120000,
    "captions": 180000,
    "rejected": 3,
    "generation": 12,
    "index": "HNSW m=32, fp16@192",
    "storage": "auto",
    "target_recall": 0.98,
    "ef_search": 64,
    "certificates": {"image": CERTIFICATE},
    "disk_bytes": 300000000,
    "memory_bytes": 300000000,
    "last_run": "finished",
    "created_at": "2026-11-20T22:56:16.123913Z",
}
TEXT_QUERY: Example = {"text": "a red shirt", "k": 3, "filter": 'category = "shirt" and price < 50'}
MIXED_QUERY: Example = {
    "terms": [{"doc_id": "shirts/red.jpg"}, {"text": "blue", "weight": 0.5}, {"text": "leather", "weight": -0.5}],
    "k": 3,
}
BATCH_QUERY: Example = {"searches": [TEXT_QUERY, {"doc_id": "shirts/lost.jpg", "k": 3}]}
BATCH: Example = {
    "results": [
        SEARCH,
        {"error": {"code": "not_found", "message": "no document 'shirts/lost.jpg' in collection 'photos'"}},
    ]
}
