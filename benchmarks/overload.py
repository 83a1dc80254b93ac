"""A real server at twice the load that it can serve: what it answers, how much memory it takes, how soon it recovers.

    python -m benchmarks.overload [--rows 200000] [--seconds 20]

First so many clients as threads search as fast as they are answered: that is what it can serve. Then searches come at
twice that rate, whether they are answered or not, and afterwards at a quarter of it. They are exact searches by vector,
so that the search threads are what is short. The load comes from another process than the server's, on the same
machine, so both share its cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter

import httpx2
import numpy as np

from benchmarks.serving import server
from retrieval.settings import Settings
from retrieval.types import FloatArray, ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 512
SEARCH = "/v1/collections/overload/search"
CLIENTS = 8
CALM_S = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A request, its times in seconds since the start of its load."""

    sent_s: float
    took_s: float
    status: int


def fill(folder: Path, rows: int) -> None:
    """A collection of random directions, without a graph."""
    rng = np.random.default_rng(0)
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        collection = workspace.create("overload", external_spec("random", DIM), ModelReference("external"))
        for start in range(0, rows, 10_000):
            ids = [f"{number:07}" for number in range(start, min(start + 10_000, rows))]
            collection.add_vectors(ids, rng.standard_normal((len(ids), DIM)).astype(np.float32))
        collection.compact(exact_rows=rows)


def queries(number: int) -> list[dict[str, object]]:
    """Bodies of searches."""
    vectors: FloatArray = np.random.default_rng(1).standard_normal((number, DIM)).astype(np.float32)
    return [{"vector": vector.tolist(), "exact": True} for vector in vectors]


async def ask(client: httpx2.AsyncClient, body: dict[str, object], since: float) -> Answer:
    """One search; a connection that fails counts as status 0."""
    sent = perf_counter()
    try:
        status = (await client.post(SEARCH, json=body)).status_code
    except httpx2.TransportError:
        status = 0
    return Answer(sent - since, perf_counter() - sent, status)


async def as_fast_as_answered(client: httpx2.AsyncClient, bodies: list[dict[str, object]], seconds: float) -> float:
    """Searches a second of a few clients."""
    numbers, began = count(), perf_counter()

    async def ask_on() -> None:
        while perf_counter() - began < seconds:
            await ask(client, bodies[next(numbers) % len(bodies)], began)

    await asyncio.gather(*(ask_on() for _ in range(CLIENTS)))
    return next(numbers) / (perf_counter() - began)


async def at_a_rate(
    client: httpx2.AsyncClient, bodies: list[dict[str, object]], rate: float, seconds: float
) -> list[Answer]:
    """Searches that come at even intervals, whatever becomes of those before."""
    began, asked = perf_counter(), []
    for number in range(round(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - perf_counter()))
        asked.append(asyncio.create_task(ask(client, bodies[number % len(bodies)], began)))
    return await asyncio.gather(*asked)


async def peak_memory(resident: Callable[[], int], until: asyncio.Event) -> int:
    """The most bytes that the server had in memory, looked at ten times a second."""
    most = resident()
    while not until.is_set():
        most = max(most, resident())
        await asyncio.sleep(0.1)
    return most


def resident_of_child() -> int:
    """Bytes in memory of the one process that this one has started."""
    child = next(Path("/proc/self/task").glob("*/children")).read_text().split()[0]
    lines = Path(f"/proc/{child}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def told(answers: list[Answer]) -> dict[str, object]:
    """Statuses, and milliseconds of what was served and of what was refused."""
    figures: dict[str, object] = {"statuses": dict(Counter(str(one.status) for one in answers))}
    for name, these in {
        "served ms": [one.took_s for one in answers if one.status == 200],
        "refused ms": [one.took_s for one in answers if one.status != 200],
    }.items():
        if these:
            figures[name] = dict(zip(("p50", "p99"), (np.percentile(these, [50, 99]) * 1000).round(1), strict=True))
    return figures


async def measure(folder: Path, seconds: float) -> dict[str, object]:
    """What it can serve, twice that, and what comes after."""
    bodies = queries(200)
    async with server(folder) as client:
        await as_fast_as_answered(client, bodies, min(seconds, 3))
        rate = await as_fast_as_answered(client, bodies, seconds)
        before, is_over = resident_of_child(), asyncio.Event()
        watching = asyncio.create_task(peak_memory(resident_of_child, is_over))
        overload = await at_a_rate(client, bodies, 2 * rate, seconds)
        is_over.set()
        calm = await at_a_rate(client, bodies, rate / 4, CALM_S)
        refused = [one.sent_s for one in calm if one.status != 200]
        return {
            "can serve, searches/s": round(rate, 1),
            "at twice that": told(overload),
            "afterwards, at a quarter": told(calm),
            "last refusal, s after the overload": round(max(refused, default=0.0), 2),
            "memory MiB": {
                "before": before >> 20,
                "most during": await watching >> 20,
                "after": resident_of_child() >> 20,
            },
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    arguments = parser.parse_args()
    os.environ["RETRIEVAL_API_MAINTENANCE"] = "false"  # it would link what is to be searched exactly
    with tempfile.TemporaryDirectory() as name:
        fill(Path(name), arguments.rows)
        results = asyncio.run(measure(Path(name), arguments.seconds))
    print(json.dumps({"rows": arguments.rows, **results}, indent=2))


if __name__ == "__main__":
    main()
