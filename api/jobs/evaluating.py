"""An evaluation job: what `retrieval eval` does, asked for by a request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.jobs import judged
from api.jobs.reporter import Reporter
from api.jobs.requests import AnyEvaluation, CaptionsEvaluation, IndexEvaluation, LabelsEvaluation, RunEvaluation
from api.jobs.roots import SourceRoots
from indexer.sources.open import read_records
from retrieval.evaluators.complete import Complete, complete_captions, complete_labels, complete_run
from retrieval.evaluators.index_complete import CompleteIndex, complete_index
from retrieval.evaluators.run import parse_measures
from retrieval.evaluators.subject import Subject
from retrieval.metadata import evaluations
from retrieval.workspace import Workspace


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
        subject = Subject(workspace, workspace.open(name), folder, tell)
        warnings = _evaluate(subject, asked, roots).warnings
    return {"evaluation_id": _recorded(workspace, folder), "warnings": list(warnings)}


def _recorded(workspace: Workspace, folder: Path) -> int | None:
    with workspace.database.read() as connection:
        return evaluations.in_folder(connection, str(folder))


def _evaluate(subject: Subject, asked: AnyEvaluation, roots: SourceRoots) -> Complete | CompleteIndex:
    match asked:
        case CaptionsEvaluation():
            return _captions(subject, asked, roots)
        case LabelsEvaluation():
            return _labels(subject, asked)
        case RunEvaluation():
            return _run(subject, asked)
        case IndexEvaluation():
            return _index(subject, asked)


def _captions(subject: Subject, asked: CaptionsEvaluation, roots: SourceRoots) -> Complete:
    return complete_captions(
        subject,
        read_records(roots.resolve(asked.dataset), split=asked.split) if asked.dataset else None,
        dataset=asked.dataset,
        split=asked.split,
        cutoffs=sorted(set(asked.k)),
        ef_search=asked.ef_search,
        filter=asked.filter,
        fp32=asked.fp32,
    )


def _labels(subject: Subject, asked: LabelsEvaluation) -> Complete:
    return complete_labels(
        subject,
        asked.attribute,
        cutoffs=sorted(set(asked.k)),
        templates=asked.templates,
        sample=asked.sample,
        seed=asked.seed,
        ef_search=asked.ef_search,
        filter=asked.filter,
    )


def _run(subject: Subject, asked: RunEvaluation) -> Complete:
    queries, qrels = judged.search_queries(asked.queries), judged.judgements(asked.qrels)
    return complete_run(
        subject,
        queries,
        qrels,
        measures=parse_measures(asked.measures),
        given={"queries": f"{len(queries):,} in the request", "qrels": f"{len(qrels):,} in the request"},
        depth=asked.depth,
        ef_search=asked.ef_search,
        filter=asked.filter,
        fp32=asked.fp32,
    )


def _index(subject: Subject, asked: IndexEvaluation) -> CompleteIndex:
    return complete_index(
        subject,
        k=asked.k,
        values=asked.ef,
        most=asked.queries,
        selectivities=asked.selectivities,
        filters=asked.filters,
        given={},
        seed=asked.seed,
    )
