"""Filtered search as planned beside exact search of what the filter leaves, from 90 % down to 0.01 % of the vectors.

    python -m benchmarks.filters --rows 50000 --work DIR

Through a collection and its engine, one query at a time on one thread, image and text queries in turn; the filter's
rows are known, as they are from its second use on. Data and collection stay in DIR. Run it on an idle machine.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import get_args

import faiss
import numpy as np

from benchmarks.ann_data import Data, K, prepare
from benchmarks.ann_measure import recall_of
from retrieval.certificate import Modality
from retrieval.collection import Collection
from retrieval.index.generation import Allowed
from retrieval.metadata import query_samples
from retrieval.settings import Settings
from retrieval.types import FloatArray, KeyArray, ModelReference, external_spec
from retrieval.workspace import Workspace

SHARES = (0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001, 0.0001)
MEASURED = 200
NAME = "filters"
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """Recall against exact search, milliseconds a query of both, and how often each strategy was taken."""

    modality: Modality
    share: float
    recall: float
    planned_ms: float
    exact_ms: float
    strategies: dict[str, int]


def collection_of(workspace: Workspace, data: Data) -> Collection:
    """A collection with the vectors, a number `part` in a random order as their attribute, and the sample of texts."""
    if any(info.name == NAME for info in workspace.collections()):
        collection = workspace.open(NAME)
        if collection.engine.views.latest().has_graph("image"):
            return collection
        workspace.delete(NAME)  # left by a run that was interrupted
    rows, dim = data.vectors.shape
    collection = workspace.create(NAME, external_spec("made", dim), ModelReference("made"), caption_vectors=False)
    parts = np.random.default_rng(0).permutation(rows).tolist()
    for start in range(0, rows, BATCH):
        some = range(start, min(start + BATCH, rows))
        attributes = [{"part": parts[row]} for row in some]
        collection.add_vectors([str(row) for row in some], data.vectors[some.start : some.stop], attributes=attributes)
    with workspace.database.write() as connection:
        query_samples.replace_all(connection, collection.info.id, np.asarray(data.sample))
    collection.compact()
    return collection


def measure(collection: Collection, data: Data, modality: Modality, share: float) -> Row:
    keys = collection.engine.filtered(f"part < {round(share * len(data.vectors))}")
    allowed = collection.engine.views.latest().allow_keys("image", keys)
    found: dict[bool, list[KeyArray]] = {True: [], False: []}
    seconds = {True: 0.0, False: 0.0}
    strategies: Counter[str] = Counter()
    for query in data.queries[modality].vectors[:MEASURED]:
        for exact in (True, False):
            started = perf_counter()
            hits, strategy = _search(collection, query[None], modality, allowed, exact=exact)
            seconds[exact] += perf_counter() - started
            found[exact].append(hits)
            if not exact:
                strategies[strategy] += 1
    width = min(K, len(keys))
    recall = recall_of(*(np.concatenate(found[exact])[:, :width] for exact in (False, True)))
    return Row(modality, share, recall, *(1e3 * seconds[exact] / MEASURED for exact in (False, True)), dict(strategies))


def _search(
    collection: Collection, query: FloatArray, modality: Modality, allowed: Allowed, *, exact: bool
) -> tuple[KeyArray, str]:
    result, plan = collection.engine.nearest(query, k=K, allowed=allowed, exact=exact, modality=modality)
    return result.keys, plan.strategy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--data", choices=["clip", "isotropic"], default="clip")
    parser.add_argument("--work", type=Path, required=True, help="folder for data, collection and results")
    arguments = parser.parse_args()
    folder = arguments.work / f"{arguments.data}-{arguments.rows}"
    data = prepare(folder, arguments.data, arguments.rows)
    with Workspace(Settings(data_dir=folder / "collection", database_url=None)) as workspace:
        collection = collection_of(workspace, data)
        faiss.omp_set_num_threads(1)
        rows = [measure(collection, data, modality, share) for modality in get_args(Modality) for share in SHARES]
    (folder / "filters.json").write_text(json.dumps([asdict(row) for row in rows], indent=1))
    print(f"{'query':6}{'allowed':>10}{'recall@10':>11}{'planned ms':>12}{'exact ms':>10}{'times':>7}  strategies")
    for row in rows:
        figures = f"{row.recall:11.3f}{row.planned_ms:12.2f}{row.exact_ms:10.2f}{row.exact_ms / row.planned_ms:7.1f}"
        print(f"{row.modality:6}{row.share:10.2%}{figures}  {row.strategies}")


if __name__ == "__main__":
    main()
