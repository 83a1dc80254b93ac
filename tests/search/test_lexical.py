"""Search by words and by both: against oracles, on SQLite and on PostgreSQL, through replacements, deletions, kills."""

from __future__ import annotations

import math
import re
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from helpers import unit_vectors
from sqlalchemy import insert

from retrieval.metadata import ledger, tables, versions
from retrieval.metadata.database import Database
from retrieval.metadata.lexical.index import text_index
from retrieval.metadata.lexical.query import parse_query
from retrieval.metadata.lexical.words import document_words
from retrieval.metadata.schema import migrations_folder
from retrieval.search.options import SearchOptions
from retrieval.search.ranking import Sought
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 4
NOUNS = ["dog", "cat", "hat", "boat", "tree", "beach", "lamp", "moon", *"bcdefghjklmnpqrvwxyz"]  # their own stems
CHANCES = [0.1] * 6 + [0.05, 0.05] + [0.3 / 20] * 20
SEED = np.random.default_rng(3)
CAPTIONS = [
    [" ".join(SEED.choice(NOUNS, n, p=CHANCES)) for n in SEED.integers(1, 7, SEED.integers(0, 4))] for _ in range(120)
]
ATTRIBUTES = [{"title": "moon" if row % 5 < 4 else row, "even": row % 2 == 0} for row in range(len(CAPTIONS))]
VECTORS = unit_vectors(len(CAPTIONS), DIM, seed=1)


@pytest.fixture
def workspace(tmp_path, database_url):
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url)
    with closing(Database(database_url)) as database:
        database.upgrade()
    with Workspace(settings) as workspace:
        yield workspace


@pytest.fixture
def collection(workspace):
    return workspace.create("c", external_spec("test", DIM), ModelReference("external"))


def add(collection, captions: dict[str, list[str]], **given):
    vectors = unit_vectors(len(captions), DIM)
    collection.add_vectors(list(captions), vectors, captions=list(captions.values()), **given)


def found(collection, query: str, **options) -> list[str]:
    return [hit.doc_id for hit in collection.search(query, mode="lexical", **{"k": 1000, **options}).hits]


def bm25(documents: dict[str, list[str]], words: list[str]) -> dict[str, float]:
    """Scores above 0 of documents, by the formula of FTS5."""
    mean = sum(map(len, documents.values())) / len(documents)
    scores = dict.fromkeys(documents, 0.0)
    for word in dict.fromkeys(words):
        holders = sum(word in document for document in documents.values())
        idf = max(math.log((len(documents) - holders + 0.5) / (holders + 0.5)), 1e-6)
        for name, document in documents.items():
            tf = Counter(document)[word]
            scores[name] += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(document) / mean))
    return {name: score for name, score in scores.items() if score}


def test_documents_and_scores_are_those_of_an_oracle(collection):
    doc_ids = [str(row) for row in range(len(CAPTIONS))]
    collection.add_vectors(doc_ids, VECTORS, captions=CAPTIONS, attributes=ATTRIBUTES)
    said = {name: document_words(CAPTIONS[int(name)], ATTRIBUTES[int(name)]) for name in doc_ids}
    said = {name: words for name, words in said.items() if words}

    def holds(name: str, phrase: str) -> bool:
        return f" {phrase} " in f" {' '.join(said[name])} "

    for query, phrases, excluded in (
        ("moon", [], []),
        ("Dog the BOAT", [], []),
        ('lamp "dog cat" -tree', ["dog cat"], ["tree"]),
        ('"moon" hat -"boat dog"', ["moon"], ["boat dog"]),
        ("zebra cat", [], []),
        ("zebra", [], []),
    ):
        scores = bm25(said, [word for word in re.findall(r"\w+", query.split("-")[0].lower()) if word != "the"])
        kept = {
            name: score
            for name, score in scores.items()
            if all(holds(name, phrase) for phrase in phrases) and not any(holds(name, phrase) for phrase in excluded)
        }
        result = collection.search(query, mode="lexical", k=1000)
        assert {hit.doc_id for hit in result.hits} == kept.keys()
        if not phrases:  # FTS5 counts a phrase as a word more
            order = sorted(kept, key=lambda name: (-round(kept[name], 13), int(name)))
            assert [hit.doc_id for hit in result.hits] == order
            assert [hit.score for hit in result.hits] == pytest.approx([kept[name] for name in order], rel=1e-5)
        assert found(collection, query, k=3) == [hit.doc_id for hit in result.hits[:3]]
        even = [hit.doc_id for hit in result.hits if int(hit.doc_id) % 2 == 0]
        assert found(collection, query, filter="even = true") == even
        assert found(collection, query, filter="even = true", k=2) == even[:2]
    assert (result.plan.mode, result.plan.strategy, result.plan.searched) == ("lexical", "words", len(CAPTIONS))


def test_words_are_stemmed_and_phrases_do_not_run_across_captions(collection):
    add(collection, {"a": ["two dogs running", "a red boat"], "b": ["A dog runs"], "c": ["Café société"], "d": []})
    assert found(collection, "dog run") == ["b", "a"]
    assert found(collection, "CAFE") == found(collection, '"cafe societe"') == ["c"]
    assert sorted(found(collection, '"dogs run"')) == ["a", "b"]
    assert found(collection, '"running red"') == found(collection, '"dog boat"') == []


def test_hybrid_is_the_fusion_of_both_rankings(collection):
    doc_ids = [str(row) for row in range(len(CAPTIONS))]
    collection.add_vectors(doc_ids, VECTORS, captions=CAPTIONS, attributes=ATTRIBUTES)
    query = parse_query("moon dog")
    vector = VECTORS[3]

    for condition in (None, "even = true"):
        by_vector = collection.search(vector=vector, k=100, filter=condition).hits
        by_words = collection.search("moon dog", mode="lexical", k=100, filter=condition).hits
        ranks = {hit.doc_id: {"vector": hit.rank} for hit in by_vector}
        for hit in by_words:
            ranks.setdefault(hit.doc_id, {})["lexical"] = hit.rank
        options = SearchOptions(k=7, mode="hybrid", lexical_weight=2.0, filter=condition)
        result = collection.engine.search(Sought(vector[None], words=query), options)
        scores = {name: sum((1 + (by == "lexical")) / (60 + r) for by, r in of.items()) for name, of in ranks.items()}
        best = sorted(scores, key=lambda name: (-scores[name], int(name)))[:7]
        assert [hit.doc_id for hit in result.hits] == best
        assert [hit.ranks for hit in result.hits] == [ranks[name] for name in best]
        assert [hit.score for hit in result.hits] == pytest.approx([scores[name] for name in best])
        assert (result.plan.mode, result.plan.depth, result.match) == ("hybrid", 100, None)
    grouped = SearchOptions(k=3, mode="hybrid", group_by="title")
    titles = [
        hit.attributes["title"] for hit in collection.engine.search(Sought(vector[None], words=query), grouped).hits
    ]
    assert len(set(titles)) == 3


def test_what_was_replaced_or_deleted_is_not_found_and_weighs_nothing(workspace, collection):
    add(collection, {"a": ["old words"], "b": ["old hat"], "c": ["lamp"]})
    add(collection, {"a": ["new words"]}, attributes=[{"title": "fresh"}])
    collection.delete(["b"])
    assert found(collection, "old") == found(collection, "hat") == []
    assert found(collection, "fresh") == found(collection, "words") == ["a"]
    other = workspace.create("other", external_spec("test", DIM), ModelReference("external"))
    add(other, {"a": ["new words fresh"], "c": ["lamp"], "z": ["words"]})
    untouched = workspace.create("untouched", external_spec("test", DIM), ModelReference("external"))
    untouched.add_vectors(
        ["c", "a"], unit_vectors(2, DIM), captions=[["lamp"], ["new words"]], attributes=[{}, {"title": "fresh"}]
    )

    def scores(one) -> dict[str, float]:
        return {hit.doc_id: hit.score for hit in one.search("words lamp", mode="lexical").hits}

    before = scores(collection)
    assert before == pytest.approx(scores(untouched))
    collection.compact()
    assert scores(collection) == before
    workspace.delete("c")
    assert found(other, "words") == ["z", "a"]
    assert found(untouched, "lamp") == ["c"]


def test_a_write_that_fails_leaves_the_index_as_it_was(collection, monkeypatch):
    add(collection, {"a": ["old"], "b": ["lamp"]})

    def fail(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "put", fail)
        with pytest.raises(KeyboardInterrupt):
            add(collection, {"a": ["new"], "c": ["lamp"]})
    assert found(collection, "old") == ["a"]
    assert found(collection, "new") == []
    assert found(collection, "lamp") == ["b"]


def test_no_text_breaks_the_database(collection):
    add(collection, {"a": ["red AND ª blue"], "b": ["NEAR 日本"]})
    pieces = [*"ab-\"'*():^+{}&|!<>\\\0 \n", "AND", "NOT", "NEAR", "🚀", "é", "日", "\u0301", "ª", "red", "x" * 3000]
    random = np.random.default_rng(5)
    with collection.database.read() as connection:
        index = text_index(connection, collection.info.id)
        for _ in range(300):
            query = parse_query("".join(random.choice(pieces, random.integers(1, 12))))
            if query.words:
                list(index.ranked(query))
        everything = parse_query(" ".join(f'w{number} "a{number} b" -c{number}' for number in range(2000)))
        assert list(index.ranked(everything)) == []
        assert list(index.ranked(parse_query('"' + "a b " * 2500 + '" -"' + "c d " * 2500 + '"'))) == []
        assert [keys.tolist() for keys, _ in index.ranked(parse_query("near"))] == [[3]]


def test_a_search_sees_one_state(collection):
    add(collection, {"a": ["old"]})
    with collection.database.read() as connection:
        view = collection.views.at(connection)
        add(collection, {"a": ["new"]})
        index = text_index(connection, collection.info.id)
        keys = [key for part, _ in index.ranked(parse_query("old new")) for key in part.tolist()]
        assert keys == view.keys("image").tolist()
    assert found(collection, "old") == []
    assert found(collection, "new") == ["a"]


def test_what_the_earlier_release_wrote_is_indexed_when_it_is_opened(database_url, tmp_path, monkeypatch):
    """Live documents, more than one batch of them, in two collections; dead ones are not."""
    with closing(Database(database_url)) as database:
        with database.write() as connection:
            migrate(connection, "0006")
            insert_earlier(connection, rows=10_020)
        database.upgrade()
    with Workspace(Settings(data_dir=tmp_path, database_url=database_url)) as workspace:
        for name in ("one", "two"):
            info = workspace.open(name).info
            with workspace.database.read() as connection:
                index = text_index(connection, info.id)

                def keys(query, index=index) -> list[int]:
                    return sorted(key for part, _ in index.ranked(parse_query(query)) for key in part.tolist())

                assert keys("first") == [1]
                assert keys("number") == [key for key in range(1, 10_021) if key != 7]
                assert keys("n10020") == [10_020]
                assert keys("n7") == []
            with workspace.database.write() as connection:
                versions.bury(connection, info.id, [1], revision=9)
                assert list(text_index(connection, info.id).ranked(parse_query("first"))) == []


def migrate(connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def insert_earlier(connection, *, rows: int) -> None:
    """Two collections, with a caption or a title for each document, and the seventh document buried."""
    spec = external_spec("test", DIM)
    encoder = {"spec": asdict(spec), "reference": {"model": "external", "checkpoint": None}}
    made = {"encoder": encoder, "encoder_id": "", "dim": DIM, "m": 8, "ef_construction": 40, "ef_search": 48}
    counted = {"caption_vectors": True, "next_key": 3 * rows, "revision": 3, "created_at": datetime.now(UTC)}
    for number, name in enumerate(("one", "two"), 1):
        connection.execute(insert(tables.collections), {"id": number, "name": name, **made, **counted})
        titles = [{"title": f"number n{key}"} if key % 2 == 0 else {} for key in range(1, rows + 1)]
        documents = [
            {
                "collection_id": number,
                "key": key,
                "doc_id": str(key),
                "image_uri": "",
                "attributes": said,
                "live": key != 7,
            }
            for key, said in enumerate(titles, 1)
        ]
        connection.execute(insert(tables.items), documents)
        said = [
            {"collection_id": number, "key": rows + key, "item_key": key, "text": f"the number n{key}"}
            for key in range(1, rows + 1, 2)
        ]
        first = {"collection_id": number, "key": 3 * rows, "item_key": 1, "text": "The first"}
        connection.execute(insert(tables.captions), [*said, first])
