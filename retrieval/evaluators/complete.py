"""Complete evaluations, measured, written and recorded: the same from the command line and as jobs of the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.errors import ExternalVectorsError, InputError
from retrieval.evaluation import Measure, Qrels
from retrieval.evaluators.caption_task import captions_of, own_captions
from retrieval.evaluators.captions import evaluate_captions
from retrieval.evaluators.labels import TEMPLATE, image_to_image, label_measures, read_labels, text_to_image
from retrieval.evaluators.queries import SearchQuery
from retrieval.evaluators.record import describe, keep
from retrieval.evaluators.reference import load_reference_encoder, reference_captions, reference_queries
from retrieval.evaluators.report import write_report
from retrieval.evaluators.run import evaluate_queries
from retrieval.evaluators.subject import Subject
from retrieval.evaluators.task import CUTOFFS, TaskReport
from retrieval.types import CatalogRecord, FloatArray

_NOTHING_TO_SEPARATE = "the encoder runs in fp32 as it is: it has no precision to lose, and nothing was embedded again"


@dataclass(frozen=True, slots=True, eq=False)
class Complete:
    """What an evaluation leaves: its tasks, their figures as JSON, the folder of its report, and lines for people."""

    reports: Sequence[TaskReport]
    metrics: Mapping[str, Any]
    folder: Path
    warnings: tuple[str, ...] = ()


def complete_captions(
    subject: Subject,
    records: Iterable[CatalogRecord] | None,
    *,
    dataset: str | None = None,
    split: str | None = None,
    cutoffs: Sequence[int] = CUTOFFS,
    ef_search: int | None = None,
    filter: str | None = None,  # noqa: A002  the word that users write
    fp32: bool = False,
) -> Complete:
    """Image-caption retrieval both ways, with the captions of `records`, or the collection's own for None.

    With `fp32` pictures and captions are embedded again, to tell what the encoder's precision loses. `dataset` and
    `split` say in the record what the captions were. Raises as `captions_of`, `own_captions`, `evaluate_captions` and
    `load_reference_encoder` do.
    """
    collection, tell = subject.collection, subject.on_progress
    encoder = load_reference_encoder(collection, device=subject.workspace.settings.device) if fp32 else None
    tell("reading captions", 0, 3)
    task = own_captions(collection) if records is None else captions_of(collection, records)
    reference = reference_captions(collection, encoder, task.captions, on_progress=tell) if encoder else None
    tell("searching", 1, 3)
    reports = evaluate_captions(
        collection, task, cutoffs=cutoffs, ef_search=ef_search, filter=filter, reference=reference
    )
    options = {"dataset": dataset or "the collection's own captions", "split": split, "k": list(cutoffs)}
    config = describe(collection, "captions", **options, ef_search=ef_search, filter=filter, fp32=fp32)
    tell("writing the report", 2, 3)
    warnings = [f"{task.missing:,} images of the dataset are not in the collection"] * bool(task.missing)
    warnings += [_NOTHING_TO_SEPARATE] * (fp32 and encoder is None)
    return _keep(subject, "captions", config, reports, warnings)


def complete_labels(
    subject: Subject,
    attribute: str,
    *,
    cutoffs: Sequence[int] = CUTOFFS,
    templates: Sequence[str] = (TEMPLATE,),
    sample: int = 1000,
    seed: int = 0,
    ef_search: int | None = None,
    filter: str | None = None,  # noqa: A002
) -> Complete:
    """Class-level retrieval by an attribute; names of classes ask too where the collection has an encoder.

    Raises as `read_labels`, `image_to_image` and `text_to_image` do.
    """
    collection, tell = subject.collection, subject.on_progress
    tell("reading labels", 0, 4)
    labels, measures = read_labels(collection, attribute), label_measures(cutoffs)
    tell("searching by image", 1, 4)
    reports = [
        image_to_image(collection, labels, measures, sample=sample, seed=seed, ef_search=ef_search, filter=filter)
    ]
    warnings = []
    spec = collection.info.spec
    if spec.is_external:
        warnings = [str(ExternalVectorsError(collection.name, spec.model, "names of classes do not ask"))]
    else:
        tell("searching by text", 2, 4)
        reports.append(
            text_to_image(collection, labels, measures, templates=templates, ef_search=ef_search, filter=filter)
        )
    options = {"attribute": attribute, "k": list(cutoffs), "template": list(templates), "sample": sample, "seed": seed}
    config = describe(collection, "labels", **options, ef_search=ef_search, filter=filter)
    tell("writing the report", 3, 4)
    return _keep(subject, "labels", config, reports, warnings)


def complete_run(
    subject: Subject,
    queries: Sequence[SearchQuery],
    qrels: Qrels,
    *,
    measures: Sequence[Measure],
    given: Mapping[str, object],
    vectors: FloatArray | None = None,
    depth: int | None = None,
    ef_search: int | None = None,
    filter: str | None = None,  # noqa: A002
    fp32: bool = False,
) -> Complete:
    """Queries with judgements; `given` says in the record where they came from. With `fp32` as `complete_captions`.

    Raises as `evaluate_queries` and `load_reference_encoder` do, and `InputError` for `fp32` with ready `vectors`.
    """
    collection, tell = subject.collection, subject.on_progress
    if fp32 and vectors is not None:
        raise InputError("fp32 embeds the queries again, and their vectors are given: leave out one of them")
    encoder = load_reference_encoder(collection, device=subject.workspace.settings.device) if fp32 else None
    reference = reference_queries(collection, encoder, queries, on_progress=tell) if encoder else None
    tell("searching", 0, 2)
    report = evaluate_queries(
        collection,
        queries,
        qrels,
        measures,
        vectors=vectors,
        depth=depth,
        ef_search=ef_search,
        filter=filter,
        reference=reference,
    )
    options = {**given, "measures": [str(one) for one in measures], "depth": depth}
    config = describe(collection, "run", **options, ef_search=ef_search, filter=filter, fp32=fp32)
    tell("writing the report", 1, 2)
    warnings = [_NOTHING_TO_SEPARATE] * (fp32 and encoder is None)
    return _keep(subject, "run", config, [report], warnings)


def _keep(
    subject: Subject, kind: str, config: Mapping[str, Any], reports: Sequence[TaskReport], warnings: Sequence[str]
) -> Complete:
    folder, metrics = keep(
        subject, kind, config, lambda folder: write_report(folder, subject.collection, reports, config)
    )
    return Complete(reports, metrics, folder, tuple(warnings))
