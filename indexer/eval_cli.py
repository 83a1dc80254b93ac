"""`retrieval eval captions`, and the group of evaluation commands that it belongs to."""

from __future__ import annotations

from typing import Annotated

import typer

from indexer.options import Split
from retrieval.commands.evaluation import group
from retrieval.commands.evaluation_index import measure_index
from retrieval.commands.evaluation_options import Cutoffs, Fp32, Out
from retrieval.commands.options import AsJson, CollectionName, DataDir, EfSearch, Filter, open_workspace


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group.command("index")(measure_index)
    app.add_typer(group, name="eval")


@group.command("captions")
def captions(
    collection: CollectionName,
    dataset: Annotated[
        str | None,
        typer.Argument(help="Anything that can be indexed, with captions; default: the collection's own captions."),
    ] = None,
    k: Cutoffs = None,
    ef_search: EfSearch = None,
    filter_: Filter = None,
    fp32: Fp32 = False,
    split: Split = None,
    out: Out = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Image-caption retrieval both ways, through the index and exactly, with a report to look at."""
    from indexer.sources.open import read_records
    from retrieval.commands.evaluation_tables import finish
    from retrieval.commands.progress import step_progress
    from retrieval.errors import InputError
    from retrieval.evaluators.complete import complete_captions
    from retrieval.evaluators.subject import Subject
    from retrieval.evaluators.task import CUTOFFS

    cutoffs = sorted(set(k or CUTOFFS))
    if not 1 <= cutoffs[0] <= cutoffs[-1] <= 1_000:
        raise InputError("--k must be in 1..1,000")
    with step_progress() as on_progress, open_workspace(data_dir) as workspace:
        complete = complete_captions(
            Subject(workspace, workspace.open(collection), out, on_progress),
            read_records(dataset, split=split) if dataset else None,
            dataset=dataset,
            split=split,
            cutoffs=cutoffs,
            ef_search=ef_search,
            filter=filter_,
            fp32=fp32,
        )
    finish(complete, as_json=as_json)
