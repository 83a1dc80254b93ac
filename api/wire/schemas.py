"""What clients get: the wire shapes of responses. They document; bodies are written without them (adapters.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.wire import examples
from api.wire.base import Schema as Schema
from api.wire.base import with_example as with_example
from api.wire.facets import Facet

AttributeValue = str | int | float | bool | list[str] | None
Side = Annotated[
    int | None, Field(ge=1, description="Pixels of the picture as it is displayed; null where that is not known.")
]


class Hit(Schema):
    """One search result."""

    doc_id: str
    score: Annotated[
        float,
        Field(description="Higher is better: cosine similarity, BM25 in mode `lexical`, fused ranks in mode `hybrid`."),
    ]
    rank: Annotated[int, Field(ge=1)]
    captions: Annotated[
        list[str], Field(default_factory=list, description="Left out where `fields` does not ask for them.")
    ]
    attributes: Annotated[
        dict[str, AttributeValue],
        Field(default_factory=dict, description="Those that `fields` asks for; left out where it asks for none."),
    ]
    ranks: Annotated[
        dict[Literal["vector", "lexical"], int] | None,
        Field(
            description="Only in mode `hybrid`: its rank by each, without one where it is not among the `depth` best."
        ),
    ] = None
    width: Side
    height: Side


class Recall(Schema):
    """A mean over a sample of queries, with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


class Plan(Schema):
    """How the search was run."""

    strategy: Annotated[str, Field(description="`exact`, `hnsw`: the search of a graph, or `words` without vectors.")]
    ef_search: Annotated[int | None, Field(description="Candidates in the graph, null for an exact search.")]
    searched: Annotated[int, Field(description="Vectors in the collection.")]
    allowed: Annotated[int | None, Field(description="Documents that the filter keeps, null without a filter.")]
    generation: Annotated[int, Field(description="Published state of the index that answered.")]
    certified: Annotated[
        Recall | None, Field(description="Recall measured for this plan; null where none was, and for an exact one.")
    ]
    certified_at: Annotated[int | None, Field(description="That recall is of so many nearest, 10 or 100.")]
    mode: Literal["vector", "lexical", "hybrid"]
    depth: Annotated[int | None, Field(description="How far both rankings were looked at in mode `hybrid`.")]


class Match(Schema):
    """How well the best hit fits, beside what the catalogue's own captions (or pictures, for a picture) find."""

    percentile: Annotated[float, Field(ge=0, le=1, description="Share of these whose best hit fits less well.")]
    weak: Annotated[bool, Field(description="Almost none fits less well: there may be no such thing here.")]


class Alternative(Schema):
    """A way in which the search could be made."""

    strategy: str
    ef_search: int | None
    seconds: Annotated[float, Field(description="As measured where the index was built.")]
    recall: Recall
    modality: Annotated[str | None, Field(description="Of the queries that it was measured with.")]


class Explanation(Schema):
    """Why the search was made as `plan` says."""

    modality: Annotated[str | None, Field(description="Of the query; null where it is a mix, or a bare vector.")]
    target_recall: Annotated[float | None, Field(description="Null where ef_search is fixed, and for an exact search.")]
    alternatives: Annotated[list[Alternative], Field(description="None where nothing was measured.")]
    candidates: Annotated[int, Field(description="What the hits were taken from.")]


class SearchResponse(Schema):
    """Hits, best first unless `diversity` orders them; fewer than asked for where the collection has fewer."""

    model_config = with_example(examples.SEARCH)

    hits: list[Hit]
    match: Annotated[Match | None, Field(description="Null where there is nothing to compare with.")]
    plan: Plan
    timings: Annotated[dict[str, float], Field(description="Seconds of each stage.")]
    next_cursor: Annotated[
        str | None, Field(description="To be sent as `cursor` with the same search for the next hits; null at the end.")
    ]
    explain: Annotated[Explanation | None, Field(description="Only where it was asked for.")] = None
    facets: Annotated[list[Facet] | None, Field(description="Only where they were asked for, in that order.")] = None


class BatchError(Schema):
    """What is wrong with one search."""

    code: str
    message: str
    detail: Annotated[object, Field(description="More for programs, depending on the code.")] = None


class FailedSearch(Schema):
    """In the place of an answer."""

    error: BatchError


class BatchSearchResponse(Schema):
    """An answer for each search, in their order."""

    model_config = with_example(examples.BATCH)

    results: list[SearchResponse | FailedSearch]


class CaptionHit(Schema):
    """A caption of the catalogue that describes the picture, and the document that it belongs to."""

    caption: str
    doc_id: str
    score: float
    rank: Annotated[int, Field(ge=1)]


class CaptionsResponse(Schema):
    """Captions, best first."""

    model_config = with_example(examples.CAPTIONS)

    captions: list[CaptionHit]


class Item(Schema):
    """A document as stored."""

    model_config = with_example(examples.ITEM)

    doc_id: str
    captions: list[str]
    attributes: dict[str, AttributeValue]
    width: Side
    height: Side


class Point(Schema):
    """What a search with so many candidates finds, and what it costs."""

    ef_search: int
    at_10: Annotated[Recall, Field(description="Recall@10 against exact search.")]
    at_100: Annotated[Recall | None, Field(description="Recall@100; null below 100 candidates.")]
    found: Annotated[float, Field(description="Mean number of candidates that passed the filter.")]
    seconds: Annotated[float, Field(description="Of the fastest of some searches, where the index was built.")]


class Curve(Schema):
    """Recall over ef_search, where a share `selectivity` of the vectors passes the filter."""

    modality: Annotated[Literal["text", "image"], Field(description="What the queries were made from.")]
    selectivity: float
    queries: Annotated[int, Field(description="Queries measured, none of which the index was built with.")]
    points: list[Point]


class Certificate(Schema):
    """What recall the published generation delivers, as measured when its newest graph was built."""

    rows: Annotated[int, Field(description="Vectors when it was measured; later ones are searched exactly.")]
    seconds_a_row: Annotated[float, Field(description="What exact search costs for each row.")]
    curves: list[Curve]


class Collection(Schema):
    """A collection at a glance."""

    model_config = with_example(examples.COLLECTION)

    name: str
    aliases: Annotated[list[str], Field(description="Other names that lead to it.")]
    model: str
    precision: str
    encoder_id: Annotated[str, Field(description="Vectors of another encoder_id must not be searched with.")]
    dim: int
    documents: int
    captions: int
    rejected: Annotated[int, Field(description="Files that could not be indexed.")]
    generation: int
    index: str
    storage: Annotated[str, Field(description="What graph searches compare: `auto`, `full` or a code.")]
    target_recall: Annotated[
        float | None, Field(description="Recall@10 that searches are to reach; null: a fixed ef_search.")
    ]
    ef_search: Annotated[int, Field(description="Candidates where there is no target, or nothing was measured.")]
    certificates: Annotated[
        dict[str, Certificate], Field(description="By kind of vectors, `image` and `caption`, where they have a graph.")
    ]
    disk_bytes: int
    memory_bytes: Annotated[int, Field(description="What searches go through, and is best in memory.")]
    last_run: str | None
    created_at: datetime


class CollectionsResponse(Schema):
    """Every collection, by name."""

    model_config = with_example({"collections": [examples.COLLECTION]})

    collections: list[Collection]


class Health(Schema):
    """The process answers."""

    model_config = with_example({"status": "ok", "version": "0.1.0"})

    status: Literal["ok"]
    version: str


class Ready(Schema):
    """What was to be loaded at start is."""

    model_config = with_example({"status": "ready", "collections": {"photos": "ready"}})

    status: Literal["ready"]
    collections: dict[str, Literal["ready"]]


class Error(Schema):
    """What went wrong: `code` is for programs and stable, `message` for people."""

    code: str
    message: str
    request_id: Annotated[str, Field(description="Of the request, as in `X-Request-Id` and the server's log.")]
    detail: Annotated[object, Field(description="More for programs, depending on the code.")] = None


class ErrorResponse(Schema):
    """The body of every response with a status of 400 or more."""

    error: Error
