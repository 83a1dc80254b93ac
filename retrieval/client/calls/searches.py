"""Finding images, by anything, and captions by image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import ParamSpec, TypedDict, Unpack, cast

from pydantic import TypeAdapter

from retrieval.client.call import Call, Page, Pages, Value, of_collection, reading, without_none
from retrieval.client.pictures import Picture, as_base64, as_file
from retrieval.client.results import Facet, FailedSearch, SearchResult
from retrieval.types import CaptionHit, FloatArray, Hit, Mode

P = ParamSpec("P")
_RESULT = reading(TypeAdapter(SearchResult))
_RESULTS = reading(TypeAdapter(tuple[SearchResult | FailedSearch, ...]), "results")
_CAPTIONS = reading(TypeAdapter(tuple[CaptionHit, ...]), "captions")
_FACETS = reading(TypeAdapter(tuple[Facet, ...]), "facets")
_ATTRIBUTES = reading(TypeAdapter(tuple[Facet, ...]), "attributes")


class SearchOptions(TypedDict, total=False):
    """How to search (docs/http.md); what is left out is as the server has it."""

    k: int
    filter: str | None
    ef_search: int | None
    target_recall: float | None
    exact: bool
    min_score: float | None
    diversity: float
    group_by: str | None
    fields: Sequence[str] | None
    explain: bool
    facets: Sequence[str]
    facet_values: int
    cursor: str | None


class TextSearchOptions(SearchOptions, total=False):
    """The same where a text may be looked for."""

    mode: Mode
    lexical_weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One part of a mixed query: one of text, image, doc_id and vector, and how much it counts; negative to avoid."""

    text: str | None = None
    image: Picture | None = None
    doc_id: str | None = None
    vector: Iterable[float] | FloatArray | None = None
    weight: float = 1.0

    def as_json(self) -> dict[str, object]:
        """The same in a body."""
        return {**_sought(self.text, self.image, self.doc_id, self.vector), "weight": self.weight}


class Search(TextSearchOptions, total=False):
    """One search of several: what is looked for, as `search` takes it, and how."""

    text: str
    image: Picture
    image_url: str
    doc_id: str
    vector: Iterable[float] | FloatArray
    terms: Sequence[Term]


def search(
    collection: str,
    text: str | None = None,
    *,
    image: Picture | None = None,
    image_url: str | None = None,
    doc_id: str | None = None,
    vector: Iterable[float] | FloatArray | None = None,
    terms: Sequence[Term] = (),
    **options: Unpack[TextSearchOptions],
) -> Call[SearchResult]:
    """The images that fit best: a text, a picture, a stored document, a vector, or several of them, which count alike.

    `terms` mixes any number with weights of their own.
    """
    is_alone = image_url is None and doc_id is None and vector is None and not terms
    if image is not None and is_alone:  # a file may be larger than a body of JSON
        form = cast("dict[str, Value]", {"text": text, **options})
        target = of_collection(collection, "search", "image")
        return Call("POST", target, _RESULT, form=form, files=[("image", as_file(image))])
    body = _body(text, image=image, image_url=image_url, doc_id=doc_id, vector=vector, terms=terms, **options)
    return Call("POST", of_collection(collection, "search"), _RESULT, json=body)


def search_many(collection: str, searches: Sequence[Search]) -> Call[tuple[SearchResult | FailedSearch, ...]]:
    """Several searches in one request, each answered or failing by itself, in their order."""
    body = {"searches": [_body(**one) for one in searches]}
    return Call("POST", of_collection(collection, "search", "batch"), _RESULTS, json=body)


def _in_pages(build: Callable[P, Call[SearchResult]]) -> Callable[P, Pages[Hit]]:
    def pages(*args: P.args, **options: P.kwargs) -> Pages[Hit]:
        """The hits of a search one after the other, past its first `k`: so many are asked for at a time, as needed."""
        return Pages(build(*args, **options).then(lambda result: Page(result.hits, result.next_cursor)))

    pages.__signature__ = signature(build)  # type: ignore[attr-defined]
    return pages


hits = _in_pages(search)


def similar(collection: str, doc_id: str, **options: Unpack[SearchOptions]) -> Call[SearchResult]:
    """The images most like a stored one, which is left out itself."""
    params = cast("dict[str, Value]", {"doc_id": doc_id, **options})
    return Call("GET", of_collection(collection, "similar"), _RESULT, params=params)


def captions(
    collection: str,
    image: Picture,
    *,
    k: int | None = None,
    filter: str | None = None,  # noqa: A002  the word that users write
    ef_search: int | None = None,
    target_recall: float | None = None,
) -> Call[tuple[CaptionHit, ...]]:
    """The captions of the catalogue that describe a picture best, of the documents that a filter keeps."""
    form: dict[str, Value] = {"k": k, "filter": filter, "ef_search": ef_search, "target_recall": target_recall}
    target = of_collection(collection, "captions")
    return Call("POST", target, _CAPTIONS, form=form, files=[("image", as_file(image))])


def facets(
    collection: str,
    attributes: Sequence[str] = (),
    *,
    filter: str | None = None,  # noqa: A002  the word that users write
    values: int | None = None,
) -> Call[tuple[Facet, ...]]:
    """Values of attributes, of all of them where none is named, counted over the documents that a filter keeps."""
    params: dict[str, Value] = {"facets": attributes, "filter": filter, "values": values}
    return Call("GET", of_collection(collection, "facets"), _FACETS, params=params)


def attributes(collection: str) -> Call[tuple[Facet, ...]]:
    """Every attribute that some document has, in alphabetical order, with five of its most frequent values."""
    return Call("GET", of_collection(collection, "attributes"), _ATTRIBUTES)


def _body(
    text: str | None = None,
    *,
    image: Picture | None = None,
    image_url: str | None = None,
    doc_id: str | None = None,
    vector: Iterable[float] | FloatArray | None = None,
    terms: Sequence[Term] = (),
    **options: Unpack[TextSearchOptions],
) -> dict[str, object]:
    mix = {"terms": [term.as_json() for term in terms]} if terms else {}
    return {**_sought(text, image, doc_id, vector), **without_none({"image_url": image_url, **options}), **mix}


def _sought(
    text: str | None, image: Picture | None, doc_id: str | None, vector: Iterable[float] | FloatArray | None
) -> dict[str, object]:
    return without_none(
        {
            "text": text,
            "image": None if image is None else as_base64(image),
            "doc_id": doc_id,
            "vector": None if vector is None else [float(value) for value in vector],
        }
    )
