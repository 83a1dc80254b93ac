"""Every kind of index file damaged, told, and made anew; what is lost is indexed by the next run."""

from __future__ import annotations

import shutil

import pytest
from helpers import COLOURS, run_cli, save_picture

from indexer.pipeline import index
from indexer.sources.open import open_source
from retrieval.errors import CorruptionError
from retrieval.index import compaction
from retrieval.opening import open_or_create
from retrieval.repairing import repair
from retrieval.search import columns
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference
from retrieval.verification import verify
from retrieval.workspace import Workspace

INDEX = IndexParams(HnswParams(8, 40), "sq8@32", target_recall=None)


@pytest.fixture(scope="module", autouse=True)
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "EXACT_ROWS", 10)
        patch.setattr(columns, "LEAST_ROWS", 1)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Thirty pictures with captions and attributes, two of them alike, and one that is dead; in one graph of each."""
    folder = tmp_path_factory.mktemp("made")
    rows = ["image,caption,number"]
    for number in range(30):
        colour = list(COLOURS)[number % len(COLOURS)]
        save_picture(folder / f"pictures/{number}.png", COLOURS[colour], seed=number)
        rows.append(f"pictures/{number}.png,something {colour} {number},{number}")
    shutil.copy(folder / "pictures/0.png", folder / "pictures/6.png")
    (folder / "catalogue.csv").write_text("\n".join(rows))
    with Workspace(Settings(data_dir=folder / "retrieval-data", database_url=None)) as workspace:
        run_index(workspace, folder)
        workspace.open("c").delete(["pictures/29.png"])
    return folder


def run_index(workspace, folder):
    collection = open_or_create(workspace, "c", ModelReference("fake"), index=INDEX)
    return index(open_source(str(folder / "catalogue.csv")), collection)


@pytest.fixture
def folder(made, tmp_path):
    """A copy of the data; the pictures stay where they are."""
    shutil.copytree(made / "retrieval-data", tmp_path / "retrieval-data")
    return tmp_path


@pytest.fixture
def workspace(folder):
    with Workspace(Settings(data_dir=folder / "retrieval-data", database_url=None)) as workspace:
        yield workspace


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 8
    path.write_bytes(data)


def files_of(collection, role):
    return sorted(collection.folder.glob(f"*.{role}"))


def answers(workspace):
    """What searches of every kind answer."""
    collection = workspace.open("c")
    texts = [[hit.doc_id for hit in collection.search(f"{colour} thing", k=29, exact=True).hits] for colour in COLOURS]
    filtered = {hit.doc_id for hit in collection.search("red", k=29, filter="number < 7").hits}
    like = [hit.doc_id for hit in collection.similar("pictures/3.png", k=5, ef_search=100).hits]
    vector = collection.vectors(["pictures/4.png"])[0]
    captions = {hit.caption for hit in collection.captions(vector=vector, k=3, ef_search=100)}
    return texts, filtered, like, captions


@pytest.mark.parametrize("damage", [flip, lambda path: path.unlink()], ids=["flipped", "missing"])
@pytest.mark.parametrize(
    ("role", "embedded"),
    [("graph", 0), ("codes", 0), ("basis", 0), ("attributes", 0), ("keys", 0), ("nodes", 29), ("vectors", 29 * 2)],
)
def test_every_kind_of_file_is_made_anew(workspace, made, role, embedded, damage):
    before = answers(workspace)
    collection = workspace.open("c")
    damaged = files_of(collection, role)
    assert len(damaged) == (1 if role in ("attributes", "nodes") else 2)  # of images, and of images and captions
    for path in damaged:
        damage(path)
    with pytest.raises(CorruptionError, match="retrieval repair -c c") as told:
        verify(collection)
    assert all(path.name in str(told.value) for path in damaged)
    repaired = repair(collection)
    assert sorted(one.file.name for one in repaired.damaged) == [path.name for path in damaged]
    assert (repaired.embedded, repaired.lost) == (embedded, ())
    verify(collection)
    assert answers(workspace) == before
    assert collection.search("red", k=1, ef_search=10).plan.strategy == "hnsw"
    assert repair(collection).damaged == ()


def test_what_cannot_be_read_any_more_is_listed_and_indexed_by_the_next_run(workspace, made, tmp_path):
    collection = workspace.open("c")
    for role in ("vectors", "keys"):  # of images and of captions: both at once
        for path in files_of(collection, role):
            flip(path)
    hidden = made / "pictures/3.png"
    hidden.rename(made / "hidden.png")
    try:
        with pytest.raises(CorruptionError, match=r"1 documents .*: pictures/3\.png: .* -c c --delete-lost`; nothing"):
            repair(collection)
        assert len(collection) == 29
        repaired = repair(collection, delete_lost=True)
    finally:
        (made / "hidden.png").rename(hidden)
    assert repaired.lost == ("pictures/3.png",)
    assert repaired.embedded == 28 + 29
    verify(collection)
    assert len(collection) == 28
    assert len(collection.search("red", k=30).hits) == 28
    report = run_index(workspace, made)
    assert (report.indexed, report.unchanged) == (2, 28)  # the one that was deleted too
    assert len(workspace.open("c").search("red", k=40).hits) == 30


def test_the_command_tells_what_was_wrong(workspace, folder):
    assert "nothing to repair" in run_cli("repair", "-c", "c", cwd=folder).stdout
    (path, _) = files_of(workspace.open("c"), "graph")
    flip(path)
    told = run_cli("verify", "-c", "c", cwd=folder, check=False)
    assert (told.returncode, "retrieval repair -c c" in told.stderr) == (1, True)
    told = run_cli("repair", "-c", "c", cwd=folder).stdout
    assert f"{path.name} is damaged" in told
    assert "0 vectors embedded again" in told
    assert "all as written" in run_cli("verify", "-c", "c", cwd=folder).stdout
