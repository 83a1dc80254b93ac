"""How to search: exactly, through the graph, or through the graph with the filter checked afterwards.

Costs and recalls are those that were measured on the generation (`retrieval.certificate`). A search that asks for a
recall gets the cheapest plan that surely delivers it; exact search always does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from retrieval.certificate import Certificate, Curve, Modality, Point, Recall

EXACT_ALLOWED = 10_000
"""Allowed rows up to which exact search is taken to be the better one, where nothing was measured."""
EXACT_SHARE = 0.05
"""Share of allowed rows up to which a filtered graph search loses recall, where nothing was measured."""
MOST_EF = 4_096
OUTSIDE = 4
"""How many times the candidates a query from the other tower needs, where only its own was measured."""
MARGIN = 2.0
"""How many times the hits asked for should pass the filter among the candidates of a checked search."""
CERTAIN = Recall(1.0, 1.0, 1.0)

Strategy: TypeAlias = Literal["exact", "hnsw", "hnsw, then filter"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a plan is for: k hits among `rows` vectors, `allowed` of which pass the filter (None: there is none).

    `ef_search` fixes the candidates, else `target_recall` is to be reached, else `default_ef` candidates are taken.
    `modality` is None for a query of unknown or mixed origin.
    """

    k: int
    rows: int
    allowed: int | None
    modality: Modality | None
    ef_search: int | None
    target_recall: float | None
    default_ef: int

    @property
    def share(self) -> float:
        """Of the vectors, how many pass the filter."""
        return 1.0 if self.allowed is None else self.allowed / max(self.rows, 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan. `certified` is the recall measured for it, None where nothing was.

    `least_found` is the number of candidates that must pass the filter for that recall to hold for this very query:
    with fewer, the filter keeps what is far from the query, and the search has to be exact.
    """

    strategy: Strategy
    ef_search: int
    certified: Recall | None = None
    least_found: float = 0.0


EXACT = Choice("exact", 0, CERTAIN)


def choose(ask: Ask, certificate: Certificate | None) -> Choice:
    """The plan of a search of vectors of which some are in a graph."""
    if ask.ef_search is not None:
        return _fixed(ask, ask.ef_search, certificate)
    if ask.target_recall is None or certificate is None:
        return _fixed(ask, ask.default_ef, certificate)
    if ask.k > 100:
        return _many_hits(ask, certificate)
    modalities = [ask.modality] if ask.modality else sorted({curve.modality for curve in certificate.curves})
    choices = [_cheapest(ask, modality, ask.target_recall, certificate) for modality in modalities]
    return max(choices, key=lambda choice: (choice.strategy == "exact", choice.ef_search))


def _cheapest(ask: Ask, modality: Modality, target: float, certificate: Certificate) -> Choice:
    if certificate.curve(modality) is None:
        return _fixed(ask, OUTSIDE * ask.default_ef, certificate)
    exact_seconds = (ask.rows if ask.allowed is None else ask.allowed) * certificate.seconds_a_row
    plans = [(exact_seconds, EXACT), *_graph_plans(ask, modality, target, certificate)]
    return min(plans, key=lambda plan: plan[0])[1]


def _graph_plans(
    ask: Ask, modality: Modality, target: float, certificate: Certificate
) -> Iterator[tuple[float, Choice]]:
    """Seconds and plans of graph searches that reach the target."""
    whole = certificate.curve(modality)
    if ask.allowed is None:
        if whole and (point := whole.cheapest(target, ask.k)):
            yield point.seconds, Choice("hnsw", point.ef_search, point.at(ask.k))
        return
    filtered = certificate.curve(modality, ask.share)
    if filtered and (point := filtered.cheapest(target, ask.k)):
        yield point.seconds, Choice("hnsw", point.ef_search, point.at(ask.k), point.found / 2)
    if whole and (point := _checked(whole, ask, target)):
        yield point.seconds, Choice("hnsw, then filter", point.ef_search, point.at(ask.k), float(ask.k))


def _checked(whole: Curve, ask: Ask, target: float) -> Point | None:
    """The first point with enough candidates that k of them should pass the filter.

    Those that pass are the best that pass if all candidates were found, so the recall is that of the longer list.
    """
    needed = MARGIN * ask.k / max(ask.share, 1e-9)
    for point in whole.points:
        recall = point.at(min(100, point.ef_search))
        if point.ef_search >= needed and recall is not None and recall.low >= target:
            return point
    return None


def _fixed(ask: Ask, ef_search: int, certificate: Certificate | None) -> Choice:
    """So many candidates, and more with a filter, which discards some of them."""
    if ask.allowed is None:
        wanted = max(ef_search, ask.k)
        return Choice("hnsw", wanted, _known(certificate, ask, wanted))
    if ask.allowed <= max(EXACT_ALLOWED, EXACT_SHARE * ask.rows):
        return EXACT
    return Choice("hnsw", max(min(round(ef_search / ask.share), MOST_EF), ask.k))


def _many_hits(ask: Ask, certificate: Certificate) -> Choice:
    """Beyond a hundred hits nothing was measured: the candidates for a hundred, in proportion."""
    for_100 = choose(_with_k(ask, 100), certificate)
    return for_100 if for_100.strategy == "exact" else _fixed(ask, for_100.ef_search * ask.k // 100, None)


def _with_k(ask: Ask, k: int) -> Ask:
    return Ask(k, ask.rows, ask.allowed, ask.modality, ask.ef_search, ask.target_recall, ask.default_ef)


def _known(certificate: Certificate | None, ask: Ask, ef_search: int) -> Recall | None:
    curve = certificate.curve(ask.modality or "text") if certificate else None
    point = curve.at(ef_search) if curve else None
    return point.at(ask.k) if point else None
