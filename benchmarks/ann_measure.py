"""Recall, speed and memory of opened indexes."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from benchmarks.ann_data import Data, K, Queries
from benchmarks.ann_engines import ENGINES, Engine
from retrieval.types import KeyArray

EFS = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768)
ENOUGH = 0.998
"""Recall from which a longer list of candidates is not tried."""
ONE_BY_ONE = 500
"""Queries of a measurement at batch 1."""
ALL_THREADS = 2


@dataclass(frozen=True, slots=True)
class Point:
    """`one` and `many` are queries a second: one at a time on one thread, and 1,000 at once on two."""

    ef: int
    recall: float
    one: float
    many: float


@dataclass(frozen=True, slots=True)
class Built:
    """Seconds with so many threads, those of processors too, and bytes a vector: on disk, in memory when searched,
    and of that anonymous.

    The rest of what is in memory is mapped from files: the system shares it among processes, and drops it when short.
    """

    seconds: float
    threads: int
    disk: float
    cpu_seconds: float = 0.0
    resident: float = 0.0
    anonymous: float = 0.0


def build(name: str, data: Data, folder: Path, threads: int) -> Built:
    """Build, unless it is there."""
    note = folder / "built.json"
    if not note.exists():
        folder.mkdir(parents=True, exist_ok=True)
        vectors = np.array(data.vectors)
        started, worked = perf_counter(), process_time()
        ENGINES[name].build(vectors, data.sample, folder, threads)
        seconds, cpu_seconds = perf_counter() - started, process_time() - worked
        disk = sum(path.stat().st_size for path in folder.iterdir()) / len(vectors)
        note.write_text(json.dumps(asdict(Built(seconds, threads, disk, cpu_seconds))))
    return Built(**json.loads(note.read_text()))


def with_memory(name: str, built: Built, data: Data, folder: Path) -> Built:
    """The same with the memory that a fresh process needs to open the index and to answer all queries once."""
    asked = np.concatenate([queries.vectors for queries in data.queries.values()])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        resident, anonymous = pool.apply(_memory, (name, folder, asked))
    return replace(built, resident=resident / len(data.vectors), anonymous=anonymous / len(data.vectors))


def sweep(engines: dict[str, Engine], data: Data, *, rounds: int) -> dict[str, dict[str, list[Point]]]:
    """Points by engine and kind of query. Engines take turns at every setting, so that drift hits all alike.

    Speeds are the best of the rounds.
    """
    points: dict[tuple[str, str, int], Point] = {}
    for _ in range(rounds):
        for (kind, queries), ef in product(data.queries.items(), EFS):
            for name, engine in engines.items():
                seen = [p for (n, t, e), p in points.items() if (n, t) == (name, kind) and e < ef]
                if not seen or seen[-1].recall < ENOUGH:
                    new = _measure(engine, queries, ef)
                    old = points.get((name, kind, ef), new)
                    points[name, kind, ef] = replace(new, one=max(new.one, old.one), many=max(new.many, old.many))
    return {
        name: {kind: [p for (n, t, _), p in points.items() if (n, t) == (name, kind)] for kind in data.queries}
        for name in engines
    }


def at_recall(points: list[Point], recall: float, speed: str) -> float | None:
    """Queries a second at a recall: between two settings, in proportion on a logarithmic scale. None: not reached."""
    for below, above in zip([None, *points], points, strict=False):
        if above.recall >= recall:
            if below is None:
                return float(getattr(above, speed))
            share = (recall - below.recall) / (above.recall - below.recall)
            slow, fast = np.log([getattr(above, speed), getattr(below, speed)])
            return float(np.exp(fast + share * (slow - fast)))
    return None


def _measure(engine: Engine, queries: Queries, ef: int) -> Point:
    engine.threads(1)
    single = [queries.vectors[at : at + 1] for at in range(ONE_BY_ONE)]
    started = perf_counter()
    for one in single:
        engine.search(one, K, ef)
    one_by_one = ONE_BY_ONE / (perf_counter() - started)
    engine.threads(ALL_THREADS)
    started = perf_counter()
    found = engine.search(queries.vectors, K, ef)
    at_once = len(queries.vectors) / (perf_counter() - started)
    return Point(ef, recall_of(found, queries.nearest), one_by_one, at_once)


def recall_of(found: KeyArray, nearest: KeyArray) -> float:
    """Mean share of the nearest rows, (nq, k), that were found."""
    return float((found[:, :, None] == nearest[:, None, :]).any(axis=1).mean())


def _memory(name: str, folder: Path, queries: np.ndarray) -> tuple[int, int]:
    before = _status()
    engine = ENGINES[name]
    engine.open(folder)
    engine.threads(1)
    engine.search(queries, K, 128)
    after = _status()
    return after["VmRSS"] - before["VmRSS"], after["RssAnon"] - before["RssAnon"]


def _status() -> dict[str, int]:
    """Bytes, from the kernel's account of this process (Linux)."""
    lines = [line.split() for line in Path("/proc/self/status").read_text().splitlines()]
    return {line[0].rstrip(":"): int(line[1]) * 1024 for line in lines if line[-1:] == ["kB"]}
