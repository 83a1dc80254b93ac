"""Single documents, several of them, and their pictures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from retrieval.client.call import Call, Page, Pages, content, of_collection, reading, without_none
from retrieval.client.pictures import Picture, as_base64, as_file
from retrieval.client.results import Deletion, Document, Reject, Rejects, Several, Stored
from retrieval.types import AttributeValue, FloatArray

_DOCUMENT = reading(TypeAdapter(Document))
_PAGE = reading(TypeAdapter(Page[Document]))
_REJECTS = reading(TypeAdapter(Rejects))
_SEVERAL = reading(TypeAdapter(Several))
_STORED = reading(TypeAdapter(Stored))
_DELETION = reading(TypeAdapter(Deletion))


@dataclass(frozen=True, slots=True, eq=False)
class NewItem:
    """A document to store, with its picture or with a vector that the collection's own encoder made of it."""

    doc_id: str
    image: Picture | None = None
    vector: Iterable[float] | FloatArray | None = None
    captions: Sequence[str] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)

    @property
    def said(self) -> dict[str, object]:
        """All but the picture."""
        return {"doc_id": self.doc_id, "captions": list(self.captions), "attributes": dict(self.attributes)}

    def as_json(self) -> dict[str, object]:
        """The same in a body."""
        image = None if self.image is None else as_base64(self.image)
        vector = None if self.vector is None else [float(value) for value in self.vector]
        return {**self.said, **without_none({"image": image, "vector": vector})}


def item(collection: str, doc_id: str) -> Call[Document]:
    """A document's captions and attributes."""
    return Call("GET", of_collection(collection, "item"), _DOCUMENT, params={"doc_id": doc_id})


def items(collection: str, *, filter: str | None = None, limit: int = 1_000) -> Pages[Document]:  # noqa: A002
    """Documents in the order of their ids, those that a filter keeps or all; `limit` are asked for at a time."""
    return Pages(Call("GET", of_collection(collection, "items"), _PAGE, params={"filter": filter, "limit": limit}))


def rejects(collection: str, *, limit: int = 1_000) -> Pages[Reject]:
    """Pictures of sources that could not be indexed, in the order of their ids; `limit` are asked for at a time."""
    first = Call("GET", of_collection(collection, "rejects"), _REJECTS, params={"limit": limit})
    return Pages(first.then(lambda part: Page(part.rejects, part.next_cursor)))


def items_by_id(collection: str, doc_ids: Sequence[str]) -> Call[Several]:
    """Several documents, in the order asked for."""
    return Call("POST", of_collection(collection, "items", "get"), _SEVERAL, json={"doc_ids": list(doc_ids)})


def put_item(
    collection: str,
    doc_id: str,
    image: Picture,
    *,
    captions: Sequence[str] = (),
    attributes: Mapping[str, AttributeValue] | None = None,
) -> Call[Document]:
    """Store a document with its picture; one that is there is replaced as a whole."""
    form = {"captions": json.dumps(list(captions)), "attributes": json.dumps(dict(attributes or {}))}
    target = of_collection(collection, "item")
    return Call("PUT", target, _DOCUMENT, params={"doc_id": doc_id}, form=form, files=[("image", as_file(image))])


def patch_item(
    collection: str,
    doc_id: str,
    *,
    attributes: Mapping[str, AttributeValue] | None = None,
    captions: Sequence[str] | None = None,
) -> Call[Document]:
    """Change what is said of a document: attributes one by one, None to remove one; captions all of them anew."""
    said = {"attributes": attributes and dict(attributes), "captions": None if captions is None else list(captions)}
    target = of_collection(collection, "item")
    return Call("PATCH", target, _DOCUMENT, params={"doc_id": doc_id}, json=without_none(said))


def delete_item(collection: str, doc_id: str) -> Call[Deletion]:
    """Delete a document."""
    return Call("DELETE", of_collection(collection, "item"), _DELETION, params={"doc_id": doc_id})


def upload_items(collection: str, items: Sequence[NewItem]) -> Call[Stored]:
    """Store documents with their pictures, as files; each that cannot be stored is rejected by itself."""
    named = {str(number): one for number, one in enumerate(items)}
    files = [("images", (name, as_file(one.image)[1])) for name, one in named.items() if one.image is not None]
    if len(files) < len(items):
        raise ValueError("an item has no image: send vectors with add_items")
    metadata = json.dumps({name: one.said for name, one in named.items()})
    return Call("POST", of_collection(collection, "items"), _STORED, form={"metadata": metadata}, files=files)


def add_items(collection: str, items: Sequence[NewItem]) -> Call[Stored]:
    """Store documents with pictures or vectors, in one body; each that cannot be stored is rejected by itself."""
    body = {"items": [one.as_json() for one in items]}
    return Call("POST", of_collection(collection, "items", "json"), _STORED, json=body)


def delete_items(
    collection: str,
    doc_ids: Sequence[str] | None = None,
    *,
    filter: str | None = None,  # noqa: A002
    dry_run: bool = False,
) -> Call[Deletion]:
    """Delete the documents of a list or those that a filter keeps, all at once; or only count them."""
    chosen = {"doc_ids": None if doc_ids is None else list(doc_ids), "filter": filter, "dry_run": dry_run}
    return Call("POST", of_collection(collection, "items", "delete"), _DELETION, json=without_none(chosen))


def thumbnail(collection: str, doc_id: str, *, side: int | None = None) -> Call[bytes]:
    """A small copy of a document's picture, a WebP file that fits into `side` x `side` pixels."""
    return Call("GET", of_collection(collection, "thumbnail"), content, params={"doc_id": doc_id, "side": side})


def image(collection: str, doc_id: str) -> Call[bytes]:
    """A document's picture, the file itself."""
    return Call("GET", of_collection(collection, "image"), content, params={"doc_id": doc_id})
