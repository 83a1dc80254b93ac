"""An evaluation job: what `retrieval eval` does, asked for by a request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.jobs import judged
from api.jobs.reporter import Reporter
from api.jobs.requests import AnyEvaluation, CaptionsEvaluation, IndexEvaluation, LabelsEvaluation, RunEvaluation
from api.jobs.roots import SourceRoots
from indexer.sources.open import open_source
from retrieval.collection import Collection
from retrieval.evaluators.complete import Complete, complete_captions, complete_labels, complete_run
from retrieval.evaluators.index_complete import CompleteIndex, complete_index
from retrieval.evaluators.run import parse_measures
from retrieval.metadata import evaluations
from retrieval.types import CatalogRecord
from retrieval.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class _Evaluation:
    """What every kind of evaluation needs beside what is asked."""

    workspace: Workspace
    collection: Collection
    roots: SourceRoots
    folder: Path
    tell: Reporter


def run_evaluation(
    workspace: Workspace,
    name: str,
    asked: AnyEvaluation,
    roots: SourceRoots,
    tell: Reporter,
    *,
    folder: Path,
) -> dict[str, Any]:
    """Evaluate, write the report to `folder`, and return the number of the evaluation, with warnings for people.

    Where an attempt before this one died between recording the evaluation and saying so, it is not made again.
    """
    warnings: tuple[str, ...] = ()
    if _recorded(workspace, folder) is None:
        tell("opening the collection", 0)
        job = _Evaluation(workspace, workspace.open(name), roots, folder, tell)
        warnings = _evaluate(job, asked).warnings
    return {"evaluation_id": _recorded(workspace, folder), "warnings": list(warnings)}


def _recorded(workspace: Workspace, folder: Path) -> int | None:
    with workspace.database.read() as connection:
        return evaluations.in_folder(connection, str(folder))


def _evaluate(job: _Evaluation, asked: AnyEvaluation) -> Complete | CompleteIndex:
    match asked:
        case CaptionsEvaluation():
            return _captions(job, asked)
        case LabelsEvaluation():
            return _labels(job, asked)
        case RunEvaluation():
            return _run(job, asked)
        case IndexEvaluation():
            return _index(job, asked)


def _captions(job: _Evaluation, asked: CaptionsEvaluation) -> Complete:
    return complete_captions(
        job.workspace,
        job.collection,
        _records(asked.dataset, asked.split, job.roots) if asked.dataset else None,
        dataset=asked.dataset,
        split=asked.split,
        cutoffs=sorted(set(asked.k)),
        ef_search=asked.ef_search,
        filter=asked.filter,
        fp32=asked.fp32,
        folder=job.folder,
        on_progress=job.tell,
    )


def _labels(job: _Evaluation, asked: LabelsEvaluation) -> Complete:
    return complete_labels(
        job.workspace,
        job.collection,
        asked.attribute,
        cutoffs=sorted(set(asked.k)),
        templates=asked.templates,
        sample=asked.sample,
        seed=asked.seed,
        ef_search=asked.ef_search,
        filter=asked.filter,
        folder=job.folder,
        on_progress=job.tell,
    )


def _run(job: _Evaluation, asked: RunEvaluation) -> Complete:
    queries, qrels = judged.search_queries(asked.queries), judged.judgements(asked.qrels)
    return complete_run(
        job.workspace,
        job.collection,
        queries,
        qrels,
        measures=parse_measures(asked.measures),
        given={"queries": f"{len(queries):,} in the request", "qrels": f"{len(qrels):,} in the request"},
        depth=asked.depth,
        ef_search=asked.ef_search,
        filter=asked.filter,
        fp32=asked.fp32,
        folder=job.folder,
        on_progress=job.tell,
    )


def _index(job: _Evaluation, asked: IndexEvaluation) -> CompleteIndex:
    return complete_index(
        job.workspace,
        job.collection,
        k=asked.k,
        values=asked.ef,
        most=asked.queries,
        selectivities=asked.selectivities,
        filters=asked.filters,
        given={},
        seed=asked.seed,
        folder=job.folder,
        on_progress=job.tell,
    )


def _records(dataset: str, split: str | None, roots: SourceRoots) -> Iterator[CatalogRecord]:
    source = open_source(roots.resolve(dataset), split=split)
    source.check()
    return source.records()
