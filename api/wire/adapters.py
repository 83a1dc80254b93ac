"""From domain types to wire bodies: plain dicts in the shapes of api/wire/schemas.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from api.errors import error_body
from api.wire import schemas
from retrieval.facets import Facet, Histogram
from retrieval.overview import CollectionStatus
from retrieval.search.fields import Fields
from retrieval.search.options import SearchOptions
from retrieval.types import CaptionHit, CatalogRecord, Hit, Item, PictureSize, SearchResult

Body = dict[str, object]


def search_body(result: SearchResult, fields: Fields) -> Body:
    """Hits with these fields, match, plan, timings, and what else was asked for."""
    plan, match = result.plan, result.match
    return {
        "hits": [_hit(hit, fields) for hit in result.hits],
        "match": None if match is None else {"percentile": match.percentile, "weak": match.weak},
        "plan": {
            "strategy": plan.strategy,
            "ef_search": plan.ef_search,
            "searched": plan.searched,
            "allowed": plan.allowed,
            "generation": plan.generation,
            "certified": asdict(plan.certified) if plan.certified else None,
            "certified_at": plan.certified_at,
            "mode": plan.mode,
            "depth": plan.depth,
        },
        "timings": dict(result.timings),
        "next_cursor": result.next_cursor,
        **({"explain": asdict(result.explanation)} if result.explanation else {}),
        **({"facets": [facet_body(facet) for facet in result.facets]} if result.facets else {}),
    }


def batch_body(answers: Sequence[SearchResult | Exception], options: Sequence[SearchOptions]) -> Body:
    """An answer for each search, or its error."""
    bodies = [
        search_body(one, its.fields) if isinstance(one, SearchResult) else {"error": error_body(one)}
        for one, its in zip(answers, options, strict=True)
    ]
    return {"results": bodies}


def facet_body(facet: Facet) -> Body:
    """One attribute, counted."""
    return {
        "attribute": facet.attribute,
        "type": facet.type,
        "documents": facet.documents,
        "kinds": dict(facet.kinds),
        "values": [{"value": one.value, "count": one.count} for one in facet.values],
        "distinct": facet.distinct,
        "numbers": _histogram(facet.numbers),
        "dates": _histogram(facet.dates),
    }


def captions_body(hits: Sequence[CaptionHit]) -> Body:
    """Captions with their documents, as `retrieval captions --json` prints them."""
    return {
        "captions": [
            {"caption": hit.caption, "doc_id": hit.doc_id, "score": hit.score, "rank": hit.rank} for hit in hits
        ]
    }


def item_body(item: Item) -> Body:
    """A document without its key and without its place on the server's disk."""
    return document_body(item, item.size)


def document_body(document: Item | CatalogRecord, size: PictureSize | None) -> Body:
    """The same of what may not be stored yet, with the size of its picture."""
    return {
        "doc_id": document.doc_id,
        "captions": document.captions,
        "attributes": dict(document.attributes),
        "width": size and size.width,
        "height": size and size.height,
    }


def collection_body(status: CollectionStatus) -> Body:
    """One collection at a glance."""
    fields = {name: getattr(status, name) for name in schemas.Collection.model_fields}
    return {**fields, "certificates": {kind: one.as_json() for kind, one in status.certificates.items()}}


def _hit(hit: Hit, fields: Fields) -> Body:
    body: Body = {"doc_id": hit.doc_id, "score": hit.score, "rank": hit.rank}
    if hit.ranks:
        body["ranks"] = hit.ranks
    if fields.captions:
        body["captions"] = hit.captions
    if fields.attributes:
        body["attributes"] = dict(hit.attributes)
    body["width"], body["height"] = hit.width, hit.height
    return body


def _histogram(histogram: Histogram | None) -> Body | None:
    if histogram is None:
        return None
    return {"min": histogram.min, "max": histogram.max, "bins": [asdict(one) for one in histogram.bins]}
