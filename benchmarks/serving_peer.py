"""`clip-retrieval back` over the same model, vectors and captions."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import faiss
import httpx2
import numpy as np

from benchmarks.serving_catalogue import COLLECTION, INDEX, caption
from retrieval.types import FloatArray

WRITE_METADATA = """
import sys, pandas
captions = open(sys.argv[1]).read().splitlines()
pandas.DataFrame({"image_path": [f"{n:07}" for n in range(len(captions))], "caption": captions}).to_parquet(sys.argv[2])
"""


def fill(python: Path, folder: Path, vectors: FloatArray) -> None:
    """Its index, a FAISS HNSW with the same parameters, and its metadata."""
    (folder / "metadata").mkdir(parents=True)
    index = faiss.IndexHNSWFlat(vectors.shape[1], INDEX.hnsw.m, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = INDEX.hnsw.ef_construction, INDEX.ef_search
    index.add(np.array(vectors))
    faiss.write_index(index, str(folder / "image.index"))
    captions = folder / "captions.txt"
    captions.write_text("\n".join(caption(number) for number in range(len(vectors))))
    subprocess.run(
        [str(python), "-c", WRITE_METADATA, str(captions), str(folder / "metadata" / "metadata_0.parquet")], check=True
    )
    (folder / "indices.json").write_text(json.dumps({COLLECTION: str(folder)}))


@asynccontextmanager
async def server(python: Path, folder: Path, checkpoint: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The peer over the folder, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "port": port,
        "indices_paths": folder / "indices.json",
        "clip_model": f"open_clip:ViT-B-32/{checkpoint}",
        "columns_to_return": '["image_path","caption"]',
        "enable_mclip_option": False,
        "provide_aesthetic_embeddings": False,
        "use_jit": False,
    }
    command = [str(python.parent / "clip-retrieval"), "back", *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            await _answering(client, process, folder / "log")
            yield client
    finally:
        process.terminate()
        process.wait()


async def search(client: httpx2.AsyncClient, text: str) -> None:
    """Ten hits with their captions."""
    asked = {"text": text, "modality": "image", "num_images": 10, "num_result_ids": 10, "indice_name": COLLECTION}
    answer = await client.post("/knn-service", json=asked)
    answer.raise_for_status()
    if len(answer.json()) != 10:
        raise SystemExit(f"the peer found {len(answer.json())} pictures")


async def _answering(client: httpx2.AsyncClient, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        with suppress(httpx2.TransportError):
            (await client.get("/indices-list")).raise_for_status()
            return
        await asyncio.sleep(0.5)
    raise SystemExit(f"the peer ended: {log.read_text()[-2000:]}")
