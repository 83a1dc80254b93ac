"""The database on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from retrieval.certificate import Certificate, Curve, Point, Recall
from retrieval.errors import ConflictError, InputError, NotFoundError, StorageError
from retrieval.metadata import collections, generations, items, ledger, scans, versions
from retrieval.metadata.database import SCHEMA_REVISION, Database
from retrieval.metadata.ledger import LedgerEntry
from retrieval.metadata.tables import is_in, metadata
from retrieval.metadata.versions import NewVersion
from retrieval.segments import SegmentFile, SegmentInfo
from retrieval.types import CodeParams, EncoderSpec, HnswParams, IndexParams, ModelReference

SPEC = EncoderSpec("tiny", "", "w", "p", "t", "fp32", 8)


@pytest.fixture
def database(database_url):
    database = Database(database_url)
    database.upgrade()
    yield database
    database.close()


def make(connection, name="photos"):
    return collections.create(
        connection,
        name=name,
        spec=SPEC,
        model=ModelReference("tiny"),
        index=IndexParams(HnswParams(16, 100)),
        caption_vectors=True,
    )


def test_migrations_make_exactly_the_tables_of_the_code(database):
    with database.read() as connection:
        opts = {"include_object": is_in(connection.dialect.name)}
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), metadata) == []
    assert database.schema_revision() == SCHEMA_REVISION
    database.prepare()


def test_a_collection_comes_back_as_it_was_made(database):
    with database.write() as connection:
        made = make(connection)
    with database.read() as connection:
        assert collections.get(connection, "photos") == made
    assert made.spec == SPEC
    assert made.created_at.tzinfo is UTC
    assert (datetime.now(UTC) - made.created_at).total_seconds() < 60
    with database.write() as connection, pytest.raises(ConflictError, match="already a collection named 'photos'"):
        make(connection)
    with database.read() as connection, pytest.raises(NotFoundError, match="there is photos"):
        collections.get(connection, "photo")


def test_a_transaction_that_raises_leaves_nothing_and_gives_its_keys_back(database):
    with database.write() as connection:
        made = make(connection)
    with suppress(KeyboardInterrupt), database.write() as connection:
        assert collections.begin_write(connection, made.id, keys=5) == (1, 1)
        raise KeyboardInterrupt
    with database.write() as connection:
        assert collections.begin_write(connection, made.id, keys=2) == (1, 1)
        assert collections.begin_write(connection, made.id, keys=1) == (3, 2)


def test_versions_are_replaced_buried_and_purged(database):
    attributes = {"price": 9.5, "tags": ["a", "ü"], "sold": True, "big": 2**60}
    with database.write() as connection:
        cid = make(connection).id
        versions.insert_versions(
            connection,
            cid,
            [NewVersion(1, "a/ü.jpg", "x", attributes, ["one", "two"], [2, 3]), NewVersion(4, "b", "y", {}, [], [])],
        )
        assert scans.counts(connection, cid) == (2, 2)
        versions.bury(connection, cid, [1], revision=7)
        versions.insert_versions(connection, cid, [NewVersion(5, "a/ü.jpg", "x2", {}, ["three"], [6])])
    with database.read() as connection:
        assert items.live_keys(connection, cid, ["a/ü.jpg", "b", "none"]) == {"a/ü.jpg": 5, "b": 4}
        assert items.by_doc_id(connection, cid, "a/ü.jpg").captions == ("three",)
        old = items.by_keys(connection, cid, [1])[1]
        assert (old.captions, dict(old.attributes)) == (("one", "two"), attributes)
        assert scans.tombstones_after(connection, cid, 6).tolist() == [1, 2, 3]
        assert scans.tombstones_after(connection, cid, 7).tolist() == []
        assert items.captions_by_keys(connection, cid, [6])[6].doc_id == "a/ü.jpg"
        assert scans.counts(connection, cid) == (2, 1)
        read = [(keys.tolist(), rows) for keys, rows in scans.attributes_after(connection, cid, 1, batch=1)]
        assert read == [([4], [{}]), ([5], [{}])]
    with database.write() as connection:
        versions.purge(connection, cid, [2, 3])
        assert 1 in items.by_keys(connection, cid, [1]), "its own vector is still somewhere"
        versions.purge(connection, cid, [1])
        assert items.by_keys(connection, cid, [1]) == {}
        assert scans.counts(connection, cid) == (2, 1)


def test_a_document_has_at_most_one_live_version(database):
    with database.write() as connection:
        cid = make(connection).id
        versions.insert_versions(connection, cid, [NewVersion(1, "a", "", {}, [], [])])
    with pytest.raises(StorageError), database.write() as connection:
        versions.insert_versions(connection, cid, [NewVersion(2, "a", "", {}, [], [])])


def test_the_ledger_keeps_the_last_that_was_seen(database):
    with database.write() as connection:
        cid = make(connection).id
        run = ledger.start_run(connection, cid, source="./photos")
        ledger.put(connection, cid, [LedgerEntry("a", "indexed", "s1", "c1", "r1"), LedgerEntry("b", "indexed")])
        ledger.put(connection, cid, [LedgerEntry("a", "rejected", reason="truncated", detail="half of it")])
        ledger.mark_seen(connection, cid, ["a"], run_id=run)
        assert ledger.unseen(connection, cid, run_id=run, limit=10) == ["b"]
        assert [entry.reason for entry in ledger.rejected(connection, cid)] == ["truncated"]
        again = ledger.start_run(connection, cid, source="./photos")
        ledger.finish_run(connection, again, counts={"indexed": 1})
        assert ledger.last_run(connection, cid).counts == {"indexed": 1}
        states = connection.execute(text("SELECT state FROM runs ORDER BY id")).scalars().all()
        assert states == ["interrupted", "finished"]


def test_publishing_switches_generations_and_forgets_replaced_segments(database):
    file = SegmentFile("keys", "k", "0" * 64, 9)
    segment = SegmentInfo(0, "image", 5, 8, 4, (file,), HnswParams(16, 100), CodeParams(6, "sq8"))
    recall = Recall(0.99, 0.98, 1.0)
    point = Point(16, recall, None, 16.0, 0.001)
    certificate = Certificate(5, 1e-7, (Curve("text", 0.5, 100, (point, replace(point, at_100=recall))),))
    with database.write() as connection:
        cid = make(connection).id
        assert generations.current(connection, cid).number == 0
        first, second = (generations.add_segment(connection, cid, segment) for _ in range(2))
        assert generations.publish(connection, cid, [first], certificates={"image": certificate}) == 1
        third = generations.add_segment(connection, cid, segment)
        assert generations.publish(connection, cid, [third, first]) == 2
        current = generations.current(connection, cid)
    assert [s.segment_id for s in current.segments] == [third, first]
    assert current.segments[0] == replace(segment, segment_id=third)
    assert current.certificates == {"image": certificate}  # goes on until it is replaced
    assert len({first, second, third}) == 3


def test_dropping_a_collection_takes_its_rows_and_only_those(database):
    with database.write() as connection:
        keep, gone = make(connection, "keep"), make(connection, "gone")
        for cid in (keep.id, gone.id):
            versions.insert_versions(connection, cid, [NewVersion(1, "a", "", {}, ["x"], [2])])
            ledger.put(connection, cid, [LedgerEntry("a", "indexed")])
        collections.drop(connection, gone.id)
    with database.read() as connection:
        for table in ("items", "captions", "ledger"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1


def test_databases_that_cannot_be_used_are_told_plainly(tmp_path, postgres_url):
    (tmp_path / "x.sqlite3").write_bytes(b"this is no database at all" * 100)
    for url, message in (
        (postgres_url, "retrieval db upgrade"),
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", "failed"),
        (f"sqlite:///{tmp_path / 'x.sqlite3'}", "not a database"),
    ):
        with closing(Database(url)) as database, pytest.raises(StorageError, match=message):
            database.prepare()
    for url, message in (("not a url", "does not parse"), ("mysql://host/name", "mysql"), ("sqlite://", "in-memory")):
        with pytest.raises(InputError, match=message):
            Database(url)


def test_a_database_of_a_newer_release_is_refused(tmp_path):
    with closing(Database(f"sqlite:///{tmp_path / 'newer.sqlite3'}")) as newer:
        newer.prepare()
        with newer.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StorageError, match="newer release"):
            newer.prepare()


def test_the_metadata_of_hits_is_looked_up_and_not_searched_for(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'catalogue.sqlite3'}")
    database.prepare()
    plans = []
    with database.read() as connection:
        cursor = connection.connection.cursor()
        for statement in (items._ITEMS, items._CAPTIONS):
            sql = statement.params(collection=1, keys=[1, 2, 3]).compile(
                dialect=connection.dialect, compile_kwargs={"literal_binds": True}
            )
            plans += [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert sum("collection_id=? AND key=?" in plan or "collection_id=? AND item_key=?" in plan for plan in plans) == 2
    database.close()


def test_what_sqlite_calls_an_io_error_is_told_as_a_disk_that_is_full_or_fails(database):
    error = OperationalError("SELECT secret", {}, sqlite3.OperationalError("disk I/O error"))
    with pytest.raises(StorageError, match="the disk of the database is full or fails: make room"), database.read():
        raise error
