"""Facets of one state of a collection: counted when first asked for, and kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection

from retrieval.facets import Facet
from retrieval.filters import AttributeSnapshot, Filter, parse_filter
from retrieval.filters.check import check_name
from retrieval.filters.clauses import without
from retrieval.filters.counting import Chosen, count, days_of, holds_days
from retrieval.filters.histogram import DayArray
from retrieval.index.generation import Allowed, GenerationView
from retrieval.index.segment import Segment
from retrieval.lru import LruCache
from retrieval.rowset import RowSet
from retrieval.search.attributes import AttributeCache
from retrieval.search.options import FacetOptions

MOST_FACETS, MOST_FACET_BYTES = 1_024, 2**24
MOST_DAYS, MOST_DAY_BYTES = 256, 2**26


class FacetCache:
    """The facets of one collection. Safe in several threads.

    They are kept by state and filter. The days that strings stand for are kept by segment, as they never change.
    """

    def __init__(self, attributes: AttributeCache) -> None:
        self._attributes = attributes
        self._facets: LruCache[tuple[int, str, str, int], Facet] = LruCache(
            most=MOST_FACETS, most_bytes=MOST_FACET_BYTES
        )
        self._days: LruCache[tuple[int, str], DayArray] = LruCache(most=MOST_DAYS, most_bytes=MOST_DAY_BYTES)

    def count(
        self, connection: Connection, view: GenerationView, expression: str | None, options: FacetOptions
    ) -> tuple[Facet, ...]:
        """Over the live documents that a filter keeps; its clauses about a facet's own attribute are left aside for it.

        Raises:
            FilterError: the filter does not parse, or names what the collection does not have.
            InputError: an attribute that the collection does not have.
        """
        if options.attributes == ():
            return ()
        where = parse_filter(expression) if expression else None
        if where:
            self._attributes.allowed_by(connection, view, where)  # told of its mistakes as a whole
        return tuple(
            self._facet(connection, view, without(where, name) if where else None, name, options.values)
            for name in self._names(connection, view, options)
        )

    def _names(self, connection: Connection, view: GenerationView, options: FacetOptions) -> Sequence[str]:
        """Those that are asked for, or all that live documents have, in alphabetical order."""
        known = sorted({name for columns in self._attributes.columns(connection, view) for name in columns.attributes})
        if options.attributes is None:
            return [name for name in known if self._facet(connection, view, None, name, options.values).documents]
        for name in options.attributes if view.rows("image") else ():
            check_name(name, known)
        return options.attributes

    def _facet(self, connection: Connection, view: GenerationView, where: Filter | None, name: str, most: int) -> Facet:
        key = view.revision, where.text if where else "", name, most
        facet = self._facets.get(key)
        if facet is None:
            everything = view.allow("image", _all_rows)
            chosen = self._attributes.allowed_by(connection, view, where) if where else everything
            columns = self._attributes.columns(connection, view)
            dates = holds_days(self._parts(view, columns, everything, name))
            facet = count(name, self._parts(view, columns, chosen, name), most=most, dates=dates)
            self._facets.put(key, facet)
        return facet

    def _parts(
        self, view: GenerationView, columns: Sequence[AttributeSnapshot], chosen: Allowed, name: str
    ) -> list[Chosen]:
        return [
            Chosen(attribute, rows.mask, self._days_of(segment, name, of))
            for segment, of, rows in zip(view.of_kind("image"), columns, chosen.rows, strict=True)
            if (attribute := of.attributes.get(name))
        ]

    def _days_of(self, segment: Segment, name: str, columns: AttributeSnapshot) -> DayArray:
        key = segment.info.segment_id, name
        days = self._days.get(key)
        if days is None:
            days = days_of(columns.attributes[name])
            self._days.put(key, days)
        return days


def _all_rows(segment: Segment) -> RowSet:
    return RowSet.of_mask(np.ones(segment.info.rows, np.bool_))
