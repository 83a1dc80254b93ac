"""The fields that requests are made of, with their bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import UploadFile
from pydantic import AfterValidator, Field

from retrieval.certificate import LEAST_TARGET, MOST_TARGET
from retrieval.images.thumbnail import MAX_SIDE
from retrieval.records import MAX_DOC_ID_BYTES
from retrieval.search.options import MOST_DIVERSE, MOST_FACET_VALUES, MOST_LEXICAL_WEIGHT
from retrieval.search.query import MOST_HITS

LONGEST_TEXT = 10_000
LONGEST_IN_URL = 2_000  # 12 bytes a character at worst; servers take addresses of 64 KiB in all
LONGEST_NAME = 1_000
LONGEST_CURSOR = 200_000
LARGEST_EF = 10_000
LARGEST_DIM = 16_384
LARGEST_VALUE = 1e30  # its square and its float32 are finite


def _without_nul(text: str) -> str:
    """PostgreSQL cannot hold a NUL. (Lone surrogates do not pass a bound on the length, which all texts here have.)"""
    if "\0" in text:
        raise ValueError("contains a NUL character: leave it out")
    return text


def _in_utf8(text: str) -> str:
    """In an address, the framework puts U+FFFD where bytes are not UTF-8: half of a surrogate pair, for one."""
    if "\N{REPLACEMENT CHARACTER}" in text:
        raise ValueError("contains what is not UTF-8 (or U+FFFD): encode the address as UTF-8")
    return text


Storable = AfterValidator(_without_nul)
_WORDS = "Words to look for."
_CONDITION = "Only documents whose attributes meet this condition (docs/filters.md)."
_CONDITIONS = ['category = "shirt" and price < 50']

Name = Annotated[str, Field(min_length=1, max_length=200), Storable]
DocId = Annotated[
    str,
    Field(max_length=MAX_DOC_ID_BYTES, description="Id of a stored document.", examples=["shirts/red.jpg"]),
    Storable,
]
QueryText = Annotated[str, Field(max_length=LONGEST_TEXT, description=_WORDS, examples=["a red shirt"]), Storable]
QueryTextInUrl = Annotated[
    str,
    Field(max_length=LONGEST_IN_URL, description=_WORDS, examples=["a red shirt"]),
    Storable,
    AfterValidator(_in_utf8),
]
FilterText = Annotated[
    Annotated[str, Field(max_length=LONGEST_TEXT), Storable] | None,
    Field(description=_CONDITION, examples=_CONDITIONS),
]
FilterTextInUrl = Annotated[
    Annotated[str, Field(max_length=LONGEST_IN_URL), Storable, AfterValidator(_in_utf8)] | None,
    Field(description=_CONDITION, examples=_CONDITIONS),
]
Count = Annotated[
    int, Field(ge=1, le=MOST_HITS, description="How many hits; the server may be set up to give fewer at most.")
]
EfSearch = Annotated[
    Annotated[int, Field(ge=1, le=LARGEST_EF)] | None,
    Field(
        description="Candidates in the graph: higher finds more and takes longer. Default: the collection's own.",
        examples=[128],
    ),
]
TargetRecall = Annotated[
    Annotated[float, Field(ge=LEAST_TARGET, le=MOST_TARGET)] | None,
    Field(
        description="The recall to reach: the cheapest search that was measured to do so is made. Not with ef_search. "
        "Default: the collection's own.",
        examples=[0.99],
    ),
]
Exact = Annotated[bool, Field(description="Compare with every vector instead of using the graph.")]
MinScore = Annotated[
    Annotated[float, Field(ge=-1, le=1)] | None,
    Field(description="Only hits with this cosine or a better one.", examples=[0.25]),
]
Diversity = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description=f"0 for the most similar hits, 1 for the most different ones; with k up to {MOST_DIVERSE:,}.",
    ),
]
AttributeName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), Storable]
GroupBy = Annotated[
    AttributeName | None,
    Field(description="An attribute: only the best hit for each of its values.", examples=["category"]),
]
CursorText = Annotated[
    Annotated[str, Field(min_length=1, max_length=LONGEST_CURSOR)] | None,
    Field(description="The `next_cursor` of an answer, to go on after its hits; all else must be as it was but k."),
]
Explain = Annotated[bool, Field(description="Tell what the plan of the search was chosen from.")]
FieldNames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), Storable]] | None,
    Field(
        description="What is told of each hit beside doc_id, score and rank: `captions`, `attributes`, or single ones "
        "as `attributes.NAME`; [] for nothing. By default both.",
        examples=[["captions", "attributes.price"]],
    ),
]
FacetNames = Annotated[
    list[AttributeName],
    Field(
        description="Attributes to count over all documents that the filter keeps; for each, what the filter says of "
        "it alone is left aside.",
        examples=[["category", "price"]],
    ),
]
FacetValues = Annotated[
    int, Field(ge=1, le=MOST_FACET_VALUES, description="Of each facet, how many of the most frequent values to list.")
]
Mode = Annotated[
    Literal["vector", "lexical", "hybrid"],
    Field(
        description="What ranks: the likeness of vectors, the words of titles and captions (BM25), or both, fused by "
        "reciprocal ranks. lexical takes a text alone, hybrid a text and whatever else."
    ),
]
LexicalWeight = Annotated[
    float,
    Field(ge=0, le=MOST_LEXICAL_WEIGHT, description="How much words count beside vectors in mode hybrid, 1 for alike."),
]
Weight = Annotated[
    float,
    Field(ge=-100, le=100, allow_inf_nan=False, description="How much the term counts; negative to look away from it."),
]
VectorValues = Annotated[
    list[Annotated[float, Field(ge=-LARGEST_VALUE, le=LARGEST_VALUE, allow_inf_nan=False)]],
    Field(
        min_length=1,
        max_length=LARGEST_DIM,
        description="A vector from the collection's own encoder, of its dimension; its length does not matter.",
    ),
]
ImageBase64 = Annotated[
    str,
    Field(
        description="A picture file (JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF) in base64, or a `data:` URL of one.",
        json_schema_extra={"contentEncoding": "base64"},
    ),
]
ImageUrl = Annotated[
    str,
    Field(
        max_length=LONGEST_IN_URL,
        description="Address of a picture on a public host, http or https, where the server is set up to fetch them.",
        examples=["https://shop.example/shirts/red.jpg"],
    ),
]
ImageFile = Annotated[UploadFile, Field(description="A picture file: JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF.")]
Side = Annotated[
    Annotated[int, Field(ge=1, le=MAX_SIDE)] | None,
    Field(
        description="Side in pixels of the square that the copy fits into: one that the server is set up for.",
        examples=[256],
    ),
]
