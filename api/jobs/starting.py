"""From a request to a queued job. What can be seen to be wrong at once is said at once, and not by a failed job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.jobs import judged
from api.jobs.requests import CaptionsEvaluation, EvaluationJobRequest, IndexJobRequest, RunEvaluation
from api.jobs.roots import SourceRoots
from retrieval.encoders.registry import BUNDLED, FAKE, PRESETS
from retrieval.errors import InputError
from retrieval.evaluators.run import parse_measures
from retrieval.metadata import collections, jobs
from retrieval.metadata.jobs import JobInfo, JobKind
from retrieval.metadata.names import check_name
from retrieval.workspace import Workspace


def start_index(workspace: Workspace, roots: SourceRoots, name: str, asked: IndexJobRequest) -> JobInfo:
    """Queue a bulk index job.

    Raises:
        NotFoundError: there is no such collection, and no model to make it with.
        InputError: a source that is not there or not under the roots, a model given by a path, a name that cannot be.
    """
    for path in filter(None, (asked.source, asked.images, asked.images_tar)):
        roots.resolve(path)
    if asked.model is None:
        name = name_of_existing(workspace, name)
    else:
        check_name(name)
        check_model(asked.model)
        with workspace.database.read() as connection:
            name = collections.own_name(connection, name)
    return queue(workspace, "index", name, asked.model_dump(exclude_unset=True), {})


def start_evaluation(workspace: Workspace, roots: SourceRoots, name: str, asked: EvaluationJobRequest) -> JobInfo:
    """Queue an evaluation. Raises as `start_index`, and `InputError` for queries and judgements that are wrong."""
    name = name_of_existing(workspace, name)
    if isinstance(asked, CaptionsEvaluation) and asked.dataset is not None:
        roots.resolve(asked.dataset)
    if isinstance(asked, RunEvaluation):
        judged.search_queries(asked.queries)
        judged.judgements(asked.qrels)
        parse_measures(asked.measures)
    config = asked.model_dump(exclude_unset=True)
    large = ("queries", "qrels") if isinstance(asked, RunEvaluation) else ()
    inputs: dict[str, Any] = {field: config.pop(field) for field in large}
    return queue(workspace, "evaluation", name, config, inputs)


def queue(workspace: Workspace, kind: JobKind, name: str, config: dict[str, Any], inputs: dict[str, Any]) -> JobInfo:
    """Queue a job for a collection, which need not be there yet."""
    with workspace.database.write() as connection:
        return jobs.add(connection, kind=kind, collection=name, config=config, inputs=inputs)


def check_model(model: str) -> None:
    """`InputError` for a model that is given by a path: clients name models, and no files of the server."""
    named = model in (BUNDLED, FAKE) or model in PRESETS
    is_path = model.startswith((".", "/", "~")) or ".." in model or model.endswith(".json") or Path(model).exists()
    if is_path and not named:
        raise InputError(f"the model {model[:100]!r} is a path: name a preset, ARCH/PRETRAINED or hf-hub:OWNER/NAME")


def name_of_existing(workspace: Workspace, name: str) -> str:
    """What the collection itself is called that a name leads to at present; `NotFoundError` where there is none."""
    with workspace.database.read() as connection:
        return collections.get(connection, name).name
