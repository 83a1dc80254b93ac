"""Measures of a ranking's quality, each a value that parses from text, prints back and scores all queries at once."""

from retrieval.evaluation.measures.average_precision import AveragePrecision
from retrieval.evaluation.measures.base import Measure, Summary
from retrieval.evaluation.measures.first_rank import MeanRank, MedianRank
from retrieval.evaluation.measures.hit import Hit
from retrieval.evaluation.measures.ndcg import NDCG
from retrieval.evaluation.measures.parse import MEASURES, parse_measure
from retrieval.evaluation.measures.precision import Precision
from retrieval.evaluation.measures.recall import Recall
from retrieval.evaluation.measures.reciprocal_rank import ReciprocalRank

__all__ = [
    "MEASURES",
    "NDCG",
    "AveragePrecision",
    "Hit",
    "MeanRank",
    "Measure",
    "MedianRank",
    "Precision",
    "Recall",
    "ReciprocalRank",
    "Summary",
    "parse_measure",
]
