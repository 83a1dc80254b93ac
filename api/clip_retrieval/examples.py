"""The catalogue of `api/wire/examples.py`, as clip-retrieval's protocol shows it."""

from __future__ import annotations

from typing import Any

from api.wire import examples
from api.wire.examples import Example

KNN_REQUEST: Example = {
    "text": "a red shirt",
    "modality": "image",
    "num_images": 40,
    "num_result_ids": 40,
    "indice_name": "photos",
    "deduplicate": True,
}
METADATA: Example = {
    "url": "http://127.0.0.1:8000/v1/collections/photos/thumbnail?doc_id=shirts%2Fred.jpg&side=1024",
    "caption": "a red shirt on a wooden table",
    **examples.HIT["attributes"],
}
KNN: list[Any] = [{**METADATA, "id": 543, "similarity": 0.3127}]
METADATA_REQUEST: Example = {"indice_name": "photos", "ids": [543]}
METADATA_ANSWER: list[Any] = [{"id": 543, "metadata": METADATA}]
INDICES: list[Any] = ["photos"]
