"""What clients send: the wire shapes of queries."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.wire import examples
from api.wire.fields import (
    Count,
    CursorText,
    Diversity,
    DocId,
    EfSearch,
    Exact,
    Explain,
    FacetNames,
    FacetValues,
    FieldNames,
    FilterText,
    FilterTextInUrl,
    GroupBy,
    ImageBase64,
    ImageFile,
    ImageUrl,
    LexicalWeight,
    MinScore,
    Mode,
    QueryText,
    QueryTextInUrl,
    Side,
    TargetRecall,
    VectorValues,
    Weight,
)
from retrieval.search.fields import Fields
from retrieval.search.options import FacetOptions, SearchOptions

MOST_TERMS = 32
MOST_SEARCHES = 1_000


class StrictBody(BaseModel):
    """A JSON object with known fields only; values are not converted (`"5"` is not 5)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_fields(cls, data: Any) -> Any:
        """Say it once: pydantic would make an error of every unknown field, and there may be a million."""
        if isinstance(data, dict) and (unknown := data.keys() - cls.model_fields.keys()):
            raise ValueError(f"no field {min(unknown)[:100]!r}: there are {', '.join(cls.model_fields)}")
        return data


class StrictParameters(BaseModel):
    """Parameters of a URL or fields of a form; unknown ones are refused, so that a typo does not pass unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchFields(BaseModel):
    """How to search, whatever is looked for."""

    k: Count = 10
    filter: FilterText = None
    ef_search: EfSearch = None
    target_recall: TargetRecall = None
    exact: Exact = False
    min_score: MinScore = None
    diversity: Diversity = 0.0
    group_by: GroupBy = None
    cursor: CursorText = None
    explain: Explain = False
    fields: FieldNames = None
    facets: FacetNames = []
    facet_values: FacetValues = 10

    def options(self) -> SearchOptions:
        """The same for the library."""
        same = SearchFields.model_fields.keys() - {"fields", "facets", "facet_values"}
        return SearchOptions(
            **{name: getattr(self, name) for name in same},
            fields=Fields.named(self.fields),
            facets=FacetOptions(tuple(self.facets), self.facet_values),
        )


class TextSearchFields(SearchFields):
    """How to search where a text may be looked for."""

    mode: Mode = "vector"
    lexical_weight: LexicalWeight = 1.0

    def options(self) -> SearchOptions:
        """The same for the library."""
        return replace(super().options(), mode=self.mode, lexical_weight=self.lexical_weight)


class Term(StrictBody):
    """One part of a mixed query: exactly one of text, image, doc_id and vector, and how much it counts."""

    text: QueryText | None = None
    image: ImageBase64 | None = None
    doc_id: DocId | None = None
    vector: VectorValues | None = None
    weight: Weight = 1.0

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in ("text", "image", "doc_id", "vector") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a term has exactly one of text, image, doc_id and vector; this one has {len(given)}")
        return self


class SearchRequest(TextSearchFields, StrictBody):
    """A query: a text, an image, a stored document, a vector, or any mix of them.

    Several of the four count equally; `terms` adds any number with weights of their own, negative ones included.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TEXT_QUERY, examples.MIXED_QUERY]})

    text: QueryText | None = None
    image: ImageBase64 | None = None
    doc_id: DocId | None = None
    vector: VectorValues | None = None
    image_url: ImageUrl | None = None
    terms: Annotated[list[Term], Field(max_length=MOST_TERMS)] = []


class BatchSearchRequest(StrictBody):
    """Several searches of one collection."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.BATCH_QUERY]})

    searches: Annotated[list[SearchRequest], Field(min_length=1, max_length=MOST_SEARCHES)]


class TextSearchParameters(TextSearchFields, StrictParameters):
    """A search from the browser's address bar."""

    q: QueryTextInUrl
    filter: FilterTextInUrl = None


class ImageSearchForm(TextSearchFields, StrictParameters):
    """A search by an uploaded picture; with a text, both count."""

    image: ImageFile
    text: QueryText | None = None


class CaptionsForm(StrictParameters):
    """A picture to find captions for."""

    image: ImageFile
    k: Count = 10
    filter: FilterText = None
    ef_search: EfSearch = None
    target_recall: TargetRecall = None


class SimilarParameters(SearchFields, StrictParameters):
    """A stored document to find the like of."""

    doc_id: DocId
    filter: FilterTextInUrl = None


class ItemParameters(StrictParameters):
    """A stored document."""

    doc_id: DocId


class FacetsParameters(StrictParameters):
    """Attributes to count, all of them where none is named, over the documents that a filter keeps."""

    facets: FacetNames = []
    filter: FilterTextInUrl = None
    values: FacetValues = 10

    def options(self) -> FacetOptions:
        """The same for the library."""
        return FacetOptions(tuple(self.facets), self.values)


class ThumbnailParameters(StrictParameters):
    """A stored document and the side of the square, in pixels, that its small copy fits into."""

    doc_id: DocId
    side: Side = None
