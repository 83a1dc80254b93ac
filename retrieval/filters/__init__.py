"""Filters over attributes: a small language, what it means, and its evaluation over columns."""

from retrieval.filters.ast import Filter
from retrieval.filters.attribute import ValueKind
from retrieval.filters.oracle import matches
from retrieval.filters.parse import parse_filter
from retrieval.filters.snapshot import AttributeSnapshot, check_together
from retrieval.filters.table import AttributeTable

__all__ = ["AttributeSnapshot", "AttributeTable", "Filter", "ValueKind", "check_together", "matches", "parse_filter"]
