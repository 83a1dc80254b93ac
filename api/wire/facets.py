"""What clients get of the values of attributes: the wire shapes of facets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.wire import examples
from api.wire.base import Schema, with_example


class ValueCount(Schema):
    """How many documents have a value; a list counts by its elements."""

    value: str | bool
    count: int


class NumberBin(Schema):
    """How many documents have a number from `low` up to but not including `high`."""

    low: float
    high: float
    count: int


class NumberHistogram(Schema):
    """The extent of an attribute's numbers and their distribution."""

    min: float
    max: float
    bins: list[NumberBin]


class DateBin(Schema):
    """How many documents have a date from the day `low` up to but not including the day `high`."""

    low: str
    high: str
    count: int


class DateHistogram(Schema):
    """The extent of an attribute's dates, as they are written, and their distribution."""

    min: str
    max: str
    bins: list[DateBin]


class Facet(Schema):
    """What a set of documents has for one attribute."""

    attribute: str
    type: Annotated[
        Literal["number", "date", "string", "boolean", "list", "mixed", "none"],
        Field(description="Of its values in the set: `mixed` where there are several, `none` where there are none."),
    ]
    documents: Annotated[int, Field(description="Documents of the set that have a value.")]
    kinds: Annotated[dict[str, int], Field(description="The same by type of value; dates are strings.")]
    values: Annotated[
        list[ValueCount],
        Field(description="Strings that are no dates, truth values, elements of lists: the most frequent first."),
    ]
    distinct: Annotated[int, Field(description="How many different ones there are, listed or not.")]
    numbers: NumberHistogram | None
    dates: Annotated[DateHistogram | None, Field(description="Where all strings of the attribute begin with a day.")]


class FacetsResponse(Schema):
    """Facets, in the order asked for."""

    model_config = with_example({"facets": examples.FACETS})

    facets: list[Facet]


class AttributesResponse(Schema):
    """Every attribute that some document has, in alphabetical order, with five of its most frequent values."""

    model_config = with_example({"attributes": examples.FACETS})

    attributes: list[Facet]
