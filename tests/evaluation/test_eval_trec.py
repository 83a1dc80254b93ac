import gzip

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import InputError, SourceError, StorageError
from retrieval.evaluation import Qrel, Qrels, Run, ScoredDoc, read_qrels, read_run, write_qrels, write_run

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
words |= st.sampled_from(["a b", "a%20b", "a%2520b", "%"])
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.dictionaries(st.tuples(words, words), st.tuples(floats, st.integers(-(2**63), 2**63 - 1)), min_size=1))
def test_any_ids_and_values_survive_a_round_trip(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("trec")
    run = Run.from_scored(ScoredDoc(query, doc, score) for (query, doc), (score, _) in rows.items())
    qrels = Qrels.from_judgements(Qrel(query, doc, grade) for (query, doc), (_, grade) in rows.items())
    write_run(folder / "run", run, quoted=True)
    write_qrels(folder / "qrels", qrels, quoted=True)
    assert list(read_run(folder / "run", quoted=True)) == list(run)
    assert list(read_qrels(folder / "qrels", quoted=True)) == list(qrels)
    assert sorted(path.name for path in folder.iterdir()) == ["qrels", "run"]


def test_files_load_in_trec_eval(tmp_path):
    write_run(tmp_path / "run", Run.from_scored([ScoredDoc("q", "100%", 0.1), ScoredDoc("q", "é", 0.7)]), tag="clip")
    write_qrels(tmp_path / "qrels", Qrels.from_judgements([Qrel("q", "é", 2), Qrel("q", "x", -1)]))
    assert (tmp_path / "run").read_text("utf-8") == "q Q0 é 1 0.7 clip\nq Q0 100% 2 0.1 clip\n"
    assert (tmp_path / "qrels").read_text("utf-8") == "q 0 x -1\nq 0 é 2\n"
    with (tmp_path / "run").open(encoding="utf-8") as run, (tmp_path / "qrels").open(encoding="utf-8") as qrels:
        assert pytrec_eval.parse_run(run) == {"q": {"100%": 0.1, "é": 0.7}}
        assert pytrec_eval.parse_qrel(qrels) == {"q": {"é": 2, "x": -1}}


def test_reading_is_generous_with_what_trec_eval_ignores(tmp_path):
    lines = "\ufeffq\t0  a\t1 -5e-1 t\r\n\n  q Q0 b 1 1 t  \r\nq Q0 a\u00a0b 9 .5 t"
    (tmp_path / "run").write_bytes(lines.encode())
    (tmp_path / "run.gz").write_bytes(gzip.compress(lines.encode()))
    for name in ("run", "run.gz"):
        assert [(r.doc_id, r.score) for r in read_run(tmp_path / name)] == [("b", 1.0), ("a\u00a0b", 0.5), ("a", -0.5)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "run: empty; a line is written: query_id Q0 doc_id rank score tag"),
        ("\n \n", "run: empty"),
        ("q Q0 a 1 1 t\nq Q0 b 2 1\n", "run, line 2: 5 columns where there should be 6"),
        ("q Q0 my file.png 2 1 t\n", "run, line 1: 7 columns where there should be 6"),
        ("\nq Q0 a 1 nan t\n", "run, line 2: the score nan is not finite"),
        ("q Q0 a 1 1 t\n\nq Q0 b 1 -inf t\n", "run, line 3: the score -inf is not finite"),
        ("q Q0 a 1 1e39 t\n", r"run, line 1: the score 1e\+39 is not finite"),
        ("q Q0 a 1 first t\n", "run, line 1: the score 'first' is not a number"),
        ("q Q0 a 1 1_0 t\n", "run, line 1: the score '1_0' is not a number"),
        (
            "q Q0 a 1 3 t\np Q0 a 1 3 t\n\nq Q0 b 2 2 t\nq Q0 b 3 1 t\nq Q0 a 3 1 t\n",
            "run, line 5: document 'b' a second time for query 'q'; line 4 has it already",
        ),
        (b"q Q0 a 1 1 t\nq Q0 \xff 2 1 t\n", r"run, line 2: the id .* is not UTF-8 text"),
    ],
)
def test_a_broken_run_is_refused_with_its_line(tmp_path, content, message):
    (tmp_path / "run").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceError, match=message):
        read_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("q 0 a 1\nq 0 b one\n", "qrels, line 2: the relevance 'one' is not a whole number"),
        ("q 0 a 1.0\n", "qrels, line 1: the relevance '1.0' is not a whole number"),
        (f"q 0 a {2**63}\n", "qrels, line 1: the relevance '9223372036854775808' is not a whole number"),
        ("query-id\tcorpus-id\tscore\n", "qrels, line 1: 3 columns where there should be 4"),
        ("q 0 a 1\nq 0 a 0\n", "qrels, line 2: document 'a' a second time for query 'q'; line 1 has it already"),
    ],
)
def test_broken_qrels_are_refused_with_their_line(tmp_path, content, message):
    (tmp_path / "qrels").write_text(content)
    with pytest.raises(SourceError, match=message):
        read_qrels(tmp_path / "qrels")


def test_files_that_cannot_be_read_or_written(tmp_path):
    run = Run.from_scored([ScoredDoc("q", "d", 1)])
    with pytest.raises(SourceError, match=r"nowhere: cannot be read \(No such file"):
        read_run(tmp_path / "nowhere")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"q Q0 a 1 1 t\n" * 1000)[:20])
    (tmp_path / "plain.gz").write_bytes(b"q Q0 a 1 1 t\n")
    for name in ("cut.gz", "plain.gz"):
        with pytest.raises(SourceError, match=f"{name}: cannot be read"):
            read_run(tmp_path / name)
    with pytest.raises(StorageError, match=r"run: cannot be written \(No such file"):
        write_run(tmp_path / "nowhere" / "run", run)


@pytest.mark.parametrize(
    ("doc_id", "message"),
    [
        ("my file.png", "the id 'my file.png' has white space in it, .*quoted=True"),
        ("", "an empty id cannot stand in a TREC file"),
        ("\ud800", "not valid Unicode"),
    ],
)
def test_ids_that_a_file_cannot_hold_leave_the_old_file_alone(tmp_path, doc_id, message):
    (tmp_path / "run").write_text("old")
    with pytest.raises(InputError, match=message):
        write_run(tmp_path / "run", Run.from_scored([ScoredDoc("q", doc_id, 1)]))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_tag_is_one_word(tmp_path):
    run = Run.from_neighbours(["q"], ["d"], np.zeros((1, 1), np.int64), [[1.0]])
    for tag in ("", "two words"):
        with pytest.raises(InputError, match="a run's tag is one word"):
            write_run(tmp_path / "run", run, tag=tag)
