"""What clients send to start jobs. A job keeps its request as its config, and its process reads it from there."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag

from api.jobs import examples
from api.managing.requests import CollectionSettings
from api.wire.fields import LARGEST_EF, LONGEST_TEXT, DocId, EfSearch, FilterText, Name, QueryText, Storable
from api.wire.requests import StrictBody, StrictParameters
from retrieval.evaluators.index_queries import SELECTIVITIES
from retrieval.evaluators.labels import TEMPLATE
from retrieval.evaluators.run import MEASURES
from retrieval.evaluators.task import CUTOFFS
from retrieval.overview import JobState
from retrieval.search.query import MOST_HITS

MOST_CUTOFFS = 10
MOST_LISTED = 500
LARGEST_ID = 2**31 - 1

TextFile = Annotated[str, Field(min_length=1), Storable]
SourcePath = Annotated[
    str,
    Field(
        min_length=1,
        max_length=4_096,
        description="A file or folder of the server, relative to one of its source roots.",
        examples=["shirts"],
    ),
    Storable,
]
Seed = Annotated[int, Field(ge=0, le=LARGEST_ID, description="Of the samples.")]
FilterCondition = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), Storable]
Cutoffs = Annotated[
    list[Annotated[int, Field(ge=1, le=1_000)]],
    Field(min_length=1, max_length=MOST_CUTOFFS, description="Cut-offs k of the measures."),
]
Relevance = Annotated[int, Field(ge=-LARGEST_ID, le=LARGEST_ID)]
Fp32 = Annotated[
    bool,
    Field(description="Embed pictures and queries again in fp32, to tell what the encoder's precision loses: slow."),
]


class SourceFields(StrictBody):
    """What to index, where its images are, and what to read of it (docs/sources.md)."""

    source: SourcePath
    images: Annotated[
        SourcePath | None, Field(description="Folder that image names are relative to, itself relative to a root.")
    ] = None
    images_tar: Annotated[
        SourcePath | None, Field(description="Tar that a manifest's images are in, relative to a root.")
    ] = None
    split: Annotated[Name | None, Field(description="Only this split of a Karpathy JSON.")] = None
    exclude: Annotated[list[Name], Field(max_length=1_000, description="Columns or fields to leave out.")] = Field(
        default=[]
    )
    image_column: Annotated[Name | None, Field(description="Column of a manifest that names the image.")] = None
    id_column: Annotated[Name | None, Field(description="Column of a manifest with the document's id.")] = None
    caption_columns: Annotated[list[Name], Field(max_length=1_000, description="Columns with captions.")] = Field(
        default=[]
    )


class IndexJobRequest(CollectionSettings, SourceFields):
    """What to index and how: the options of `retrieval index`, in one object.

    A collection that is there keeps its settings: `precision`, `caption_vectors`, `m`, `ef_construction`, `storage`,
    `target_recall` and `ef_search` are of one that is made, for `model`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [examples.INDEX_REQUEST]})

    model: Annotated[
        Name | None,
        Field(description="Makes the collection where there is none: a preset, ARCH/PRETRAINED or hf-hub:OWNER/NAME."),
    ] = None
    sync: Annotated[bool, Field(description="Remove documents that the source no longer has.")] = False
    checksum: Annotated[bool, Field(description="Read every file; do not trust size and modification time.")] = False
    batch_size: Annotated[int, Field(ge=1, le=4_096, description="Images embedded at a time.")] = 32
    commit_every: Annotated[
        int, Field(ge=1, le=100_000, description="Images after which what is done becomes durable and searchable.")
    ] = 2_000


class _EvaluationRequest(StrictBody):
    ef_search: EfSearch = None
    filter: FilterText = None


class CaptionsEvaluation(_EvaluationRequest):
    """Image-caption retrieval both ways: `retrieval eval captions`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CAPTIONS_REQUEST]})

    kind: Literal["captions"]
    dataset: Annotated[
        SourcePath | None, Field(description="Captions from there; by default those of the collection itself.")
    ] = None
    split: Annotated[Name | None, Field(description="Only this split of a Karpathy JSON.")] = None
    k: Cutoffs = Field(default=[*CUTOFFS])
    fp32: Fp32 = False


class LabelsEvaluation(_EvaluationRequest):
    """Class-level retrieval by an attribute: `retrieval eval labels`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LABELS_REQUEST]})

    kind: Literal["labels"]
    attribute: Annotated[Name, Field(description="Documents that share a value of it are relevant to each other.")]
    k: Cutoffs = Field(default=[*CUTOFFS])
    templates: Annotated[
        list[Name], Field(min_length=1, max_length=100, description="Texts for a class, with {} for its name.")
    ] = Field(default=[TEMPLATE])
    sample: Annotated[int, Field(ge=0, le=LARGEST_ID, description="Most pictures that ask; 0 for all.")] = 1_000
    seed: Seed = 0


class Query(StrictBody):
    """One query: a text, a stored document, or both."""

    query_id: Name
    text: QueryText | None = None
    doc_id: DocId | None = None


_TEXT_OR_JSON = Discriminator(lambda given: "text" if isinstance(given, str) else "json")


class RunEvaluation(_EvaluationRequest):
    """Queries with judgements: `retrieval eval run`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RUN_REQUEST]})

    kind: Literal["run"]
    queries: Annotated[
        Annotated[TextFile, Tag("text")] | Annotated[list[Query], Field(min_length=1), Tag("json")],
        _TEXT_OR_JSON,
        Field(description="A query id, a tab and a text a line; or a list of objects."),
    ]
    qrels: Annotated[
        Annotated[TextFile, Tag("text")] | Annotated[dict[Name, dict[DocId, Relevance]], Tag("json")],
        _TEXT_OR_JSON,
        Field(description="TREC judgements, `query_id 0 doc_id relevance` a line; or relevance by document by query."),
    ]
    measures: Annotated[list[Name], Field(min_length=1, max_length=100, description="Such as nDCG@10.")] = Field(
        default=list(MEASURES)
    )
    depth: Annotated[
        Annotated[int, Field(ge=1, le=MOST_HITS)] | None,
        Field(description="Results kept for each query; more than ef_search raise it."),
    ] = None
    fp32: Fp32 = False


class IndexEvaluation(StrictBody):
    """Recall against exact search and speed over a sweep of ef_search: `retrieval eval index`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SWEEP_REQUEST]})

    kind: Literal["index"]
    ef: Annotated[
        list[Annotated[int, Field(ge=1, le=LARGEST_EF)]],
        Field(max_length=100, description="ef_search to try; default: k, doubled six times, and the collection's own."),
    ] = Field(default=[])
    k: Annotated[int, Field(ge=1, le=1_000, description="Recall is of so many nearest.")] = 10
    queries: Annotated[int, Field(ge=1, le=100_000, description="Most queries of each kind.")] = 1_000
    selectivities: Annotated[
        list[Annotated[float, Field(gt=0, le=1)]],
        Field(max_length=20, description="Shares of documents that filters drawn at random allow."),
    ] = Field(default=list(SELECTIVITIES))
    filters: Annotated[list[FilterCondition], Field(max_length=20, description="Filters of your own.")] = Field(
        default=[]
    )
    seed: Seed = 0


AnyEvaluation: TypeAlias = CaptionsEvaluation | LabelsEvaluation | RunEvaluation | IndexEvaluation
EvaluationJobRequest: TypeAlias = Annotated[AnyEvaluation, Field(discriminator="kind")]


class ListParameters(StrictParameters):
    """Which part of a list, newest first."""

    collection: Annotated[Name | None, Field(description="Only those of this one.")] = None
    before: Annotated[
        Annotated[int, Field(ge=1, le=LARGEST_ID)] | None,
        Field(description="Only those with a lower id: the last one of the part before."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="At most so many.")] = 50


class JobListParameters(ListParameters):
    """Which jobs, newest first."""

    state: Annotated[JobState | None, Field(description="Only those in this state.")] = None
