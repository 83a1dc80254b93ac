"""What the evaluation of one task gives, whatever the task: figures, served and exact, and what is behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrieval.evaluation import Evaluation, Qrels, Run
from retrieval.evaluation.decompose import Decomposition
from retrieval.types import Plan

CUTOFFS = (1, 5, 10)
"""Where nobody says otherwise: those of papers on image-caption retrieval."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A query for people: its words, the stored document whose picture it is, or both."""

    text: str = ""
    doc_id: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TaskReport:
    """One way of searching: `served` is through the collection's index, `exact` compares with every vector.

    `served` and its `plan` are None where there is no index to ask (captions that the collection does not hold); `run`
    has the served results, or the exact ones then. `blame` is by cut-off. `shown` says what the queries are, `answers`
    what results are that are no documents, captions by their id. `warnings` are lines for people, beside those of the
    evaluations.
    """

    name: str
    qrels: Qrels
    run: Run
    exact_run: Run
    served: Evaluation | None
    exact: Evaluation
    plan: Plan | None
    blame: Mapping[int, Decomposition]
    shown: Mapping[str, Shown]
    answers: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """The task's name as files have it: `text-to-image`."""
        return self.name.replace(" ", "-")

    @property
    def how_served(self) -> str:
        """How the served search went: `served (ef_search 64)`, `served (exact)`, or `no index`."""
        if self.plan is None:
            return "no index"
        return "served (exact)" if self.plan.ef_search is None else f"served (ef_search {self.plan.ef_search})"

    @property
    def certified(self) -> str | None:
        """What was measured of such searches with queries that are held out; None where nothing was."""
        if self.plan is None or self.plan.certified is None:
            return None
        recall = f"recall@{self.plan.certified_at} {self.plan.certified}"
        return f"certified, with queries that the index was not tuned with: {recall}"

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """What was odd, each line once."""
        return tuple(dict.fromkeys((*self.warnings, *(self.served or self.exact).warnings)))


def digits(measure: str) -> int:
    """How many decimals people get to see: ranks have one, shares three."""
    return 1 if measure.partition("@")[0].endswith("_rank") else 3


def label(measure: str) -> str:
    """A measure's name, with the one that image-caption papers print where that is another."""
    return f"{measure} (R@{measure[4:]})" if measure.startswith("hit@") else measure
