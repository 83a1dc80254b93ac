"""Two runs over the same queries: how much they differ, whether it could be luck, and where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.errors import InputError, SourceError
from retrieval.evaluation import Measure, Qrels, Run, parse_measure, read_qrels, read_run
from retrieval.evaluation.columns import Float64Array, IntArray, number_ids
from retrieval.evaluation.ranks import rank_relevant
from retrieval.evaluation.statistics import bootstrap_intervals, outcomes, randomisation_test
from retrieval.evaluators.run import MEASURES
from retrieval.evaluators.searches import judged_alike
from retrieval.evaluators.task import Shown

INDEX_COMMAND = "retrieval eval index"


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRun:
    """One side: what it returned, the judgements it comes with, and what is known of its queries."""

    name: str
    task: str
    qrels: Qrels
    run: Run
    measures: tuple[str, ...] = MEASURES
    shown: Mapping[str, Shown] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of both runs. `difference` is second minus first, with a 95 % bootstrap interval.

    `p_value` is of a paired, two-sided randomisation test of the means; `wins` counts the queries on which the second
    run is better, `losses` those on which it is worse.
    """

    measure: str
    first: float
    second: float
    difference: float
    low: float
    high: float
    p_value: float
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True, slots=True)
class Change:
    """A query whose score changed: `first` and `second` by the comparison's `changed_by`."""

    query_id: str
    first: float
    second: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Both runs over the `qrels` that they share.

    `changes` are the queries that changed most, the worst losses first, by the measure `changed_by`: the first that
    changed for any. `warnings` are lines for people.
    """

    task: str
    first: ComparedRun
    second: ComparedRun
    qrels: Qrels
    differences: tuple[Difference, ...]
    changed_by: str
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries and finite numbers."""
        return {
            "queries": len(self.qrels.query_ids),
            "differences": {one.measure: asdict(one) for one in self.differences},
            "changed_by": self.changed_by,
            "changes": [asdict(one) for one in self.changes],
            "warnings": list(self.warnings),
        }


def runs_of(path: Path, qrels: Qrels | None, *, quoted: bool = False) -> dict[str, ComparedRun]:
    """The runs of a report folder by task, or the one of a run file, which needs `qrels`.

    Raises `SourceError` for a folder that is no report, and `InputError` for a run file without judgements and for the
    report of an index, in which no documents are judged.
    """
    if not path.is_dir():
        if qrels is None:
            raise InputError(f"{path} is not a report folder; a run file needs --qrels FILE to be judged by")
        return {"results": ComparedRun(str(path), "results", qrels, read_run(path, quoted=quoted))}
    shown, metrics = _read_json(path / "queries.json"), _read_json(path / "metrics.json")
    if config_of(path).get("command") == INDEX_COMMAND:
        raise InputError(
            f"{path}: a report of `{INDEX_COMMAND}`, which has no judged runs: its metrics.json has recall and speed "
            "by ef_search; to compare answers, name reports of captions, labels or run"
        )
    if not shown:
        raise SourceError(f"{path}: not a report folder (it has no queries.json); name one that retrieval eval wrote")
    return {task: _reported(path, path / f"{task}.qrels", shown, metrics, qrels) for task in shown}


def shared_tasks(
    first: Mapping[str, ComparedRun], second: Mapping[str, ComparedRun]
) -> list[tuple[ComparedRun, ComparedRun]]:
    """The runs of both by task; where each side has but one, those two. Raises `InputError` where no task is shared."""
    if len(first) == len(second) == 1:
        return [(next(iter(first.values())), next(iter(second.values())))]
    pairs = [(run, second[task]) for task, run in first.items() if task in second]
    if not pairs:
        raise InputError(f"the first has {', '.join(first)}, the second {', '.join(second)}: no task in common")
    return pairs


def config_of(path: Path) -> dict[str, Any]:
    """The configuration of a report folder; nothing for a run file."""
    return _read_json(path / "config.json") if path.is_dir() else {}


def compare(
    first: ComparedRun,
    second: ComparedRun,
    measures: Sequence[Measure],
    *,
    changes: int = 10,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two runs over the queries that both were judged on. Queries that are judged alike are swapped together.

    Raises `InputError` where they share no query, or one is judged differently: their figures cannot be paired then.
    """
    qrels, left_out = _shared(first, second)
    one, other = (rank_relevant(qrels, side.run) for side in (first, second))
    clusters = judged_alike(qrels)
    groups = number_ids([clusters[query_id] for query_id in qrels.query_ids])[1]
    scores = {each: (each.per_query(one), each.per_query(other)) for each in measures}
    leading = next((each for each, (a, b) in scores.items() if (a != b).any()), measures[0])
    return Comparison(
        task=first.task,
        first=first,
        second=second,
        qrels=qrels,
        differences=tuple(
            _difference(each, *columns, groups=groups, resamples=resamples, seed=seed)
            for each, columns in scores.items()
        ),
        changed_by=str(leading),
        changes=_changes(qrels.query_ids, leading, *scores[leading], most=changes),
        warnings=tuple(_warnings(qrels, left_out, first, second)),
    )


def _warnings(qrels: Qrels, left_out: int, *sides: ComparedRun) -> Iterator[str]:
    if left_out:
        yield f"{left_out:,} queries are judged for one of the runs only: left out"
    for side in sides:
        if silent := len(set(qrels.query_ids).difference(side.run.query_ids)):
            yield f"{silent:,} judged queries have no results in {side.name}: counted as misses"


def _difference(
    measure: Measure, first: Float64Array, second: Float64Array, *, groups: IntArray, resamples: int, seed: int
) -> Difference:
    test = randomisation_test(second, first, resamples=resamples, seed=seed, clusters=groups)
    counts = outcomes(second, first, higher_is_better=measure.higher_is_better)
    low, high = bootstrap_intervals((second - first)[:, None], ["mean"], seed=seed, clusters=groups)[0].tolist()
    return Difference(
        measure=str(measure),
        first=float(first.mean()),
        second=float(second.mean()),
        difference=test.difference,
        low=low,
        high=high,
        p_value=test.p_value,
        wins=counts.wins,
        losses=counts.losses,
        ties=counts.ties,
    )


def _changes(
    query_ids: Sequence[str], measure: Measure, first: Float64Array, second: Float64Array, *, most: int
) -> tuple[Change, ...]:
    """The `most` worst losses, then the `most` best gains, the greatest first."""
    gains = (second - first) * (1 if measure.higher_is_better else -1)
    order = np.argsort(gains, kind="stable")
    losses = [row for row in order[:most].tolist() if gains[row] < 0]
    wins = [row for row in order[::-1][:most].tolist() if gains[row] > 0]
    return tuple(Change(query_ids[row], float(first[row]), float(second[row])) for row in (*losses, *wins))


def _shared(first: ComparedRun, second: ComparedRun) -> tuple[Qrels, int]:
    """Judgements of the queries that both have, and how many queries only one of them has."""
    if first.qrels is second.qrels:
        return first.qrels, 0
    others = set(second.qrels.query_ids)
    both = [query_id for query_id in first.qrels.query_ids if query_id in others]
    if not both:
        raise InputError(f"{first.name} and {second.name} have no judged query in common: they cannot be compared")
    for query_id in both:
        if first.qrels.judgements(query_id) != second.qrels.judgements(query_id):
            raise InputError(
                f"query {query_id!r} is judged differently in {first.name} and {second.name}: give --qrels"
            )
    left_out = len(first.qrels.query_ids) + len(second.qrels.query_ids) - 2 * len(both)
    if len(both) == len(first.qrels.query_ids):
        return first.qrels, left_out
    return Qrels.from_judgements(qrel for query_id in both for qrel in first.qrels.judgements(query_id)), left_out


def _reported(path: Path, file: Path, shown: Any, metrics: Any, qrels: Qrels | None) -> ComparedRun:
    task = shown.get(file.stem, {})
    figures: dict[str, Any] = next((one for name, one in metrics.items() if name.replace(" ", "-") == file.stem), {})
    known = (figures.get("served") or {}).get("measures") or MEASURES
    return ComparedRun(
        name=str(path),
        task=file.stem,
        qrels=qrels or read_qrels(file, quoted=True),
        run=read_run(file.with_suffix(".run"), quoted=True),
        measures=tuple(known),
        shown={query_id: Shown(**fields) for query_id, fields in task.get("queries", {}).items()},
        answers=task.get("answers", {}),
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: cannot be read as JSON ({error})") from error
    return value if isinstance(value, dict) else {}


def measures_of(first: ComparedRun, second: ComparedRun) -> list[Measure]:
    """The measures that both runs were reported with, or the usual ones."""
    shared = [name for name in first.measures if name in second.measures] or list(MEASURES)
    return [parse_measure(name) for name in shared]
