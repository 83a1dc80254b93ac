"""A data folder of the release before the index engine: opened, upgraded, searched, written to."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from helpers import unit_vectors
from sqlalchemy import text

from retrieval.index import compaction
from retrieval.index.faiss_wheel import faiss
from retrieval.index.files import write_file
from retrieval.metadata.database import SCHEMA_REVISION, Database
from retrieval.metadata.schema import migrations_folder
from retrieval.settings import Settings
from retrieval.types import external_spec
from retrieval.verification import verify
from retrieval.workspace import Workspace

DIM, LINKED, TAIL = 8, 150, 20
ROWS = LINKED + TAIL
VECTORS = unit_vectors(ROWS, DIM, seed=1)
VECTORS[5] = VECTORS[4]  # a copy, which that release stored twice
NOW = datetime(2026, 1, 1, tzinfo=UTC).isoformat(sep=" ")


def write_segment(folder: Path, rows: range, *, graph: bool) -> list[dict]:
    """The files of a segment as that release wrote them: keys, vectors, and links without the vectors."""
    flat = faiss.IndexFlatIP(DIM)
    flat.add(VECTORS[rows.start : rows.stop])
    linked = faiss.IndexHNSWFlat(DIM, 8, faiss.METRIC_INNER_PRODUCT)
    linked.hnsw.efConstruction = 40
    linked.add(VECTORS[rows.start : rows.stop])

    def save_keys(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, np.array(rows, np.int64) + 1)

    files = [
        write_file(folder, "keys", save_keys),
        write_file(folder, "vectors", lambda path: faiss.write_index(flat, str(path))),
    ]
    if graph:
        files.append(
            write_file(folder, "graph", lambda path: faiss.write_index(linked, str(path), faiss.IO_FLAG_SKIP_STORAGE))
        )
    return [asdict(file) for file in files]


def insert(connection, table: str, **row) -> None:
    columns = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    coded = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in row.items()}
    connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), coded)


@pytest.fixture
def data_dir(tmp_path):
    """A collection of that release: a graph, a tail, and a deleted document."""
    database = Database(f"sqlite:///{tmp_path / 'catalogue.sqlite3'}")
    spec = external_spec("test", DIM)
    folder = tmp_path / "collections" / "1" / "segments"
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with database.engine.connect().execution_options(retrieval_write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        encoder = {"spec": asdict(spec), "reference": {"model": "external", "checkpoint": None}}
        insert(
            connection, "collections", id=1, name="c", encoder=encoder, encoder_id=spec.encoder_id, dim=DIM, m=8,
            ef_construction=40, ef_search=48, caption_vectors=True, next_key=ROWS + 1, revision=3, created_at=NOW,
        )  # fmt: skip
        for row in range(ROWS):
            attributes = {"even": row % 2 == 0}
            insert(
                connection, "items", collection_id=1, key=row + 1, doc_id=str(row), image_uri="", attributes=attributes,
                live=row != 7,
            )  # fmt: skip
        insert(connection, "tombstones", collection_id=1, key=8, revision=3)
        for number, rows in ((1, range(LINKED)), (2, range(LINKED, ROWS))):
            graph = number == 1
            insert(
                connection, "segments", id=number, collection_id=1, kind="image", rows=len(rows),
                m=8 if graph else None, ef_construction=40 if graph else None, recall_at_10=0.99 if graph else None,
                files=write_segment(folder, rows, graph=graph), created_at=NOW,
            )  # fmt: skip
        insert(connection, "generations", id=1, collection_id=1, number=2, segment_ids=[1, 2], created_at=NOW)
    database.close()
    return tmp_path


def found(collection, row: int, **options) -> list[str]:
    return [hit.doc_id for hit in collection.search(vector=VECTORS[row], k=5, **options).hits]


def oracle(row: int, *, even: bool = False, dead=(7,)) -> list[str]:
    order = np.argsort(-(VECTORS @ VECTORS[row]), kind="stable").tolist()
    return [str(one) for one in order if one not in dead and (one % 2 == 0 or not even)][:5]


def test_what_the_earlier_release_wrote_is_searched_and_goes_on(data_dir, monkeypatch):
    monkeypatch.setattr(compaction, "EXACT_ROWS", 50)
    with Workspace(Settings(data_dir=data_dir, database_url=None)) as workspace:
        assert workspace.database.schema_revision() == SCHEMA_REVISION
        collection = workspace.open("c")
        assert (collection.info.index.storage, collection.info.index.target_recall) == ("full", None)
        assert verify(collection).files == 5
        first = collection.search(vector=VECTORS[0])
        assert first.plan.ef_search == 48
        assert {(hit.width, hit.height) for hit in first.hits} == {(None, None)}, "it did not keep them"
        for row in (4, 7, 160):
            assert found(collection, row, ef_search=ROWS) == found(collection, row, exact=True) == oracle(row)
            assert found(collection, row, filter="even = true") == oracle(row, even=True)
        collection.delete(["8"])
        collection.add_vectors(["new"], VECTORS[8:9])
        assert found(collection, 8)[0] == "new"
        collection.delete(["new"])
        collection.compact(exact_rows=50)
        verify(collection)
        segments = collection.views.latest().generation.segments
        assert sum(segment.rows for segment in segments) >= ROWS - 2
        for row in (4, 8, 160):
            assert found(collection, row, ef_search=ROWS) == oracle(row, dead=(7, 8))
        assert workspace.open("c").info.index.hnsw.m == 8
