"""Class-level retrieval: a document is relevant when it shares a value of an attribute with the query.

Image to image asks with stored pictures for others of their class; text to image with "a NAME" for each class. With
one label a document this is the protocol of class-level metric learning (Song et al., CVPR 2016) and of zero-shot
retrieval by class names (Radford et al., ICML 2021, for the templates).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.collection import Collection
from retrieval.errors import InputError
from retrieval.evaluation import Estimate, Measure, Qrels, parse_measure
from retrieval.evaluation.columns import Float64Array, IntArray, number_ids
from retrieval.evaluation.statistics import bootstrap_intervals
from retrieval.evaluators.searches import list_depth, measure, search_both
from retrieval.evaluators.task import Shown, TaskReport
from retrieval.metadata import scans
from retrieval.types import AttributeValue, FloatArray, KeyArray

TEMPLATE = "a {}"


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The classes of a collection's documents.

    `doc_keys` int64 (nd,) ascending with `doc_ids` are all live documents; `members` maps each class, in order of its
    name, to the rows of its documents, ascending int64. `unlabelled` documents belong to none: they are no queries, and
    wrong wherever they are found.
    """

    attribute: str
    doc_keys: KeyArray
    doc_ids: list[str]
    members: Mapping[str, IntArray]
    unlabelled: int

    def classes_of(self) -> list[list[str]]:
        """The classes of each document."""
        classes: list[list[str]] = [[] for _ in self.doc_ids]
        for name, rows in self.members.items():
            for row in rows.tolist():
                classes[row].append(name)
        return classes


def read_labels(collection: Collection, attribute: str) -> Labels:
    """The classes that an attribute makes; each element of a list is one. Raises `InputError` where none has it."""
    with collection.database.read() as connection:
        keys, doc_ids = scans.live_documents(connection, collection.info.id)
        rows = {key: row for row, key in enumerate(keys.tolist())}
        members: dict[str, list[int]] = {}
        seen: set[str] = set()
        labelled = 0
        for some, batch in scans.attributes_after(connection, collection.info.id, 0):
            for key, attributes in zip(some.tolist(), batch, strict=True):
                if key not in rows:
                    continue
                seen |= attributes.keys()
                names = _names(attributes.get(attribute))
                labelled += bool(names)
                for name in names:
                    members.setdefault(name, []).append(rows[key])
    if not members:
        there = f"there are {', '.join(sorted(seen))}" if seen else "its documents have no attributes"
        raise InputError(f"no document of {collection.name!r} has the attribute {attribute!r}; {there}")
    arrays = {name: np.array(members[name], np.int64) for name in sorted(members)}
    return Labels(attribute, keys, doc_ids, arrays, len(doc_ids) - labelled)


def label_measures(cutoffs: Sequence[int]) -> list[Measure]:
    """precision@k, recall@k and hit@k at each cut-off."""
    return [parse_measure(f"{name}@{k}") for name in ("precision", "recall", "hit") for k in cutoffs]


def image_to_image(
    collection: Collection,
    labels: Labels,
    measures: Sequence[Measure],
    *,
    sample: int = 1000,
    seed: int = 0,
    ef_search: int | None = None,
    filter: str | None = None,  # noqa: A002  the word that users write
) -> TaskReport:
    """Each document (or `sample` of them, drawn with `seed`) asks for others of its classes; it is left out itself.

    Documents that are alone in their class cannot be answered and do not ask. A `filter` restricts what is found, not
    what asks. Raises `InputError` where all are alone, and for a filter that is wrong or allows nothing.
    """
    classes = labels.classes_of()
    company = np.array([any(len(labels.members[name]) > 1 for name in names) for names in classes], np.bool_)
    asking = np.flatnonzero(company)
    if not len(asking):
        raise InputError(f"every document is alone in its class of {labels.attribute!r}: nothing can be found")
    if 0 < sample < len(asking):
        asking = np.sort(np.random.default_rng(seed).choice(asking, sample, replace=False))
    query_ids = [labels.doc_ids[row] for row in asking.tolist()]
    relevant = [_others(labels, classes[row], row) for row in asking.tolist()]
    vectors = collection.views.latest().vectors(labels.doc_keys[asking])
    depth = list_depth(collection, measures, ef_search=ef_search)
    searches = search_both(
        collection,
        query_ids,
        vectors,
        depth=depth,
        modality="image",
        ef_search=ef_search,
        without=query_ids,
        filter=filter,
    )
    alone = len([names for names in classes if names]) - int(company.sum())
    shown = {labels.doc_ids[row]: Shown(", ".join(classes[row]), labels.doc_ids[row]) for row in asking.tolist()}
    warnings = [*_warnings(labels), *([f"{alone:,} documents are alone in their class"] * bool(alone))]
    qrels = _qrels(query_ids, labels.doc_ids, relevant)
    report = measure("image to image", qrels, searches, measures, shown=shown, warnings=warnings)
    return _with_ap(report, _whole_rankings(collection, labels, vectors, relevant, searches.allowed, without=asking))


def text_to_image(
    collection: Collection,
    labels: Labels,
    measures: Sequence[Measure],
    *,
    templates: Sequence[str] = (TEMPLATE,),
    ef_search: int | None = None,
    filter: str | None = None,  # noqa: A002  the word that users write
) -> TaskReport:
    """Each class is asked for by name, once a template; a class's texts are resampled together for the intervals.

    Underscores in names are read as blanks. Raises `InputError` for a template without {}, for two classes that are
    asked for alike and for a filter that is wrong or allows nothing, and `ModelError` where the collection has no
    encoder for texts.
    """
    asked = _texts(list(labels.members), templates)
    relevant = [labels.members[name] for name in asked.values()]
    query_ids = list(asked)
    vectors = collection.encoder.encode_texts(query_ids)
    depth = list_depth(collection, measures, ef_search=ef_search)
    searches = search_both(
        collection, query_ids, vectors, depth=depth, modality="text", ef_search=ef_search, filter=filter
    )
    report = measure(
        "text to image",
        _qrels(query_ids, labels.doc_ids, relevant),
        searches,
        measures,
        shown={text: Shown(text) for text in asked},
        clusters=asked,
        warnings=_warnings(labels),
    )
    return _with_ap(report, _whole_rankings(collection, labels, vectors, relevant, searches.allowed), clusters=asked)


def average_precisions(
    queries: FloatArray,
    documents: FloatArray,
    relevant: Sequence[IntArray],
    *,
    without: IntArray | None = None,
    allowed: IntArray | None = None,
) -> Float64Array:
    """AP over all documents (nd, dim) by inner product with each query (nq, dim): float64 (nq,), ties by row.

    `relevant` has the rows of each query's relevant documents, at least one; `without`, int64 (nq,), one row of each
    that is left out. Only rows among `allowed`, int64 (n,), are found, where it is given. Formula and source are those
    of `AveragePrecision`.
    """
    found = np.ones(len(documents), np.bool_) if allowed is None else np.isin(np.arange(len(documents)), allowed)
    scores_of = np.empty(len(queries))
    for number, rows in enumerate(relevant):
        scores = np.where(found, documents @ queries[number], -np.inf)
        if without is not None:
            scores[without[number]] = -np.inf
        ranks = np.empty(len(documents), np.int64)
        ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(documents) + 1)
        reached = np.sort(ranks[rows[found[rows]]])
        scores_of[number] = np.sum(np.arange(1, len(reached) + 1) / reached) / len(rows)
    return scores_of


def _whole_rankings(
    collection: Collection,
    labels: Labels,
    queries: FloatArray,
    relevant: Sequence[IntArray],
    allowed: KeyArray | None,
    without: IntArray | None = None,
) -> Float64Array:
    """AP of each query over the collection's documents, or over those of the keys that a filter allows."""
    documents = collection.views.latest().vectors(labels.doc_keys)
    found = None if allowed is None else np.searchsorted(labels.doc_keys, allowed)
    return average_precisions(queries, documents, relevant, without=without, allowed=found)


def _with_ap(report: TaskReport, scores: Float64Array, *, clusters: Mapping[str, str] | None = None) -> TaskReport:
    """The report with AP over the whole exact ranking, which no list of results is long enough for."""
    ids = report.qrels.query_ids
    groups = None if clusters is None else number_ids([clusters[query_id] for query_id in ids])[1]
    low, high = bootstrap_intervals(scores[:, None], ["mean"], clusters=groups)[0].tolist()
    estimate = Estimate(float(scores.mean()), low, high, len(scores))
    exact = report.exact
    return replace(
        report,
        exact=replace(exact, measures={**exact.measures, "AP": estimate}, per_query={**exact.per_query, "AP": scores}),
    )


def _texts(classes: Sequence[str], templates: Sequence[str]) -> dict[str, str]:
    """What is asked for, and the class that is meant."""
    asked: dict[str, str] = {}
    for template in templates:
        if "{}" not in template:
            raise InputError(f"the template {template!r} has no {{}} where the name of the class goes")
        for name in classes:
            text = template.replace("{}", name.replace("_", " "))
            if asked.setdefault(text, name) != name:
                raise InputError(f"the classes {asked[text]!r} and {name!r} are both asked for as {text!r}: rename one")
    return asked


def _names(value: AttributeValue) -> list[str]:
    """The classes that a value stands for."""
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return list(dict.fromkeys(filter(None, value)))
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _others(labels: Labels, names: Sequence[str], row: int) -> IntArray:
    rows = np.unique(np.concatenate([labels.members[name] for name in names]))
    return np.delete(rows, np.searchsorted(rows, row))


def _qrels(query_ids: Sequence[str], doc_ids: Sequence[str], relevant: Sequence[IntArray]) -> Qrels:
    queries = np.repeat(np.arange(len(query_ids)), [len(rows) for rows in relevant])
    return Qrels.from_columns(query_ids, doc_ids, queries, np.concatenate(relevant), np.ones(len(queries), np.int64))


def _warnings(labels: Labels) -> list[str]:
    if not labels.unlabelled:
        return []
    return [f"{labels.unlabelled:,} documents have no {labels.attribute!r}: they count as wrong answers"]
