"""The same queries at every stage from the ideal search to the served one, and the figures of the last two.

The stages are told of in `retrieval.evaluation.decompose`; each adds one thing by which a right answer may be lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.certificate import Modality, measured_at
from retrieval.collection import Collection
from retrieval.errors import InputError
from retrieval.evaluation import Measure, Qrels, Run, evaluate
from retrieval.evaluation.decompose import Decomposition, decompose
from retrieval.evaluation.exact import rank_exactly
from retrieval.evaluation.measures import Hit
from retrieval.evaluation.ranks import rank_relevant
from retrieval.evaluators.reference import Reference
from retrieval.evaluators.task import Shown, TaskReport
from retrieval.index.topk import leave_out
from retrieval.metadata import scans
from retrieval.search.query import MOST_HITS
from retrieval.types import NO_KEY, FloatArray, KeyArray, KnnResult, Plan, VectorKind

LONGEST_FREE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """What users get, and what an exact search finds in its place, under the same filter.

    `plan` is what the served search did. `stages` maps the names of the stages, from ideal to served, to what is found
    up to there. `allowed`, int64 (n,) ascending, are the keys that the filter leaves, None without one. `warnings` are
    lines for people.
    """

    served: Run
    exact: Run
    plan: Plan
    stages: Mapping[str, Run]
    allowed: KeyArray | None = None
    warnings: tuple[str, ...] = ()


def search_both(
    collection: Collection,
    query_ids: Sequence[str],
    vectors: FloatArray,
    *,
    depth: int,
    modality: Modality | None = None,
    ef_search: int | None = None,
    without: Sequence[str | None] | None = None,
    filter: str | None = None,  # noqa: A002  the word that users write
    reference: Reference | None = None,
) -> Searches:
    """The `depth` best documents for each query, unit vectors float32 (nq, dim), through the index and exactly.

    The served search is planned as users' searches of that `modality` are (None: unknown, or of both), or takes
    `ef_search` candidates. `without` names a document for each query that is left out of its results, or None: an item
    is no answer to itself.
    With a `filter` both searches have it, as users' do. With a `reference` of the same queries, what the encoder's
    precision loses is told apart from what the model does.

    Raises:
        InputError: a depth outside 1..10,000, an empty collection, a filter that is wrong or allows nothing.
        ConflictError: the documents are not those of the reference any more.
    """
    asked = _asked(collection, query_ids, vectors, depth=depth, modality=modality, ef_search=ef_search, without=without)
    allowed = allowed_keys(collection, filter, asked.keys) if filter else None
    stages: dict[str, Run] = {}
    if reference is not None:
        stages["model"] = asked.ideal(reference)
    stages["precision" if reference else "model"], _ = asked.search(exact=True)
    if allowed is not None:
        stages["filter"], _ = asked.search(allowed, exact=True)
    exact = list(stages.values())[-1]
    served, plan = asked.search(allowed)
    if plan.ef_search is not None:
        stages |= asked.by_codes(allowed, plan.ef_search)
        stages["index"] = served
    warnings = [*(reference.warnings if reference else ()), *filter_warnings(filter, allowed, asked.keys)]
    return Searches(served, exact, plan, stages, allowed, tuple(warnings))


def live_documents(collection: Collection) -> tuple[KeyArray, list[str]]:
    """Keys of a collection's documents, int64 (nd,) ascending, and their ids. `InputError` where there are none."""
    with collection.database.read() as connection:
        keys, doc_ids = scans.live_documents(connection, collection.info.id)
    if not doc_ids:
        raise InputError(f"collection {collection.name!r} has no documents: index some first")
    return keys, doc_ids


def allowed_keys(collection: Collection, filter: str, live: KeyArray) -> KeyArray:  # noqa: A002
    """Keys of the live documents, int64 (nd,) ascending, that a filter allows, ascending int64 (n,).

    Raises `FilterError` for one that is wrong, and `InputError` for one that allows nothing.
    """
    allowed = np.intersect1d(collection.engine.filtered(filter), live)
    if not len(allowed):
        raise InputError(f"the filter {filter!r} allows none of the {len(live):,} documents: nothing could be found")
    return allowed


def filter_warnings(filter: str | None, allowed: KeyArray | None, live: KeyArray) -> list[str]:  # noqa: A002
    """How many of the live documents, int64 (nd,), a filter leaves; nothing where there is none."""
    return [] if allowed is None else [f"the filter {filter} allows {len(allowed):,} of {len(live):,} documents"]


def search_codes(
    collection: Collection, kind: VectorKind, queries: FloatArray, *, k: int, ef_search: int, allowed: KeyArray | None
) -> KnnResult | None:
    """What a graph search that misses nothing would find, for queries (nq, dim): what is lost by comparing codes.

    All codes are compared, and the best `ef_search` of them ranked by the full vectors. None where no graph has codes.
    `allowed` keys are int64 (n,) ascending.
    """
    view = collection.views.latest()
    if not view.has_codes(kind):
        return None
    among = None if allowed is None else view.allow_keys(kind, allowed)
    return view.search(kind, queries, k=k, ef_search=ef_search, allowed=among, index="codes")


def list_depth(
    collection: Collection,
    measures: Sequence[Measure],
    *,
    kind: VectorKind = "image",
    ef_search: int | None = None,
    depth: int | None = None,
) -> int:
    """How long lists are to be: as long as the measures look, or as `depth` says.

    A longer list may get a better search: it has as many candidates at least, and a search that is planned reaches its
    recall for all hits that it is asked for. That would flatter the index, so by default lists are longer than the
    measures need only where that changes nothing.
    """
    looked = max((each.cutoff or 0 for each in measures), default=0)
    return max(_free_depth(collection, kind, looked, ef_search) if depth is None else depth, looked)


def _free_depth(collection: Collection, kind: VectorKind, looked: int, ef_search: int | None) -> int:
    """The longest list, up to a hundred, that is searched for, and certified, as one of the `looked` first would be."""
    index = collection.info.index
    if not collection.views.latest().has_graph(kind):
        return LONGEST_FREE
    alike = measured_at(looked) or looked
    if ef_search is None and index.target_recall is not None:
        return alike
    return max(1, min(alike, (ef_search or index.ef_search) - 1))  # one to spare for an item that asks


def measure(
    name: str,
    qrels: Qrels,
    searches: Searches,
    measures: Sequence[Measure],
    *,
    shown: Mapping[str, Shown],
    clusters: Mapping[str, str] | None = None,
    warnings: Sequence[str] = (),
) -> TaskReport:
    """The figures of both searches; misses are put down to a stage at every cut-off of a measure."""
    return TaskReport(
        name=name,
        qrels=qrels,
        run=searches.served,
        exact_run=searches.exact,
        served=evaluate(qrels, searches.served, measures, clusters=clusters),
        exact=evaluate(qrels, searches.exact, measures, clusters=clusters),
        plan=searches.plan,
        blame=blame_misses(qrels, searches.stages, sorted({each.cutoff for each in measures if each.cutoff})),
        shown=shown,
        warnings=(*warnings, *searches.warnings),
    )


def blame_misses(qrels: Qrels, stages: Mapping[str, Run], cutoffs: Sequence[int]) -> dict[int, Decomposition]:
    """Put each query without a relevant document among its first k down to a stage; `stages` from ideal to served."""
    ranks = {name: rank_relevant(qrels, run) for name, run in stages.items()}
    return {k: decompose({name: Hit(k).per_query(one) > 0 for name, one in ranks.items()}, k=k) for k in cutoffs}


def judged_alike(qrels: Qrels) -> dict[str, str]:
    """A cluster for every judged query: queries with the same relevant documents say one thing in several words.

    Such are the five captions of one picture; they rise and fall together, so they are resampled and swapped together.
    """
    seen: dict[bytes, str] = {}
    clusters = {}
    for query_id in qrels.query_ids:
        rows = qrels.rows(query_id)
        relevant = qrels.docs[rows][qrels.relevance[rows] > 0]
        clusters[query_id] = seen.setdefault(relevant.tobytes(), query_id) if len(relevant) else query_id
    return clusters


def rows_of(found: KnnResult, keys: KeyArray) -> KnnResult:
    """Keys as row numbers; one that is not among `keys`, int64 (n,) ascending, came meanwhile and is left out."""
    rows = np.minimum(np.searchsorted(keys, found.keys), len(keys) - 1)
    known = keys[rows] == found.keys
    return KnnResult(np.where(known, rows, NO_KEY), np.where(known, found.scores, np.float32(-np.inf)))


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Queries, float32 (nq, dim), put to the documents of a collection; `left_out` has a row or `NO_KEY` for each."""

    collection: Collection
    query_ids: Sequence[str]
    vectors: FloatArray
    keys: KeyArray
    doc_ids: Sequence[str]
    left_out: KeyArray
    depth: int
    modality: Modality | None
    ef_search: int | None

    def search(self, allowed: KeyArray | None = None, *, exact: bool = False) -> tuple[Run, Plan]:
        """What the collection finds among its stored vectors, and how."""
        found, plan = self.collection.engine.nearest(
            self.vectors, k=self._k, ef_search=self.ef_search, allowed=allowed, exact=exact, modality=self.modality
        )
        return self._run(rows_of(found, self.keys)), plan

    def by_codes(self, allowed: KeyArray | None, ef_search: int) -> dict[str, Run]:
        """The stage of the storage, where there is one."""
        found = search_codes(self.collection, "image", self.vectors, k=self._k, ef_search=ef_search, allowed=allowed)
        return {} if found is None else {"storage": self._run(rows_of(found, self.keys))}

    def ideal(self, reference: Reference) -> Run:
        """What would be found without rounding."""
        reference.check_fits(self.keys)
        return self._run(rank_exactly(reference.queries, reference.documents, k=self._k).nearest)

    @property
    def _k(self) -> int:
        return min(self.depth + bool((self.left_out != NO_KEY).any()), len(self.doc_ids), MOST_HITS)

    def _run(self, found: KnnResult) -> Run:
        kept = leave_out(found, self.left_out, self.depth)
        return Run.from_neighbours(self.query_ids, self.doc_ids, kept.keys, kept.scores)


def _asked(
    collection: Collection,
    query_ids: Sequence[str],
    vectors: FloatArray,
    *,
    depth: int,
    modality: Modality | None,
    ef_search: int | None,
    without: Sequence[str | None] | None,
) -> _Asked:
    if not 1 <= depth <= MOST_HITS:
        raise InputError(f"a depth of {depth}: give 1 to {MOST_HITS:,}")
    keys, doc_ids = live_documents(collection)
    rows = {doc_id: row for row, doc_id in enumerate(doc_ids)}
    left_out = np.array([rows.get(doc_id or "", NO_KEY) for doc_id in without or [None] * len(query_ids)], np.int64)
    return _Asked(collection, query_ids, vectors, keys, doc_ids, left_out, depth, modality, ef_search)
