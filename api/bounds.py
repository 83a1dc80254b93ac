"""What this server was set up to refuse, beyond what the library does."""

from __future__ import annotations

from api.settings import ApiSettings
from retrieval.errors import InputError
from retrieval.search.cursor import Cursor
from retrieval.search.options import FacetOptions, SearchOptions
from retrieval.search.paging import check_depth


def check_search(settings: ApiSettings, options: SearchOptions) -> None:
    """`InputError` for a search that asks for more than the server gives, `CursorError` for what is no cursor."""
    check_k(settings, options.k)
    check_facets(settings, options.facets)
    if options.cursor:
        check_depth(Cursor.read(options.cursor), options.k, most=settings.max_depth)


def check_batch(settings: ApiSettings, searches: int) -> None:
    """`InputError` for too many searches in one request."""
    if searches > settings.max_batch:
        raise InputError(f"{searches:,} searches: this server makes at most {settings.max_batch:,} in one request")


def check_k(settings: ApiSettings, k: int) -> None:
    """`InputError` for too many hits."""
    if k > settings.max_k:
        raise InputError(f"k is {k}: this server gives at most {settings.max_k:,} hits")


def check_facets(settings: ApiSettings, options: FacetOptions) -> None:
    """`InputError` for too many attributes to count."""
    if (asked := len(options.attributes or ())) > settings.max_facets:
        raise InputError(f"{asked:,} facets: this server counts at most {settings.max_facets:,} by name at a time")
