"""An evaluation job: what `retrieval eval` does, asked for by a request."""

from __future__ import annotations

from collections.abc import Iterator
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
        collection = workspace.open(name)
        warnings = _evaluate(workspace, collection, asked, roots, tell, folder).warnings
    return {"evaluation_id": _recorded(workspace, folder), "warnings": list(warnings)}


def _recorded(workspace: Workspace, folder: Path) -> int | None:
    with workspace.database.read() as connection:
        return evaluations.in_folder(connection, str(folder))


def _evaluate(
    workspace: Workspace,
    collection: Collection,
    asked: AnyEvaluation,
    roots: SourceRoots,
    tell: Reporter,
    folder: Path,
) -> Complete | CompleteIndex:
    match asked:
        case CaptionsEvaluation():
            return complete_captions(
                workspace,
                collection,
                _records(asked.dataset, asked.split, roots) if asked.dataset else None,
                dataset=asked.dataset,
                split=asked.split,
                cutoffs=sorted(set(asked.k)),
                ef_search=asked.ef_search,
                filter=asked.filter,
                fp32=asked.fp32,
                folder=folder,
                on_progress=tell,
            )
        case LabelsEvaluation():
            return complete_labels(
                workspace,
                collection,
                asked.attribute,
                cutoffs=sorted(set(asked.k)),
                templates=asked.templates,
                sample=asked.sample,
                seed=asked.seed,
                ef_search=asked.ef_search,
                filter=asked.filter,
                folder=folder,
                on_progress=tell,
            )
        case RunEvaluation():
            queries, qrels = judged.search_queries(asked.queries), judged.judgements(asked.qrels)
            return complete_run(
                workspace,
                collection,
                queries,
                qrels,
                measures=parse_measures(asked.measures),
                given={"queries": f"{len(queries):,} in the request", "qrels": f"{len(qrels):,} in the request"},
                depth=asked.depth,
                ef_search=asked.ef_search,
                filter=asked.filter,
                fp32=asked.fp32,
                folder=folder,
                on_progress=tell,
            )
        case IndexEvaluation():
            return complete_index(
                workspace,
                collection,
                k=asked.k,
                values=asked.ef,
                most=asked.queries,
                selectivities=asked.selectivities,
                filters=asked.filters,
                given={},
                seed=asked.seed,
                folder=folder,
                on_progress=tell,
            )


def _records(dataset: str, split: str | None, roots: SourceRoots) -> Iterator[CatalogRecord]:
    source = open_source(roots.resolve(dataset), split=split)
    source.check()
    return source.records()
