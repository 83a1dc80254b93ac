"""How to search: exactly, or through the graph with so many candidates, those that do not pass the filter left out.

Costs and recalls are those that were measured on the generation (`retrieval.certificate`). A search that asks for a
recall gets the cheapest plan that surely delivers it; exact search always does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from retrieval.certificate import Certificate, Modality, Recall
from retrieval.explanation import Alternative

EXACT_ALLOWED = 10_000
"""Allowed rows up to which exact search is taken to be the better one, where nothing was measured."""
EXACT_SHARE = 0.05
"""Share of allowed rows up to which a filtered graph search loses recall, where nothing was measured."""
MOST_EF = 4_096
OUTSIDE = 4
"""How many times the candidates a query from the other tower needs, where only its own was measured."""
MARGIN = 2
"""How many times the hits asked for should pass the filter: with fewer, many queries would be asked again, exactly."""
CLEARLY = 1.25
"""How many times faster than exact search, which misses nothing, a graph search must be: costs are estimates."""
LEAST_FILTERED = 0.99
"""What a filtered graph search has to reach whatever the target: exact search of what a filter leaves costs less."""
CERTAIN = Recall(1.0, 1.0, 1.0)

Strategy: TypeAlias = Literal["exact", "hnsw"]


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
    """A plan. `certified` is the recall measured for it, None where nothing was."""

    strategy: Strategy
    ef_search: int
    certified: Recall | None = None


EXACT = Choice("exact", 0, CERTAIN)


def choose(ask: Ask, certificate: Certificate | None) -> Choice:
    """The plan of a search of vectors of which some are in a graph."""
    if ask.ef_search is not None:
        return _fixed(ask, ask.ef_search, certificate)
    if ask.target_recall is None or certificate is None:
        return _fixed(ask, ask.default_ef, certificate)
    if ask.k > 100:
        return _many_hits(ask, certificate)
    target = ask.target_recall if ask.allowed is None else max(ask.target_recall, LEAST_FILTERED)
    choices = [_cheapest(ask, modality, target, certificate) for modality in _modalities(ask, certificate)]
    return max(choices, key=lambda choice: (choice.strategy == "exact", choice.ef_search))


def alternatives(ask: Ask, certificate: Certificate) -> Iterator[Alternative]:
    """The ways to search that were measured for so many hits, with the seconds that each should take."""
    yield Alternative("exact", None, _exact_seconds(ask, certificate), CERTAIN)
    for modality in _modalities(ask, certificate):
        curve = certificate.curve(modality, ask.share)
        for point in curve.points if curve else ():
            if point.ef_search >= ask.k and (recall := point.at(ask.k)) is not None:
                yield Alternative("hnsw", point.ef_search, point.seconds, recall, modality)


def _cheapest(ask: Ask, modality: Modality, target: float, certificate: Certificate) -> Choice:
    if certificate.curve(modality) is None:
        return _fixed(ask, OUTSIDE * ask.default_ef, certificate)
    plans = [(_exact_seconds(ask, certificate), EXACT), *_graph_plans(ask, modality, target, certificate)]
    return min(plans, key=lambda plan: plan[0])[1]


def _exact_seconds(ask: Ask, certificate: Certificate) -> float:
    return (ask.rows if ask.allowed is None else ask.allowed) * certificate.seconds_a_row


def _graph_plans(
    ask: Ask, modality: Modality, target: float, certificate: Certificate
) -> Iterator[tuple[float, Choice]]:
    """Seconds that it must save over, and plan, of the graph search that reaches the target, if one does."""
    curve = certificate.curve(modality, ask.share)
    least = 0 if ask.allowed is None else MARGIN * ask.k
    if curve and (point := curve.cheapest(target, ask.k, found=least)):
        yield CLEARLY * point.seconds, Choice("hnsw", point.ef_search, point.at(ask.k))


def _fixed(ask: Ask, ef_search: int, certificate: Certificate | None) -> Choice:
    """So many candidates, and more with a filter, which discards some of them."""
    if ask.allowed is None:
        wanted = max(ef_search, ask.k)
        return Choice("hnsw", wanted, _known(certificate, ask, wanted))
    least = round(2 * MARGIN * ask.k / max(ask.share, 1e-9))  # twice: the nearer half of the candidates counts
    if ask.allowed <= max(EXACT_ALLOWED, EXACT_SHARE * ask.rows) or least > MOST_EF:
        return EXACT
    return Choice("hnsw", max(min(round(ef_search / ask.share), MOST_EF), least))


def _many_hits(ask: Ask, certificate: Certificate) -> Choice:
    """Beyond a hundred hits nothing was measured: the candidates for a hundred, in proportion."""
    for_100 = choose(replace(ask, k=100), certificate)
    return for_100 if for_100.strategy == "exact" else _fixed(ask, for_100.ef_search * ask.k // 100, None)


def _known(certificate: Certificate | None, ask: Ask, ef_search: int) -> Recall | None:
    """What was measured for so many candidates; the least of it where the origin of the query is not known."""
    if certificate is None:
        return None
    curves = [certificate.curve(modality) for modality in _modalities(ask, certificate)]
    points = [curve.at(ef_search) if curve else None for curve in curves]
    known = [point.at(ask.k) if point else None for point in points]
    return min((one for one in known if one), key=lambda one: one.low, default=None) if all(known) else None


def _modalities(ask: Ask, certificate: Certificate) -> list[Modality]:
    """That of the query, or all that were measured where it is not known."""
    return [ask.modality] if ask.modality else sorted({curve.modality for curve in certificate.curves})
