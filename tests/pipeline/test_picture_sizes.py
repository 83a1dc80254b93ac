"""Width and height of pictures: measured once, upright and unscaled, and kept with their documents."""

from __future__ import annotations

import io
import json
from contextlib import closing
from pathlib import Path

import pytest
from helpers import unit_vectors
from PIL import Image
from sqlalchemy import update

from indexer import prepare
from indexer.pipeline import index
from indexer.sources.open import open_source
from retrieval.encoders.fake import FakeEncoder
from retrieval.metadata.database import Database
from retrieval.metadata.tables import items
from retrieval.opening import open_or_create
from retrieval.search.fields import Fields
from retrieval.search.options import SearchOptions
from retrieval.search.query import Document, Weighted
from retrieval.settings import Settings
from retrieval.snapshots.rows import RowLoader
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace

SIDEWAYS = 6


def jpeg(width: int, height: int, *, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


@pytest.fixture
def workspace(tmp_path, database_url):
    with closing(Database(database_url)) as database:
        database.upgrade()
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=database_url)) as workspace:
        yield workspace


@pytest.fixture
def collection(workspace):
    return open_or_create(workspace, "photos", ModelReference("fake"))


def sizes(collection) -> dict[str, tuple[int | None, int | None]]:
    return {item.doc_id: (item.width, item.height) for item in collection.items()}


def manifest(folder: Path, pictures: dict[str, str]) -> Path:
    """A file that names pictures with a caption each."""
    path = folder / "m.jsonl"
    path.write_text("".join(json.dumps({"image": name, "caption": said}) + "\n" for name, said in pictures.items()))
    return path


def test_a_size_is_the_whole_picture_s_as_it_is_displayed(collection, tmp_path):
    # At 32 pixels for the encoder, both are scaled down while they are decoded.
    (tmp_path / "wide.jpg").write_bytes(jpeg(640, 480))
    (tmp_path / "turned.jpg").write_bytes(jpeg(640, 481, orientation=SIDEWAYS))
    index(open_source(manifest(tmp_path, {"wide.jpg": "wide", "turned.jpg": "turned"})), collection)
    assert sizes(collection) == {"wide.jpg": (640, 480), "turned.jpg": (481, 640)}
    for fields in (None, []):
        options = SearchOptions(k=5, fields=Fields.named(fields))
        hits = collection.find([Weighted(Document("wide.jpg"))], options).hits
        assert {hit.doc_id: (hit.width, hit.height) for hit in hits} == sizes(collection)


def test_other_words_keep_a_size_and_another_picture_changes_it(collection, tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(60, 40))
    index(open_source(manifest(tmp_path, {"a.jpg": "before"})), collection)
    index(open_source(manifest(tmp_path, {"a.jpg": "after"})), collection)
    assert (collection.get("a.jpg").captions, sizes(collection)) == (("after",), {"a.jpg": (60, 40)})
    collection.update("a.jpg", attributes={"price": 5})
    assert sizes(collection) == {"a.jpg": (60, 40)}
    (tmp_path / "a.jpg").write_bytes(jpeg(50, 40))
    index(open_source(manifest(tmp_path, {"a.jpg": "after"})), collection)
    assert sizes(collection) == {"a.jpg": (50, 40)}
    collection.put("a.jpg", jpeg(30, 20, orientation=SIDEWAYS))
    assert sizes(collection) == {"a.jpg": (20, 30)}


def test_those_of_a_release_before_are_filled_in_without_embedding(collection, tmp_path):
    pictures = {"a.jpg": jpeg(64, 48, orientation=SIDEWAYS), "b.jpg": jpeg(60, 40), "c.jpg": jpeg(20, 10)}
    for name, data in pictures.items():
        (tmp_path / name).write_bytes(data)
    source = manifest(tmp_path, dict.fromkeys(pictures, "red"))
    index(open_source(source), collection)
    expected, before = sizes(collection), collection.get("a.jpg")
    with collection.database.write() as connection:
        connection.execute(update(items).where(items.c.doc_id != "c.jpg").values(width=None, height=None))
    assert sizes(collection) == {"a.jpg": (None, None), "b.jpg": (None, None), "c.jpg": (20, 10)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakeEncoder, "encode_images", lambda *_: pytest.fail("embedded"))
        patch.setattr(FakeEncoder, "encode_texts", lambda *_: pytest.fail("embedded"))
        report = index(open_source(source), collection)
    assert (report.unchanged, report.indexed + report.updated) == (3, 0)
    assert sizes(collection) == expected
    assert collection.get("a.jpg") == before  # the same version: only its size was missing


def test_a_picture_that_cannot_be_measured_any_more_stays_as_it_was(collection, tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(60, 40))
    source = open_source(manifest(tmp_path, {"a.jpg": "red"}))
    index(source, collection)
    with collection.database.write() as connection:
        connection.execute(update(items).values(width=None, height=None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "read_image", lambda _: b"no picture")
        report = index(source, collection)
    assert (report.unchanged, report.rejected, sizes(collection)) == (1, 0, {"a.jpg": (None, None)})


def test_vectors_without_pictures_have_none(workspace):
    collection = workspace.create("vectors", external_spec("elsewhere", 4), ModelReference("external"))
    collection.add_vectors(["v"], unit_vectors(1, 4))
    assert sizes(collection) == {"v": (None, None)}


def test_snapshots_keep_them_and_older_ones_lack_them(workspace, collection, tmp_path):
    collection.put("a", jpeg(60, 40))
    workspace.snapshot("photos", tmp_path / "1.tar")
    with Workspace(Settings(data_dir=tmp_path / "other", database_url=None)) as other:
        restored = other.restore(tmp_path / "1.tar")
        assert sizes(restored) == {"a": (60, 40)}
        columns = ("collection_id", "key", "doc_id", "image_uri", "attributes", "live")  # as of the release before
        row = [0, 100, "old", "", {}, True]
        RowLoader(other.database, restored.info.id).load(items, columns, [json.dumps(row).encode()])
        assert sizes(restored) == {"a": (60, 40), "old": (None, None)}
