"""`retrieval eval`: how good a collection is at finding what it should.

`retrieval eval captions` joins the group from the layer above, which knows how to read datasets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retrieval.commands.evaluation_options import (
    Cutoffs,
    Depth,
    Fp32,
    Judgements,
    Measures,
    Out,
    Queries,
    QueryVectors,
    Quoted,
)
from retrieval.commands.options import AsJson, CollectionName, DataDir, EfSearch, Filter, console, open_workspace

if TYPE_CHECKING:
    from retrieval.collection import Collection
    from retrieval.evaluators.compare import Comparison

group = typer.Typer(help="Measure how good a collection is at finding what it should.", no_args_is_help=True)


@group.command("run")
def run_queries(
    queries: Queries,
    qrels: Judgements,
    collection: CollectionName,
    measure: Measures = None,
    vectors: QueryVectors = None,
    depth: Depth = None,
    ef_search: EfSearch = None,
    filter_: Filter = None,
    fp32: Fp32 = False,
    quoted: Quoted = False,
    out: Out = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Search for queries with judgements, through the index and exactly; writes a TREC run and a report."""
    from retrieval.commands.evaluation_tables import finish
    from retrieval.commands.progress import step_progress
    from retrieval.evaluation import read_qrels
    from retrieval.evaluators.complete import complete_run
    from retrieval.evaluators.queries import read_queries, read_vectors
    from retrieval.evaluators.run import parse_measures
    from retrieval.evaluators.subject import Subject

    measures = parse_measures(measure)
    judged = read_qrels(qrels, quoted=quoted)
    asked = read_queries(queries)
    files = {"queries": str(queries), "qrels": str(qrels), "vectors": str(vectors) if vectors else None}
    with step_progress() as on_progress, open_workspace(data_dir) as workspace:
        opened = workspace.open(collection)
        complete = complete_run(
            Subject(workspace, opened, out, on_progress),
            asked,
            judged,
            measures=measures,
            given={**files, "quoted": quoted},
            vectors=read_vectors(vectors, rows=len(asked), dim=opened.info.spec.dim) if vectors else None,
            depth=depth,
            ef_search=ef_search,
            filter=filter_,
            fp32=fp32,
        )
    finish(complete, as_json=as_json)


@group.command("score")
def score_run(
    run: Annotated[Path, typer.Argument(help="A TREC run file, of this engine or any other.")],
    qrels: Judgements,
    measure: Measures = None,
    quoted: Quoted = False,
    as_json: AsJson = False,
) -> None:
    """Score a run file against judgements, whoever made it."""
    from retrieval.commands.evaluation_tables import show_evaluation
    from retrieval.evaluation import evaluate, read_qrels, read_run
    from retrieval.evaluators.run import parse_measures
    from retrieval.evaluators.searches import judged_alike

    measures = parse_measures(measure)
    judged = read_qrels(qrels, quoted=quoted)
    evaluation = evaluate(judged, read_run(run, quoted=quoted), measures, clusters=judged_alike(judged))
    if as_json:
        typer.echo(json.dumps(evaluation.as_json(), indent=2, allow_nan=False))
    else:
        show_evaluation(evaluation)


@group.command("labels")
def labels_of(
    attribute: Annotated[str, typer.Argument(help="Documents that share a value of it are relevant to each other.")],
    collection: CollectionName,
    k: Cutoffs = None,
    template: Annotated[
        list[str] | None,
        typer.Option("--template", help='The text for a class; may be repeated [default: "a {}"].', show_default=False),
    ] = None,
    sample: Annotated[int, typer.Option(help="Most pictures that ask for others of their class; 0 for all.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the sample.")] = 0,
    ef_search: EfSearch = None,
    filter_: Filter = None,
    out: Out = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Precision, recall and mAP by class: pictures that ask for their like, and names of classes."""
    from retrieval.commands.evaluation_tables import finish
    from retrieval.errors import InputError
    from retrieval.evaluators.complete import complete_labels
    from retrieval.evaluators.labels import TEMPLATE
    from retrieval.evaluators.subject import Subject
    from retrieval.evaluators.task import CUTOFFS

    cutoffs = sorted(set(k or CUTOFFS))
    if cutoffs[0] < 1 or sample < 0:
        raise InputError("--k is at least 1, and --sample at least 0")
    with open_workspace(data_dir) as workspace:
        complete = complete_labels(
            Subject(workspace, workspace.open(collection), out),
            attribute,
            cutoffs=cutoffs,
            templates=template or [TEMPLATE],
            sample=sample,
            seed=seed,
            ef_search=ef_search,
            filter=filter_,
        )
    finish(complete, as_json=as_json)


@group.command("compare")
def compare_runs(
    first: Annotated[Path, typer.Argument(help="A: a report folder, or a TREC run file with --qrels.")],
    second: Annotated[Path, typer.Argument(help="B: the same; figures say what B gains over A.")],
    qrels: Annotated[Path | None, typer.Option(help="Judge both by this file.", show_default=False)] = None,
    measure: Measures = None,
    changes: Annotated[int, typer.Option(help="Queries to show of those that lost most, and that gained most.")] = 5,
    quoted: Quoted = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for compare.html, with pictures, and compare.json.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Compare two runs: paired randomisation test, wins and losses, the queries that changed most."""
    from retrieval.commands.evaluation_tables import show_comparison
    from retrieval.evaluation import parse_measure, read_qrels
    from retrieval.evaluators.compare import compare, config_of, measures_of, runs_of, shared_tasks
    from retrieval.evaluators.compare_page import different_settings

    judged = read_qrels(qrels, quoted=quoted) if qrels else None
    pairs = shared_tasks(runs_of(first, judged, quoted=quoted), runs_of(second, judged, quoted=quoted))
    asked = [parse_measure(text) for text in measure or ()]
    compared = [compare(*pair, asked or measures_of(*pair), changes=changes) for pair in pairs]
    configs = config_of(first), config_of(second)
    settings = different_settings(*configs)
    if out:
        _write_comparison(out, compared, settings, configs, data_dir)
    if as_json:
        typer.echo(_as_json(compared))
        return
    for one in compared:
        show_comparison(one)
    for name, one_value, other_value in settings:
        console().print(f"{name}: {one_value} → {other_value}", style="dim", markup=False, soft_wrap=True)
    if out:
        console().print(f"page: {out / 'compare.html'}", markup=False, soft_wrap=True)


@group.command("gate")
def gate(
    file: Annotated[Path, typer.Argument(help="Saved searches (JSONL): what to look for, expected, recall@k.")],
    collection: CollectionName,
    ef_search: EfSearch = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Run saved searches; exit code 1 when one does not find what it must."""
    from retrieval.commands.evaluation_tables import gate_document, gate_line
    from retrieval.evaluators.gate import check_searches, read_saved_searches

    searches = read_saved_searches(file)
    checked = []
    with open_workspace(data_dir) as workspace:
        for one in check_searches(workspace.open(collection), searches, ef_search=ef_search):
            checked.append(one)
            if not as_json:
                typer.echo(gate_line(one))
    passed = sum(one.passed for one in checked)
    if as_json:
        typer.echo(json.dumps([gate_document(one) for one in checked], indent=2, ensure_ascii=False))
    else:
        typer.echo(f"{passed:,} of {len(checked):,} saved searches pass")
    if passed < len(checked):
        raise typer.Exit(1)


@group.command("list")
def list_runs(data_dir: DataDir = None) -> None:
    """List the evaluations that were run, the newest first."""
    from rich.table import Column

    from retrieval.commands.tables import plain_table
    from retrieval.metadata import evaluations

    with open_workspace(data_dir) as workspace, workspace.database.read() as connection:
        found = evaluations.newest(connection)
    columns = [Column(name, overflow="fold") for name in ("run", "when (UTC)", "collection", "what", "report")]
    rows = [
        (str(one.id), f"{one.created_at:%Y-%m-%d %H:%M}", one.collection, one.kind, f"{one.folder}/report.html")
        for one in found
    ]
    console().print(
        plain_table(columns, rows) if found else "no evaluations yet: retrieval eval captions --collection NAME"
    )


def _write_comparison(
    folder: Path,
    compared: Sequence[Comparison],
    settings: Sequence[tuple[str, str, str]],
    configs: tuple[Mapping[str, Any], Mapping[str, Any]],
    data_dir: Path | None,
) -> None:
    """A page with the pictures of the collections that the reports name, where they are at hand."""
    from retrieval.errors import NotFoundError, StorageError
    from retrieval.evaluators.compare_page import comparison_page

    with open_workspace(data_dir) as workspace:

        def opened(config: Mapping[str, Any]) -> Collection | None:
            try:
                return workspace.open(config["collection"]) if "collection" in config else None
            except NotFoundError:
                return None

        html = comparison_page(compared, settings, (opened(configs[0]), opened(configs[1])))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "compare.html").write_text(html, encoding="utf-8")
        (folder / "compare.json").write_text(_as_json(compared), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written ({error.strerror})") from error


def _as_json(compared: Sequence[Comparison]) -> str:
    return json.dumps({one.task: one.as_json() for one in compared}, indent=2, allow_nan=False)
