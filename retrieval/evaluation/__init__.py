"""Evaluation of rankings: judgements and runs, measures, intervals and tests."""

from retrieval.evaluation.evaluate import evaluate
from retrieval.evaluation.judgements import Qrel, Qrels, Run, ScoredDoc
from retrieval.evaluation.measures import Measure, parse_measure
from retrieval.evaluation.result import Counts, Estimate, Evaluation
from retrieval.evaluation.trec import read_qrels, read_run, write_qrels, write_run

__all__ = [
    "Counts",
    "Estimate",
    "Evaluation",
    "Measure",
    "Qrel",
    "Qrels",
    "Run",
    "ScoredDoc",
    "evaluate",
    "parse_measure",
    "read_qrels",
    "read_run",
    "write_qrels",
    "write_run",
]
