"""Searches a second and their latency, over HTTP, of a real server with a catalogue of random vectors.

    python -m benchmarks.serving [--model bundled] [--rows 100000] [--seconds 20]

Without --model, a ViT-B-32 of random weights is made: it costs what a trained one does. The load comes from another
process than the server's, on the same machine, so both share its cores. Searches are for ten hits, through FAISS HNSW.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from time import perf_counter

import httpx2
import numpy as np

from retrieval.settings import Settings
from retrieval.types import ModelReference
from retrieval.workspace import Workspace, open_or_create

WORDS = ("red", "blue", "green", "old", "new", "small", "large", "wooden", "shirt", "shoe", "chair", "lamp", "dog")
SEARCH = "/v1/collections/bench/search"


def random_model(folder: Path) -> ModelReference:
    """A checkpoint of a ViT-B-32 whose weights are random."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    path = folder / "vitb32.safetensors"
    save_file(open_clip.create_model("ViT-B-32").state_dict(), path)
    return ModelReference("ViT-B-32", str(path))


def fill(folder: Path, reference: ModelReference, rows: int) -> None:
    """A collection of random directions, linked into a graph."""
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        collection = open_or_create(workspace, "bench", reference)
        rng = np.random.default_rng(0)
        for start in range(0, rows, 10_000):
            ids = [f"{number:07}" for number in range(start, min(start + 10_000, rows))]
            vectors = rng.standard_normal((len(ids), collection.info.spec.dim)).astype(np.float32)
            collection.add_vectors(ids, vectors)
        collection.compact()


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """`retrieval serve` over the folder, once it is ready."""
    command = [sys.executable, "-c", "from retrieval.cli import main; main()", "serve", "--port", "0"]
    process = subprocess.Popen([*command, "--data-dir", str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        listening = re.search(r"http://\S+", process.stdout.readline())
        if listening is None:
            raise SystemExit("the server did not start")
        limits = httpx2.Limits(max_connections=None)
        async with httpx2.AsyncClient(base_url=listening[0], timeout=60, limits=limits) as client:
            while (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.2)
            yield client
    finally:
        process.terminate()
        process.wait()


async def load(
    client: httpx2.AsyncClient, text: Callable[[int], str], *, clients: int, seconds: float
) -> dict[str, float]:
    """So many clients, each asking again as soon as it has its answer; rate, and latency in milliseconds."""
    numbers, latencies, until = count(), [], perf_counter() + seconds

    async def ask_on() -> None:
        while (started := perf_counter()) < until:
            (await client.get(SEARCH, params={"q": text(next(numbers))})).raise_for_status()
            latencies.append(perf_counter() - started)

    began = perf_counter()
    await asyncio.gather(*(ask_on() for _ in range(clients)))
    rate = len(latencies) / (perf_counter() - began)
    p50, p99 = np.percentile(latencies, [50, 99]) * 1000
    return {"searches/s": round(rate, 1), "p50 ms": round(p50, 2), "p99 ms": round(p99, 2)}


def distinct(number: int) -> str:
    """A text of about ten tokens that no other number has."""
    chosen = [WORDS[(number * step) % len(WORDS)] for step in (1, 3, 7, 11)]
    return f"a photo of a {' '.join(chosen)} {number}"


async def measure(folder: Path, seconds: float) -> dict[str, object]:
    """All loads, one after the other; texts of one are not those of another."""
    async with server(folder) as client:
        await load(client, lambda n: f"warm {n}", clients=4, seconds=min(seconds, 3))
        return {
            "1 client": await load(client, distinct, clients=1, seconds=seconds),
            "64 clients": await load(client, lambda n: f"{distinct(n)} again", clients=64, seconds=seconds),
            "64 clients, 100 texts": await load(client, lambda n: distinct(n % 100), clients=64, seconds=seconds),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", help="a model by name, such as bundled, instead of one of random weights")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reference = ModelReference(arguments.model) if arguments.model else random_model(folder)
        fill(folder / "data", reference, arguments.rows)
        results = asyncio.run(measure(folder / "data", arguments.seconds))
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    print(json.dumps({"machine": machine, "model": arguments.model or "ViT-B-32", "rows": arguments.rows, **results}))


if __name__ == "__main__":
    main()
