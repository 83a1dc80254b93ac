"""Measures from text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from retrieval.errors import InputError
from retrieval.evaluation.measures.average_precision import AveragePrecision
from retrieval.evaluation.measures.base import Measure
from retrieval.evaluation.measures.first_rank import MeanRank, MedianRank
from retrieval.evaluation.measures.hit import Hit
from retrieval.evaluation.measures.ndcg import NDCG
from retrieval.evaluation.measures.precision import Precision
from retrieval.evaluation.measures.recall import Recall
from retrieval.evaluation.measures.reciprocal_rank import ReciprocalRank

MEASURES: tuple[type[Measure], ...] = (
    Hit, Recall, Precision, NDCG, AveragePrecision, ReciprocalRank, MedianRank, MeanRank,
)  # fmt: skip

ALIASES: Mapping[str, type[Measure]] = {
    "R": Hit,  # as papers on image-caption retrieval print it
    "P": Precision,
    "MAP": AveragePrecision,
    "MRR": ReciprocalRank,
    "MedR": MedianRank,
    "MeanR": MeanRank,
}

_NAMES = {measure.name.lower(): measure for measure in MEASURES} | {
    alias.lower(): measure for alias, measure in ALIASES.items()
}
_MEASURE = re.compile(r"(?P<name>[A-Za-z_]+)(?:@(?P<cutoff>[0-9]{1,9}))?")


def parse_measure(text: str) -> Measure:
    """The measure that `text` names, such as "nDCG@10"; upper and lower case are alike.

    "R@10" is hit@10, as papers on image-caption retrieval print it, and not recall@10. Raises `InputError`.

    >>> str(parse_measure("ndcg@10")), str(parse_measure("R@5")), str(parse_measure("MRR"))
    ('nDCG@10', 'hit@5', 'RR')
    """
    found = _MEASURE.fullmatch(text.strip())
    measure = _NAMES.get(found["name"].lower()) if found else None
    if found is None or measure is None:
        names = ", ".join(f"{each.name}@k" if each.needs_cutoff else each.name for each in MEASURES)
        raise InputError(f"unknown measure {text[:60]!r}; there are {names} (a cut-off is written @10)")
    return measure(None if found["cutoff"] is None else int(found["cutoff"]))
