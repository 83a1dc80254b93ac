"""The demo from end to end: write the catalogue, index it with the bundled model, search it in every way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from indexer.pipeline import OnProgress, index
from indexer.report import IndexReport
from indexer.sources.open import open_source
from retrieval.collection import Collection
from retrieval.demo.catalogue import write_catalogue
from retrieval.images.read import read_image
from retrieval.images.sheet import SheetRow, contact_sheet
from retrieval.opening import open_or_create
from retrieval.search.query import Document, Text, Weighted
from retrieval.types import ModelReference, SearchResult
from retrieval.workspace import Workspace

COLLECTION = "demo"
SEED = 7
HITS = 8


@dataclass(frozen=True, slots=True)
class Stop:
    """One search of the tour: what it shows, how to ask for it on the command line, and what came back."""

    title: str
    command: str
    result: SearchResult


def prepare(
    folder: Path, workspace: Workspace, *, count: int, on_draw: Callable[[int], None], on_progress: OnProgress
) -> tuple[Collection, IndexReport]:
    """Draw the catalogue where it is not there yet, and bring the demo collection up to date with it."""
    manifest = write_catalogue(folder, count=count, seed=SEED, on_progress=on_draw)
    collection = open_or_create(workspace, COLLECTION, ModelReference("bundled"))
    report = index(open_source(manifest), collection, source_name=str(manifest), on_progress=on_progress)
    return collection, report


def visit(collection: Collection) -> list[Stop]:
    """Search by text, by a filter, by a picture, by both, and the other way round."""
    stops = []

    def show(title: str, command: str, result: SearchResult) -> SearchResult:
        stops.append(Stop(title, f"retrieval {command} -c {COLLECTION} -k {HITS}", result))
        return result

    for text in ("a red car at sunset", "a white lighthouse by night"):
        show(f"text: {text}", f'search "{text}"', collection.search(text, k=HITS))
    where = 'colour in ("purple", "pink") and price < 150'
    found = show(
        f"text and filter: a dress, {where}",
        f"search \"a dress\" --filter '{where}'",
        collection.search("a dress", k=HITS, filter=where),
    )
    like = found.hits[0].doc_id
    path = collection.get(like).image_uri
    show(f"image: {like}", f"search --image {path}", collection.search(image=read_image(path), k=HITS))
    words = "a yellow dress"
    mixed = [Weighted(Document(like)), Weighted(Text(words))]
    show(
        f"composed: {like} and the words “{words}”",
        f'search "{words}" --image {path}',
        collection.search(terms=mixed, k=HITS),
    )
    return stops


def sheet_of(collection: Collection, stops: list[Stop]) -> bytes:
    """The hits of all stops as one picture, PNG."""
    rows = [
        SheetRow(
            stop.title,
            [(collection.get(hit.doc_id).image_uri, f"{hit.score:.3f}") for hit in stop.result.hits],
        )
        for stop in stops
    ]
    return contact_sheet(rows)
