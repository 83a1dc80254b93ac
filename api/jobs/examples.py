"""Jobs and evaluations as the examples of the OpenAPI document show them."""

from __future__ import annotations

from api.wire.examples import Example

INDEX_REQUEST: Example = {"source": "shirts", "model": "ViT-B-32-256/datacomp_s34b_b86k"}
CAPTIONS_REQUEST: Example = {"kind": "captions", "k": [1, 5, 10]}
LABELS_REQUEST: Example = {"kind": "labels", "attribute": "category", "templates": ["a photo of a {}"]}
RUN_REQUEST: Example = {
    "kind": "run",
    "queries": [{"query_id": "q1", "text": "a red shirt"}],
    "qrels": {"q1": {"shirts/red.jpg": 1}},
}
SWEEP_REQUEST: Example = {"kind": "index", "ef": [32, 64, 128], "selectivities": [0.1]}
JOB: Example = {
    "id": 7,
    "kind": "index",
    "collection": "photos",
    "state": "running",
    "config": INDEX_REQUEST,
    "progress": {
        "stage": "indexing",
        "done": 4200,
        "total": 120000,
        "rate": 310.5,
        "eta_s": 373.0,
        "rejected": 1,
        "reasons": {"truncated": 1},
    },
    "result": None,
    "error": None,
    "evaluation": None,
    "attempts": 1,
    "created_at": "2026-11-20T22:56:16.123913Z",
    "started_at": "2026-11-20T22:56:16.501337Z",
    "finished_at": None,
}
EVALUATION_SUMMARY: Example = {
    "id": 3,
    "collection": "photos",
    "kind": "captions",
    "created_at": "2026-11-20T23:10:02.000417Z",
    "report": "/v1/evaluations/3/report",
}
EVALUATION: Example = {
    **EVALUATION_SUMMARY,
    "config": {"command": "retrieval eval captions", "collection": "photos", "k": [1, 5, 10], "ef_search": 64},
    "metrics": {
        "text to image": {
            "exact": {"measures": {"hit@1": {"value": 0.598, "low": 0.586, "high": 0.61, "n": 9988}}},
        }
    },
}
EVENTS = """event: progress
data: {"id": 7, "state": "running", "progress": null, "result": null, "error": null, "evaluation": null}

: ping

event: end
data: {"id": 7, "state": "failed", "progress": null, "result": null, "error": "no images", "evaluation": null}

"""
