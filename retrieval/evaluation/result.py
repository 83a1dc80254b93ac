"""What an evaluation found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from retrieval.evaluation.columns import Float64Array


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure's figure over `n` queries (their mean, or their median for a median rank), with its interval.

    All finite; `low` and `high` bound a bootstrap interval of the evaluation's level.
    """

    value: float
    low: float
    high: float
    n: int

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.value, self.low, self.high))):
            raise ValueError(f"an estimate must be finite, not {self.value} ({self.low} to {self.high})")


@dataclass(frozen=True, slots=True)
class Counts:
    """What went into an evaluation, and what was odd about it.

    `queries` judged queries, every one of which counts in every measure; of them `without_results` have no results in
    the run (they score 0), `without_relevant` have only judgements below 1 (they score 0 too) and `without_hit` have
    no relevant document among their results, for whatever reason. `unjudged` queries of the run have no judgements and
    were skipped. `depth` is the length of the run's longest list.
    """

    queries: int
    without_results: int
    without_relevant: int
    without_hit: int
    unjudged: int
    depth: int


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Figures by measure name, such as "nDCG@10", and the scores of single queries behind them.

    `per_query` maps the same names to float64 (nq,), in the order of `query_ids`. `warnings` are lines for people.
    """

    measures: Mapping[str, Estimate]
    counts: Counts
    warnings: tuple[str, ...]
    query_ids: tuple[str, ...]
    per_query: Mapping[str, Float64Array]

    def as_json(self, *, per_query: bool = False) -> dict[str, object]:
        """Plain dictionaries and finite numbers, fit for `json.dumps(..., allow_nan=False)`.

        With `per_query`, the scores of single queries come along, by query id and measure.
        """
        figures: dict[str, object] = {
            "measures": {name: asdict(estimate) for name, estimate in self.measures.items()},
            "counts": asdict(self.counts),
            "warnings": list(self.warnings),
        }
        if per_query:
            columns = {name: scores.tolist() for name, scores in self.per_query.items()}
            figures["queries"] = {
                query_id: {name: column[row] for name, column in columns.items()}
                for row, query_id in enumerate(self.query_ids)
            }
        return figures
