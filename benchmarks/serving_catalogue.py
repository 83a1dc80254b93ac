"""The catalogue that services are measured with: a model of random weights and vectors with CLIP's geometry."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.clip_like import World
from retrieval.opening import open_or_create
from retrieval.settings import Settings
from retrieval.types import FloatArray, HnswParams, IndexParams, ModelReference
from retrieval.workspace import Workspace

COLLECTION = "bench"
INDEX = IndexParams(HnswParams(m=32, ef_construction=200), target_recall=None, ef_search=64)
"""Random weights give queries unlike any text: there is nothing to certify."""


def random_model(path: Path) -> ModelReference:
    """A checkpoint of a ViT-B-32 whose weights are random: it costs what a trained one does."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    save_file(open_clip.create_model("ViT-B-32").state_dict(), path)
    return ModelReference("ViT-B-32", str(path))


def made_vectors(path: Path, rows: int) -> FloatArray:
    """Float32 (rows, 512), mapped from a file that is written now."""
    World("clip", rows).save_images(path, rows, stream=0)
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


def caption(number: int) -> str:
    """What every hit carries besides its doc_id."""
    return f"picture {number} of a catalogue that was made to be searched"


def fill(folder: Path, reference: ModelReference, vectors: FloatArray) -> None:
    """A collection of these vectors in a data folder, linked into a graph."""
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        collection = open_or_create(workspace, COLLECTION, reference, index=INDEX, caption_vectors=False)
        for start in range(0, len(vectors), 10_000):
            numbers = range(start, min(start + 10_000, len(vectors)))
            collection.add_vectors(
                [f"{number:07}" for number in numbers],
                np.array(vectors[start : numbers.stop]),
                captions=[[caption(number)] for number in numbers],
                attributes=[{"shelf": number % 100} for number in numbers],
            )
        collection.compact()
