"""Searches a second and their latency over HTTP, of a real server, with clip-retrieval beside it in the same run.

    python -m benchmarks.serving [--model bundled] [--rows 100000] [--seconds 20] [--peer PATH/TO/python]

Without --model, a ViT-B-32 of random weights is made: it costs what a trained one does. The load comes from another
process than the server's, on the same machine, so both share its cores. Searches are for ten hits with their captions,
through HNSW graphs with the same parameters.
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
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import perf_counter

import httpx2

from benchmarks import serving_peer
from benchmarks.serving_catalogue import COLLECTION, fill, made_vectors, random_model
from benchmarks.serving_load import distinct, load
from retrieval.settings import Settings
from retrieval.types import ModelReference
from retrieval.workspace import Workspace, open_existing

SEARCH = f"/v1/collections/{COLLECTION}/search"
BATCH = 32


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


async def search(client: httpx2.AsyncClient, text: str) -> None:
    """Ten hits with their captions."""
    (await client.get(SEARCH, params={"q": text})).raise_for_status()


async def measure(folder: Path, seconds: float) -> dict[str, object]:
    """All loads, one after the other; texts of one are not those of another."""
    async with server(folder) as client:
        asking = partial(search, client)
        await load(asking, lambda n: f"warm {n}", clients=4, seconds=min(seconds, 3))
        return {
            "1 client": await load(asking, distinct, clients=1, seconds=seconds),
            "64 clients": await load(asking, lambda n: f"{distinct(n)} again", clients=64, seconds=seconds),
            "64 clients, 100 texts": await load(asking, lambda n: distinct(n % 100), clients=64, seconds=seconds),
        }


async def measure_peer(python: Path, folder: Path, checkpoint: Path, seconds: float) -> dict[str, object]:
    """The same of the peer, with 16 clients: with more it only queues."""
    async with serving_peer.server(python, folder, checkpoint) as client:
        asking = partial(serving_peer.search, client)
        await load(asking, lambda n: f"warm {n}", clients=1, seconds=min(seconds, 3))
        return {
            "1 client": await load(asking, distinct, clients=1, seconds=seconds),
            "16 clients": await load(asking, lambda n: f"{distinct(n)} again", clients=16, seconds=seconds),
        }


def encoder_alone(folder: Path, seconds: float) -> float:
    """Texts a second in batches of 32, tokenised and embedded, with nothing around it."""
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        encoder = open_existing(workspace, COLLECTION, None).encoder
        encoder.encode_texts([distinct(n) for n in range(BATCH)])
        done, started = 0, perf_counter()
        while perf_counter() - started < seconds:
            encoder.encode_texts([distinct(done + n) for n in range(BATCH)])
            done += BATCH
        return round(done / (perf_counter() - started), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", help="a model by name, such as bundled, instead of one of random weights")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    parser.add_argument("--peer", type=Path, help="python of an environment with clip-retrieval")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = folder / "vitb32.safetensors"
        reference = ModelReference(arguments.model) if arguments.model else random_model(checkpoint)
        vectors = made_vectors(folder / "vectors.npy", arguments.rows)
        fill(folder / "data", reference, vectors)
        results = asyncio.run(measure(folder / "data", arguments.seconds))
        results["encoder alone, texts/s"] = encoder_alone(folder / "data", min(arguments.seconds, 10))
        if arguments.peer:
            serving_peer.fill(arguments.peer, folder / "peer", vectors)
            told = measure_peer(arguments.peer, folder / "peer", checkpoint, arguments.seconds)
            results["clip-retrieval"] = asyncio.run(told)
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    print(json.dumps({"machine": machine, "model": arguments.model or "ViT-B-32", "rows": arguments.rows, **results}))


if __name__ == "__main__":
    main()
