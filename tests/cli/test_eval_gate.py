"""`retrieval eval gate`: saved searches, and the exit code that CI looks at."""

from __future__ import annotations

import json

import pytest
from helpers import COLOURS, index_pictures, run_cli

from retrieval.errors import SourceError
from retrieval.evaluators.gate import read_saved_searches


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return index_pictures(tmp_path_factory.mktemp("gate"), lambda name: {"bright": sum(COLOURS[name]) > 400})


def gate(folder, *searches, arguments=()):
    (folder / "gate.jsonl").write_text("\n".join(map(json.dumps, searches)))
    return run_cli("eval", "gate", "gate.jsonl", "-c", "things", *arguments, cwd=folder, check=False)


RED = {"text": "red", "expected": ["pictures/red.png"], "hit@1": 1}


def test_searches_that_find_what_they_must_pass(folder):
    done = gate(
        folder,
        RED,
        {"image": "pictures/blue.png", "expected": ["pictures/blue.png"], "RR@5": 1},
        # the dark one is filtered away, so that the bright one comes first
        {"text": "black", "filter": "bright = true", "expected": ["pictures/white.png"], "recall@3": 1},
        {"doc_id": "pictures/red.png", "expected": ["pictures/blue.png"], "recall@5": 1, "name": "others"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "ok    red: hit@1 1.00 (needs 1.00); pictures/red.png at 1"
    assert lines[3].startswith("ok    others: ")
    assert lines[-1] == "4 of 4 saved searches pass"


def test_one_that_falls_short_fails_the_gate_and_says_what_was_found(folder):
    wrong = {"text": "red", "expected": ["pictures/red.png", "pictures/blue.png", "gone.png"], "recall@1": 0.33}
    short = wrong | {"hit@1": 1, "recall@2": 0.66, "filter": "bright = false"}
    done = gate(folder, wrong, {**short, "expected": ["pictures/white.png", "gone.png"], "recall@1": 0.5})
    assert done.returncode == 1
    first, second, total = done.stdout.splitlines()
    assert first.startswith("ok    red: recall@1 0.33 (needs 0.33); pictures/red.png at 1, pictures/blue.png not among")
    assert second.startswith("SHORT red: recall@1 0.00 (needs 0.50), hit@1 0.00 (needs 1.00)")
    assert second.endswith("pictures/white.png not among the first 2, gone.png not in the collection")
    assert total == "1 of 2 saved searches pass"


def test_every_requirement_must_be_met(folder):
    done = gate(folder, RED | {"expected": ["pictures/red.png", "gone.png"], "recall@5": 1})
    assert done.returncode == 1
    assert done.stdout.startswith("SHORT red: hit@1 1.00 (needs 1.00), recall@5 0.50 (needs 1.00)")


def test_a_filter_that_keeps_nothing_is_a_miss_and_a_document_leaves_itself_out(folder):
    nothing = RED | {"filter": "bright = true and bright = false"}
    itself = {"doc_id": "pictures/red.png", "expected": ["pictures/red.png"], "recall@5": 1}
    done = gate(folder, nothing, itself, arguments=["--json"])
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [one["passed"] for one in told] == [False, False]
    assert told[1]["missed"] == ["pictures/red.png"]


def test_a_filter_that_is_wrong_is_told_with_its_line(folder):
    done = gate(folder, RED, RED | {"filter": "bright ="})
    assert done.returncode == 2
    assert "gate.jsonl, line 2: " in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hit@1": 1.5}, "hit@1 requires a number above 0, up to 1, not 1.5"),
        ({"hit@1": True}, "not True"),
        ({"hit@0": 1}, "a cut-off is at least 1"),
        ({"mean_rank@5": 1}, "lower is better"),
        ({"filtre": "x"}, "unknown field 'filtre'"),
        ({"filter": 3}, "filter must be a text"),
        ({"expected": "a.png"}, "expected must be a list"),
        ({"expected": []}, "expected must be a list"),
        ({"expected": ["a", "a"]}, "a document twice"),
        ({"expected": ["a", "b", "c"], "recall@2": 0.7}, "recall@2 is at most 0.667 with 3 expected"),
        ({"text": " "}, "text must be a text that is not empty"),
    ],
)
def test_a_saved_search_is_read_strictly(tmp_path, change, message):
    path = tmp_path / "gate.jsonl"
    path.write_text(json.dumps(RED) + "\n\n" + json.dumps(RED | change))
    with pytest.raises(SourceError, match=f"line 3: .*{message}"):
        read_saved_searches(path)


def test_a_gate_that_asks_nothing_is_refused(tmp_path):
    (tmp_path / "gate.jsonl").write_text(json.dumps({"text": "x", "expected": ["a"]}))
    with pytest.raises(SourceError, match="nothing is required"):
        read_saved_searches(tmp_path / "gate.jsonl")
    (tmp_path / "gate.jsonl").write_text("\n")
    with pytest.raises(SourceError, match="no saved searches"):
        read_saved_searches(tmp_path / "gate.jsonl")
