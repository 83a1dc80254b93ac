"""A collection that is replaced as a whole by every commit, so that an answer tells which of them it is of."""

from __future__ import annotations

import numpy as np
from helpers import unit_vectors

from retrieval.index import compaction
from retrieval.search import certify, planner
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 8
POOL = unit_vectors(400, DIM, seed=3)
DOCUMENTS = 40


def new_workspace(folder) -> Workspace:
    return Workspace(Settings(data_dir=folder, database_url=None))


def new_collection(workspace):
    index = IndexParams(HnswParams(8, 40), "fp16", target_recall=None)
    return workspace.create("c", external_spec("test", DIM), ModelReference("external"), index=index)


def make_graphs_small(setattr_) -> None:
    """Graphs from a few vectors on, measured quickly and taken with filters too."""
    setattr_(compaction, "EXACT_ROWS", 20)
    setattr_(planner, "EXACT_ALLOWED", 0)
    setattr_(certify, "EF_SEARCH", (10, 100))


def round_of(number: int) -> dict[str, tuple[np.ndarray, dict]]:
    """What one commit makes of the whole collection: other vectors, a quarter of them copies, and attributes."""
    rows = [(number * 13 + row % 30) % len(POOL) for row in range(DOCUMENTS)]
    return {f"d{n}": (POOL[row], {"round": number, "even": n % 2 == 0}) for n, row in enumerate(rows)}


def write_rounds(collection, rounds: int) -> None:
    """Replace all documents in one commit, again and again, with deletions, folds and graphs in between."""
    for number in range(rounds):
        new = round_of(number)
        vectors, attributes = zip(*new.values(), strict=True)
        captions = [[f"picture of round {number}"]] * len(new)
        collection.add_vectors(list(new), np.array(vectors), captions=captions, attributes=attributes)
        match number % 3:
            case 0:
                collection.compact()
            case 1:
                collection.compactor.fold()
            case 2:
                collection.delete([f"d{n}" for n in range(5)])


def what_is_wrong(collection, seed: int) -> str | None:
    """Search in some way; the answer must be that of one round, or of one round after its deletions."""
    if seed % 4 == 3:
        return what_is_wrong_with_words(collection)
    way = [{"exact": True}, {"ef_search": 500}, {"ef_search": 500, "filter": "even = true"}][seed % 4]
    query = POOL[seed % len(POOL)]
    hits = collection.search(vector=query, k=100, **way).hits
    rounds = {hit.attributes["round"] for hit in hits}
    if len(rounds) != 1:
        return f"{len(hits)} hits of the rounds {rounds}"
    whole = {d: float(v @ query) for d, (v, a) in round_of(rounds.pop()).items() if a["even"] or "filter" not in way}
    rest = {d: score for d, score in whole.items() if d not in {f"d{n}" for n in range(5)}}
    if not any(
        {hit.doc_id for hit in hits} == set(state)
        and np.allclose([hit.score for hit in hits], sorted(state.values(), reverse=True), atol=1e-6)
        and np.allclose([hit.score for hit in hits], [state[hit.doc_id] for hit in hits], atol=1e-6)
        for state in (whole, rest)
    ):
        return f"{len(hits)} hits of one round, but not its answer, searched with {way}"
    return None


def what_is_wrong_with_words(collection) -> str | None:
    """Search by a word that all captions have; whatever was replaced or deleted has none that is found."""
    hits = collection.search("pictures", mode="lexical", k=1000).hits
    rounds = {caption for hit in hits for caption in hit.captions}
    found = [int(hit.doc_id[1:]) for hit in hits]
    if len(rounds) != 1 or sorted(found) not in (list(range(DOCUMENTS)), list(range(5, DOCUMENTS))):
        return f"words found {sorted(found)} of the rounds {rounds}"
    return None
