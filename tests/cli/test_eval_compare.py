"""`retrieval eval compare`: differences worked out by hand, and two reports of one collection."""

from __future__ import annotations

import json

import pytest
from helpers import index_pictures, run_cli

from retrieval.errors import InputError, SourceError
from retrieval.evaluation import Qrel, Qrels, Run, ScoredDoc, parse_measure
from retrieval.evaluators.compare import Change, ComparedRun, compare, runs_of, shared_tasks

HIT = parse_measure("hit@1")


def side(name, qrels, **tops):
    """A run with one result a query."""
    run = Run.from_scored(ScoredDoc(query_id, doc_id, 1.0) for query_id, doc_id in tops.items())
    return ComparedRun(name, "results", qrels, run)


def qrels(**answers):
    return Qrels.from_judgements(Qrel(query_id, doc_id, 1) for query_id, doc_id in answers.items())


def test_wins_losses_and_the_p_value_are_those_worked_out_by_hand():
    judged = qrels(a="1", b="2", c="3", d="4", e="5")
    first = side("A", judged, a="1", b="x", c="x", d="x", e="5")
    second = side("B", judged, a="x", b="2", c="3", d="4", e="5")
    found = compare(first, second, [HIT])
    (one,) = found.differences
    assert (one.first, one.second, one.difference) == pytest.approx((0.4, 0.8, 0.4))
    assert (one.wins, one.losses, one.ties) == (3, 1, 1)
    # four queries differ; of their 16 signs, sums of 2 or more in size: +-4 once each, +-2 four times each
    assert one.p_value == 10 / 16
    assert one.low <= one.difference <= one.high
    assert found.changes == (
        Change("a", 1, 0),
        Change("d", 0, 1),
        Change("c", 0, 1),
        Change("b", 0, 1),
    )


def test_queries_with_the_same_answer_are_swapped_together():
    judged = qrels(a="1", b="1", c="1", d="1")
    first, second = (side(name, judged, **dict.fromkeys("abcd", top)) for name, top in (("A", "x"), ("B", "1")))
    assert compare(first, second, [HIT]).differences[0].p_value == 1.0, "one group has two signs, both as large"
    alone = qrels(a="1", b="2", c="3", d="4")
    first, second = side("A", alone, a="x"), side("B", alone, a="1", b="2", c="3", d="4")
    assert compare(first, second, [HIT]).differences[0].p_value == 2 / 16


def test_a_lower_rank_is_a_win():
    judged = qrels(a="1")
    runs = [Run.from_scored([ScoredDoc("a", "1", top), ScoredDoc("a", "2", 0.5)]) for top in (0.1, 0.9)]
    first, second = (ComparedRun(name, "results", judged, run) for name, run in zip("AB", runs, strict=True))
    (one,) = compare(first, second, [parse_measure("mean_rank@5")]).differences
    assert (one.difference, one.wins, one.losses) == (-1, 1, 0)


def test_changes_are_by_the_first_measure_that_changed():
    judged = qrels(a="1")
    runs = [
        Run.from_scored([ScoredDoc("a", "2", 0.9), ScoredDoc("a", "1", 0.5)]),
        Run.from_scored([ScoredDoc("a", "2", 1)]),
    ]
    first, second = (ComparedRun(name, "results", judged, run) for name, run in zip("AB", runs, strict=True))
    found = compare(first, second, [HIT, parse_measure("RR")])
    assert (found.changed_by, found.changes) == ("RR", (Change("a", 0.5, 0),))


def test_only_queries_that_both_were_judged_on_are_paired():
    first = side("A", qrels(a="1", b="2"), a="1", b="2")
    found = compare(first, side("B", qrels(b="2", c="3"), c="3"), [HIT])
    assert found.qrels.query_ids == ("b",)
    assert found.warnings == (
        "2 queries are judged for one of the runs only: left out",
        "1 judged queries have no results in B: counted as misses",
    )
    with pytest.raises(InputError, match="no judged query in common"):
        compare(first, side("B", qrels(c="3"), c="3"), [HIT])
    with pytest.raises(InputError, match="'a' is judged differently in A and B"):
        compare(first, side("B", qrels(a="7"), a="7"), [HIT])


def test_what_is_no_report_is_refused(tmp_path):
    with pytest.raises(SourceError, match="not a report folder"):
        runs_of(tmp_path, None)
    with pytest.raises(InputError, match="needs --qrels"):
        runs_of(tmp_path / "a.run", None)
    (tmp_path / "config.json").write_text(json.dumps({"command": "retrieval eval index"}))
    with pytest.raises(InputError, match="report of `retrieval eval index`, which has no judged runs"):
        runs_of(tmp_path, None)
    one = side("A", qrels(a="1"), a="1")
    with pytest.raises(InputError, match="no task in common"):
        shared_tasks({"x": one, "y": one}, {"z": one})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = index_pictures(
        tmp_path_factory.mktemp("compare"), lambda name: {"captions": [f"a {name} thing", f"all {name}"]}
    )
    swapped = (folder / "catalogue.jsonl").read_text().replace('"a red thing"', '"a blue <thing>"')
    (folder / "swapped.jsonl").write_text(swapped)
    run_cli("eval", "captions", "-c", "things", "--out", "a", cwd=folder)
    run_cli("eval", "captions", "swapped.jsonl", "-c", "things", "--k", "1", "--out", "b", cwd=folder)
    return folder


def test_two_reports_are_compared_task_by_task_with_pictures(folder):
    done = run_cli("eval", "compare", "a", "b", "-m", "hit@1", "--out", "compared", cwd=folder)
    assert "text to image, 12 queries" in done.stdout
    assert "image to text, 6 queries" in done.stdout
    assert "pictures/red.png#0" in done.stdout
    assert "dataset: the collection's own captions → swapped.jsonl" in done.stdout
    told = json.loads((folder / "compared" / "compare.json").read_text())
    assert told["text-to-image"]["differences"]["hit@1"]["losses"] == 1
    assert told["text-to-image"]["changes"][0] == {"query_id": "pictures/red.png#0", "first": 1.0, "second": 0.0}
    page = (folder / "compared" / "compare.html").read_text()
    assert page.count("data:image/webp") >= 12
    assert "a red thing" in page


def test_run_files_are_compared_by_the_judgements_given(folder):
    (folder / "one.run").write_text("q Q0 a 1 2 x\nq Q0 b 2 1 x\n")
    (folder / "two.run").write_text("q Q0 b 1 2 x\nq Q0 a 2 1 x\n")
    (folder / "judged").write_text("q 0 b 1\n")
    arguments = ("eval", "compare", "one.run", "two.run", "--qrels", "judged", "-m", "RR", "--json")
    told = json.loads(run_cli(*arguments, cwd=folder).stdout)
    assert told["results"]["differences"]["RR"]["difference"] == 0.5
    done = run_cli("eval", "compare", "one.run", "two.run", cwd=folder, check=False)
    assert (done.returncode, "needs --qrels" in done.stderr) == (2, True)
