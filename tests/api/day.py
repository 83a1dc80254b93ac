"""What a day of the service is made of: a season's pictures with what searches of them must find, and its clients."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import NamedTuple

import numpy as np
from helpers import COLOURS, save_picture

from retrieval.client import Client, NewItem, Retry
from retrieval.client.results import Document, SearchResult
from retrieval.encoders.fake import FakeEncoder
from retrieval.images.decode import decode
from retrieval.types import Hit

ENCODER = FakeEncoder()
GARMENTS = ("shirt", "coat", "scarf", "hat")
"""What captions speak of, one manifest after the other."""
ONCE = Retry(attempts=1)
"""Nothing is repeated: each failure counts."""
PAUSE_S = 0.05


class Said(NamedTuple):
    """What is stored of a document, beside its picture."""

    doc_id: str
    captions: tuple[str, ...]
    attributes: Mapping[str, object]

    @staticmethod
    def of(told: Document | Hit) -> Said:
        return Said(told.doc_id, told.captions, told.attributes)


def embedded(picture: bytes) -> np.ndarray:
    return ENCODER.encode_images(ENCODER.preprocess(decode(picture))[None])[0]


def ids(result: SearchResult) -> list[str]:
    return [hit.doc_id for hit in result.hits]


class Season:
    """Drawn pictures below a root of the server, one of them broken; their manifest; and exact search over them."""

    def __init__(self, root: Path, name: str, pictures: int, *, seed: int) -> None:
        self.name, self.broken = name, f"{name}/broken"
        self._root = root
        colours = [list(COLOURS)[number % len(COLOURS)] for number in range(pictures)]
        self.colours = {self.doc_id(number): colour for number, colour in enumerate(colours)}
        self.pictures = [
            save_picture(root / name / f"{number}.png", COLOURS[colour], seed=seed + number, size=32).read_bytes()
            for number, colour in enumerate(colours)
        ]
        (root / name / "broken.png").write_bytes(b"not a picture")
        self.vectors = np.stack([embedded(picture) for picture in self.pictures])
        self.publish(GARMENTS[0])

    @property
    def manifest(self) -> str:
        return f"{self.name}.jsonl"

    @property
    def filter(self) -> str:
        return f'season = "{self.name}"'

    def doc_id(self, number: int) -> str:
        return f"{self.name}/{number:05}"

    def caption(self, number: int, garment: str) -> str:
        return f"a {self.colours[self.doc_id(number)]} {garment} no{number}"

    def document(self, number: int) -> Said:
        """As the manifest has it now."""
        doc_id = self.doc_id(number)
        attributes = {"colour": self.colours[doc_id], "price": number % 50, "season": self.name}
        return Said(doc_id, (self.caption(number, self.garment),), attributes)

    def documents(self) -> list[Said]:
        return [self.document(number) for number in range(len(self.pictures))]

    def publish(self, garment: str) -> None:
        """Write the manifest, anew where it is there: all captions speak of that garment."""
        self.garment = garment
        rows: list[dict[str, object]] = [
            {"id": one.doc_id, "image": f"{self.name}/{number}.png", "captions": one.captions, **one.attributes}
            for number, one in enumerate(self.documents())
        ]
        rows.insert(len(rows) // 2, {"id": self.broken, "image": f"{self.name}/broken.png"})
        (self._root / self.manifest).write_text("\n".join(map(json.dumps, rows)))

    def nearest(self, query: np.ndarray, k: int) -> list[str]:
        """The doc_ids of the k pictures with the best cosines, best first."""
        return [self.doc_id(number) for number in np.argsort(-self.vectors @ query)[:k]]


class Crowd:
    """Clients at work, each in a thread of its own, until they are sent home or have lost their server."""

    def __init__(self, *work: Callable[[Event], None]) -> None:
        self._stop = Event()
        self._threads = ThreadPoolExecutor(len(work))
        self._busy = [self._threads.submit(one, self._stop) for one in work]

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._threads.shutdown()

    def go_home(self) -> None:
        """Stop; raises what any of them has met."""
        self._stop.set()
        for one in self._busy:
            one.result()

    def errors(self) -> list[BaseException | None]:
        """What each of them has ended with, once all have."""
        return [one.exception() for one in self._busy]


class Searcher:
    """Searches by one name, in one way after the other, whatever that name leads to; counts its right answers."""

    def __init__(self, url: str, name: str, seasons: list[Season]) -> None:
        self.answers = 0
        self._url = url
        self._name = name
        self._pictures = dict(zip(COLOURS, seasons[0].pictures, strict=False))
        self._captions = {
            season.doc_id(number): [(season.caption(number, garment),) for garment in GARMENTS]
            for season in seasons
            for number in range(len(season.pictures))
        }

    def work(self, stop: Event) -> None:
        with Client(self._url, retry=ONCE) as client:
            for colour in itertools.cycle(COLOURS):
                for result in self._in_every_way(client, colour):
                    self._check(result, colour)
                    self.answers += 1
                    if stop.wait(PAUSE_S):
                        return

    def _in_every_way(self, client: Client, colour: str):
        name, text = self._name, f"a {colour} garment"
        yield client.search(name, text, k=5)
        yield client.search(name, image=self._pictures[colour], k=5, exact=True)
        yield client.search(name, f"{colour} -no1", k=5, mode="lexical")
        yield client.search(name, colour, k=5, mode="hybrid", exact=True, facets=["colour"])
        yield client.search(name, colour, k=5, filter=f'colour = "{colour}" and price >= 10')
        vector = ENCODER.encode_texts([text])[0]
        yield from client.search_many(name, [{"text": text, "k": 5}, {"vector": vector, "k": 5, "exact": True}])

    def _check(self, result: SearchResult, colour: str) -> None:
        """Five hits, best first, out of one state of one collection, and of that colour unless a graph missed them."""
        assert [hit.rank for hit in result.hits] == [1, 2, 3, 4, 5]
        scores = [hit.score for hit in result.hits]
        assert scores == sorted(scores, reverse=True)
        assert result.plan.strategy == "hnsw" or {hit.attributes["colour"] for hit in result.hits} == {colour}, result
        seasons = {hit.attributes["season"] for hit in result.hits if "season" in hit.attributes}
        assert len(seasons) <= 1, f"a mixture of {seasons}"
        for hit in result.hits:
            if "season" in hit.attributes:
                assert hit.captions in self._captions[hit.doc_id]


class Writer:
    """Puts, patches, uploads and deletes documents of its own, sees each change at once, and remembers what must be.

    Attributes:
        stored: its documents by doc_id, as the last answer has left them.
        unanswered: as the request would leave them that has had no answer yet; else the same.
    """

    def __init__(self, url: str, collection: str, name: str, pictures: dict[str, bytes]) -> None:
        self.collection = collection
        self.stored: dict[str, Said] = {}
        self.unanswered: dict[str, Said] = {}
        self.filter = f'writer = "{name}"'
        self._url = url
        self._name = name
        self._pictures = pictures
        self._steps = itertools.count()

    def work(self, stop: Event) -> None:
        with Client(self._url, retry=ONCE) as client:
            while not stop.wait(PAUSE_S):
                self._step(client, next(self._steps))

    def check(self, client: Client) -> None:
        """Nothing acknowledged is lost: every document is as it was left, is found, and has its picture."""
        there = {one.doc_id: Said.of(one) for one in client.items(self.collection, filter=self.filter)}
        assert there in (self.stored, self.unanswered)
        self.stored = self.unanswered = there
        found = client.hits(self.collection, "red", k=1_000, filter=self.filter)
        assert sorted(hit.doc_id for hit in found) == sorted(there)
        for one in there.values():
            assert client.image(self.collection, one.doc_id) == self._pictures[str(one.attributes["colour"])]

    def _step(self, client: Client, step: int) -> None:
        where, colour = self.collection, list(COLOURS)[step % len(COLOURS)]
        one, two, three = (self._document(step, part, colour) for part in "abc")
        worn = Said(one.doc_id, (f"a {colour} find, worn",), {**one.attributes, "worn": True})
        picture = self._pictures[colour]
        said = {"captions": one.captions, "attributes": one.attributes}
        self._send(client, step, [one], lambda: client.put_item(where, one.doc_id, picture, **said))
        patch = {"captions": worn.captions, "attributes": {"worn": True}}
        self._send(client, step, [worn], lambda: client.patch_item(where, one.doc_id, **patch))
        new = [NewItem(it.doc_id, picture, captions=it.captions, attributes=it.attributes) for it in (two, three)]
        self._send(client, step, [worn, two, three], lambda: client.upload_items(where, new))
        delete: Callable[[], object] = [
            lambda: client.delete_item(where, two.doc_id),
            lambda: client.delete_items(where, [two.doc_id]),
            lambda: client.delete_items(where, filter=f'{self.filter} and step = {step} and part = "b"'),
        ][step % 3]
        self._send(client, step, [worn, three], delete)

    def _document(self, step: int, part: str, colour: str) -> Said:
        attributes = {"writer": self._name, "step": step, "part": part, "colour": colour, "price": step % 50}
        return Said(f"{self._name}/{step}-{part}", (f"a {colour} find",), attributes)

    def _send(self, client: Client, step: int, left: list[Said], call: Callable[[], object]) -> None:
        """Make a change that leaves these documents of the step, and look whether a search sees just them."""
        others = {one.doc_id: one for one in self.stored.values() if one.attributes["step"] != step}
        self.unanswered = others | {one.doc_id: one for one in left}
        call()
        self.stored = self.unanswered
        found = client.search(self.collection, "a find", filter=f"{self.filter} and step = {step}").hits
        seen = {hit.doc_id: Said.of(hit) for hit in found}
        assert seen == {one.doc_id: one for one in left}
