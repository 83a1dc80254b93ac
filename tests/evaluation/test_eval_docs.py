"""Everything that docs/measures.md says by example is so."""

import re
from pathlib import Path

import pytest

from retrieval.errors import SourceError
from retrieval.evaluation import Qrel, Qrels, Run, ScoredDoc, parse_measure, read_qrels, read_run
from retrieval.evaluation.measures import MEASURES
from retrieval.evaluation.ranks import rank_relevant

PAGE = (Path(__file__).parents[2] / "docs" / "measures.md").read_text(encoding="utf-8")


def section(title):
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def score(text, ranks):
    (value,) = parse_measure(text.replace("@k", "@10")).per_query(ranks)
    return value


def test_every_measure_and_alias_is_listed():
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", section("What there is"), re.MULTILINE)
    listed = [re.findall("`(.+?)`", names) for names, _ in rows]
    assert [names[0].removesuffix("@k") for names in listed] == [measure.name for measure in MEASURES]
    for (names, aliases), measure in zip(rows, MEASURES, strict=True):
        for text in re.findall("`(.+?)`", names + aliases):
            assert type(parse_measure(text.replace("@k", "@10"))) is measure, text


def test_the_two_recalls():
    rows = re.findall(r"^\| its captions stand at ranks (.+?) \| (.+?) \| (.+?) \| (.+?) \|", PAGE, re.MULTILINE)
    assert len(rows) == 3
    qrels = Qrels.from_judgements(Qrel("image", f"caption {number}", 1) for number in range(5))
    for words, *figures in rows:
        low, *high = map(int, re.findall(r"\d+", words))
        places = range(low, high[0] + 1) if "to" in words else [low, *high]
        ids = {place: f"caption {number}" for number, place in enumerate(places)}
        run = Run.from_scored(ScoredDoc("image", ids.get(place, f"other {place}"), -place) for place in range(1, 60))
        ranks = rank_relevant(qrels, run)
        found = [score(measure, ranks) for measure in ("hit@5", "recall@5", "precision@5")]
        assert found == pytest.approx([float(figure) for figure in figures]), words


def test_the_example_by_hand():
    rows = re.findall(r"^\| `(.+?)` \| ([\d.]+) \|", section("An example by hand"), re.MULTILINE)
    assert len(rows) == 11
    qrels = Qrels.from_judgements(Qrel("q", doc, grade) for doc, grade in zip("abcde", (3, 2, 0, 1, -1), strict=True))
    run = Run.from_scored(ScoredDoc("q", doc, -place) for place, doc in enumerate("caxde"))
    for measure, figure in rows:
        assert score(measure, rank_relevant(qrels, run)) == pytest.approx(float(figure), abs=1e-6), measure


def test_the_files_and_their_errors(tmp_path):
    for kind, read in (("qrels", read_qrels), ("run", read_run)):
        (tmp_path / kind).write_text(re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[0])
        assert len(read(tmp_path / kind)) == {"qrels": 3, "run": 2}[kind]
    errors = re.findall(r"^\| `(q1 .+?)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert len(errors) == 3
    for line, message in errors:
        (tmp_path / "run").write_text(line)
        with pytest.raises(SourceError, match=re.escape(message)):
            read_run(tmp_path / "run")


def test_the_python_runs():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    scope = {}
    exec(code, scope)
    assert scope["figure"].value == 0.5
    assert scope["scores"].tolist() == [1, 0]
    assert scope["odd"][0] == re.findall(r"odd = .*?\('(.+?)'", code)[0]
