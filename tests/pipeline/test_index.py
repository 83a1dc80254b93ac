"""Bulk runs: what is new is embedded, what is the same is skipped, what is bad is told, nothing is lost."""

from __future__ import annotations

import shutil
from unittest.mock import patch

import pytest
from helpers import COLOURS, save_picture
from sqlalchemy import create_engine, text

from indexer.config import IndexConfig
from indexer.pipeline import index
from indexer.sources.open import open_source
from retrieval.errors import ConflictError, SourceError, StorageError
from retrieval.metadata import ledger
from retrieval.metadata.database import Database
from retrieval.opening import open_or_create
from retrieval.settings import Settings
from retrieval.types import ModelReference
from retrieval.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, database_url):
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url)
    if not database_url.startswith("sqlite"):
        database = Database(database_url)
        database.upgrade()
        database.close()
    with Workspace(settings) as workspace:
        yield workspace


@pytest.fixture
def collection(workspace):
    return open_or_create(workspace, "photos", ModelReference("fake"))


def run(workspace, collection, source, **options):
    return index(open_source(source), collection, config=IndexConfig(batch_size=4, **options))


def figures(report):
    return report.indexed, report.updated, report.unchanged, report.rejected, report.removed


def test_a_second_run_embeds_only_what_is_new_or_changed(workspace, collection, photos):
    assert figures(run(workspace, collection, photos)) == (18, 0, 0, 0, 0)
    with patch("retrieval.encoders.registry.load_encoder", side_effect=AssertionError("a model was loaded")):
        assert figures(run(workspace, workspace.open("photos"), photos)) == (0, 0, 18, 0, 0)
    save_picture(photos / "red" / "0.png", COLOURS["blue"], seed=9)
    save_picture(photos / "red" / "new.png", COLOURS["red"], seed=9)
    (photos / "blue" / "1.png").touch()
    report = run(workspace, collection, photos)
    assert figures(report) == (2, 0, 17, 0, 0)
    assert len(collection) == 19
    hits = collection.search("blue", k=4, filter='folder = "red"').hits
    assert hits[0].doc_id == "red/0.png", "the changed picture is found by what it shows now"


def test_sync_removes_what_has_vanished_and_only_then(workspace, collection, photos):
    run(workspace, collection, photos)
    shutil.rmtree(photos / "green")
    assert figures(run(workspace, collection, photos)) == (0, 0, 15, 0, 0)
    assert len(collection) == 18
    assert figures(run(workspace, collection, photos, sync=True)) == (0, 0, 15, 0, 3)
    assert len(collection) == 15
    assert all("green" not in hit.doc_id for hit in collection.search("green", k=20).hits)


def test_sync_with_a_source_without_images_is_refused(workspace, collection, photos, tmp_path):
    run(workspace, collection, photos)
    manifest = tmp_path / "empty.csv"
    manifest.write_text("image,caption\n")
    with pytest.raises(SourceError):
        run(workspace, collection, manifest, sync=True)
    assert len(collection) == 18


def test_bad_images_are_recorded_and_skipped(workspace, collection, photos):
    whole = (photos / "red" / "0.png").read_bytes()
    (photos / "red" / "0.png").write_bytes(whole[: len(whole) // 2])
    (photos / "red" / "1.png").write_bytes(b"")
    (photos / "red" / "2.jpg").write_text("no picture at all")
    report = run(workspace, collection, photos)
    assert (report.indexed, report.rejected) == (16, 3)
    assert set(report.reasons) == {"truncated", "empty", "unsupported-format"}
    with workspace.database.read() as connection:
        noted = {entry.doc_id: entry.reason for entry in ledger.rejected(connection, collection.info.id)}
    assert noted == {"red/0.png": "truncated", "red/1.png": "empty", "red/2.jpg": "unsupported-format"}
    (photos / "red" / "0.png").write_bytes(whole)
    assert figures(run(workspace, collection, photos)) == (1, 0, 16, 2, 0)


def test_a_picture_that_turns_bad_keeps_its_last_good_version(workspace, collection, photos):
    run(workspace, collection, photos)
    (photos / "red" / "0.png").write_bytes(b"broken since")
    report = run(workspace, collection, photos)
    assert figures(report) == (0, 0, 17, 1, 0)
    assert collection.get("red/0.png").doc_id == "red/0.png"


def test_new_words_for_the_same_picture_keep_its_vector(workspace, collection, photos, tmp_path):
    manifest = tmp_path / "m.csv"
    manifest.write_text("image,caption,price\nphotos/red/0.png,a red thing,10\nphotos/blue/0.png,a blue thing,20\n")
    run(workspace, collection, manifest)
    before = collection.vectors(["photos/red/0.png"])
    manifest.write_text("image,caption,price\nphotos/red/0.png,a ruby,12\nphotos/blue/0.png,a blue thing,20\n")
    with patch.object(type(collection.encoder), "encode_images", side_effect=AssertionError("embedded again")):
        assert figures(run(workspace, collection, manifest)) == (0, 1, 1, 0, 0)
    item = collection.get("photos/red/0.png")
    assert (item.captions, item.attributes["price"]) == (("a ruby",), 12)
    assert (collection.vectors(["photos/red/0.png"]) == before).all()
    assert [hit.doc_id for hit in collection.search("x", filter="price < 15").hits] == ["photos/red/0.png"]
    assert {hit.caption for hit in collection.captions(photos / "red" / "0.png")} == {"a ruby", "a blue thing"}


def test_a_run_that_fails_keeps_what_was_committed_and_the_next_one_continues(workspace, collection, photos):
    real = collection.writer.commit
    calls = []

    def failing(batch):
        calls.append(batch)
        if len(calls) >= 3:
            raise StorageError("the disk is full")
        return real(batch)

    with patch.object(collection.writer, "commit", failing), pytest.raises(StorageError):
        run(workspace, collection, photos, commit_every=4)
    assert len(collection) == 8
    with workspace.database.read() as connection:
        assert ledger.last_run(connection, collection.info.id).state == "failed"
    assert figures(run(workspace, collection, photos)) == (10, 0, 8, 0, 0)


def test_two_runs_at_once_are_refused(workspace, collection, photos):
    def meanwhile(report):
        with pytest.raises(ConflictError, match="another run"):
            run(workspace, collection, photos)

    index(open_source(photos), collection, on_progress=meanwhile)


def test_a_broken_manifest_writes_nothing(workspace, collection, photos, tmp_path):
    manifest = tmp_path / "m.jsonl"
    manifest.write_text('{"image": "photos/red/0.png"}\n{"image": "photos/red/1.png"\n')
    with pytest.raises(SourceError, match="line 2"):
        run(workspace, collection, manifest)
    assert len(collection) == 0


def test_a_database_that_goes_away_in_the_middle_is_told_and_the_next_run_continues(photos, tmp_path, postgres_url):
    database = Database(postgres_url)
    database.upgrade()
    database.close()
    admin = create_engine(postgres_url.rpartition("/")[0] + "/postgres", isolation_level="AUTOCOMMIT")
    name = postgres_url.rpartition("/")[2]

    def set_open(state: bool) -> None:
        with admin.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {state}"))
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))

    def lose_database(report):
        if report.indexed == 8:
            set_open(False)

    with Workspace(Settings(data_dir=tmp_path / "data", database_url=postgres_url)) as workspace:
        collection = open_or_create(workspace, "photos", ModelReference("fake"))
        with pytest.raises(StorageError, match="the database failed"):
            index(
                open_source(photos),
                collection,
                config=IndexConfig(batch_size=4, commit_every=4),
                on_progress=lose_database,
            )
        set_open(True)
        assert len(collection) == 8
        assert figures(run(workspace, collection, photos)) == (10, 0, 8, 0, 0)
    admin.dispose()
