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
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import perf_counter

import httpx2
import numpy as np

from benchmarks import serving_peer
from benchmarks.http_client import Connection, connected
from benchmarks.serving_catalogue import COLLECTION, fill, made_vectors, random_model
from benchmarks.serving_load import distinct, load
from retrieval.opening import open_existing
from retrieval.settings import Settings
from retrieval.types import ModelReference
from retrieval.workspace import Workspace

SEARCH = f"/v1/collections/{COLLECTION}/search"
BATCH = 32
ALONE = 200


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


async def search(connection: Connection, text: str) -> bytes:
    """Ten hits with their captions."""
    return await connection.post(SEARCH, {"text": text})


async def measure(folder: Path, seconds: float) -> dict[str, object]:
    """All loads, one after the other; texts of one are not those of another."""
    async with server(folder) as client:

        async def loaded(count: int, text: Callable[[int], str], seconds: float) -> dict[str, float]:
            async with connected(str(client.base_url), count) as connections:
                return await load([partial(search, one) for one in connections], text, seconds=seconds)

        await loaded(4, lambda n: f"warm {n}", min(seconds, 3))
        return {
            "1 client": await loaded(1, distinct, seconds),
            "1 client, 100 texts": await loaded(1, lambda n: distinct(n % 100), seconds),
            "64 clients": await loaded(64, lambda n: f"{distinct(n)} again", seconds),
            "64 clients, 100 texts": await loaded(64, lambda n: distinct(n % 100), seconds),
        }


async def measure_peer(python: Path, folder: Path, checkpoint: Path, seconds: float) -> dict[str, object]:
    """The same of the peer, with 16 clients: with more it only queues."""
    async with serving_peer.server(python, folder, checkpoint) as client:
        asking = partial(serving_peer.search, client)
        await load([asking], lambda n: f"warm {n}", seconds=min(seconds, 3))
        return {
            "1 client": await load([asking], distinct, seconds=seconds),
            "16 clients": await load([asking] * 16, lambda n: f"{distinct(n)} again", seconds=seconds),
        }


def encoder_alone(folder: Path, seconds: float) -> dict[str, float]:
    """Texts tokenised and embedded with nothing around it: a second in batches of 32, and milliseconds of one."""
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        encoder = open_existing(workspace, COLLECTION, None).encoder
        encoder.encode_texts([distinct(n) for n in range(BATCH)])
        done, started = 0, perf_counter()
        while perf_counter() - started < seconds:
            encoder.encode_texts([distinct(done + n) for n in range(BATCH)])
            done += BATCH
        rate, took = done / (perf_counter() - started), []
        for number in range(ALONE):
            began = perf_counter()
            encoder.encode_texts([distinct(number)])
            took.append(perf_counter() - began)
        return {"texts/s": round(rate, 1), "one, p50 ms": round(float(np.median(took)) * 1000, 2)}


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
        results["encoder alone"] = encoder_alone(folder / "data", min(arguments.seconds, 10))
        if arguments.peer:
            serving_peer.fill(arguments.peer, folder / "peer", vectors)
            told = measure_peer(arguments.peer, folder / "peer", checkpoint, arguments.seconds)
            results["clip-retrieval"] = asyncio.run(told)
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    print(json.dumps({"machine": machine, "model": arguments.model or "ViT-B-32", "rows": arguments.rows, **results}))


if __name__ == "__main__":
    main()
