"""What clients send to change documents, or to list them: the wire shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
from fastapi import UploadFile
from pydantic import ConfigDict, Field, Json, model_validator

from api.wire.fields import DocId, FilterText, FilterTextInUrl, ImageBase64, ImageFile, VectorValues
from api.wire.requests import StrictBody, StrictParameters
from api.writing import examples
from api.writing.fields import AlsoAsFile, Attributes, Captions, Cursor, DocIds, PageLength
from api.writing.incoming import SentItem
from retrieval.errors import InputError
from retrieval.patching import Patch
from retrieval.types import AttributeValue, CatalogRecord


class ItemForm(StrictParameters):
    """A document as a form: its picture as a file, captions and attributes as JSON."""

    image: ImageFile
    captions: Annotated[Json[Captions], AlsoAsFile] = Field(default_factory=list)
    attributes: Annotated[Json[Attributes], AlsoAsFile] = Field(default_factory=dict)

    async def sent(self, doc_id: str) -> SentItem:
        """The same for the service."""
        return SentItem(_record(doc_id, self.captions, self.attributes), await self.image.read())


class Metadata(StrictBody):
    """What is said of one file of an upload; the name of the file is the id unless another one is given."""

    doc_id: DocId | None = None
    captions: Captions = Field(default_factory=list)
    attributes: Attributes = Field(default_factory=dict)


class UploadForm(StrictParameters):
    """Several pictures as files, and what is said of them by their file names."""

    images: Annotated[list[UploadFile], Field(min_length=1, description="Picture files; each name is a doc_id.")]
    metadata: Annotated[Json[dict[str, Metadata]], AlsoAsFile] = Field(
        default_factory=dict,
        description="By file name: doc_id, captions and attributes.",
        examples=[examples.METADATA],
    )

    async def sent(self) -> list[SentItem]:
        """The same for the service. `InputError` for metadata of a file that is not there."""
        names = [file.filename or "" for file in self.images]
        if others := self.metadata.keys() - names:
            raise InputError(f"metadata names {min(others)[:100]!r}, and no file of that name was sent")
        said = [self.metadata.get(name, Metadata()) for name in names]
        return [
            SentItem(
                _record(name if one.doc_id is None else one.doc_id, one.captions, one.attributes), await file.read()
            )
            for name, one, file in zip(names, said, self.images, strict=True)
        ]


class NewItem(StrictBody):
    """A document with its picture in base64, or with a vector that the collection's own encoder made of it."""

    doc_id: DocId
    captions: Captions = Field(default_factory=list)
    attributes: Attributes = Field(default_factory=dict)
    image: ImageBase64 | None = None
    vector: VectorValues | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.image is None) == (self.vector is None):
            raise ValueError("a document has either an image or a vector")
        return self

    def sent(self) -> SentItem:
        """The same for the service."""
        content = np.array(self.vector, np.float32) if self.image is None else self.image
        return SentItem(_record(self.doc_id, self.captions, self.attributes), content)


class NewItems(StrictBody):
    """Documents to store."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_ITEMS]})

    items: Annotated[list[NewItem], Field(min_length=1)]


class ItemPatch(StrictBody):
    """A JSON merge patch (RFC 7396) of a document: what is not named stays; null removes."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PATCH]})

    attributes: Attributes = Field(default_factory=dict, description="Those to set; null removes one.")
    captions: Annotated[Captions | None, Field(description="All of them anew; null or [] for none.")] = None

    def patch(self) -> Patch:
        """The same for the library."""
        captions = tuple(self.captions or ()) if "captions" in self.model_fields_set else None
        return Patch(self.attributes, captions)


class PageParameters(StrictParameters):
    """Which part of the documents, in the order of their ids."""

    filter: FilterTextInUrl = None
    limit: PageLength = 100
    cursor: Cursor = None


class RejectParameters(StrictParameters):
    """Which part of what could not be indexed, in the order of the ids."""

    limit: PageLength = 100
    cursor: Cursor = None


class SeveralRequest(StrictBody):
    """Documents by id."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SEVERAL_REQUEST]})

    doc_ids: DocIds


class DeleteRequest(StrictBody):
    """Which documents to delete: those of a list, or those that a filter keeps."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DELETE_IDS, examples.DELETE_MATCHING]})

    doc_ids: DocIds | None = None
    filter: FilterText = None
    dry_run: Annotated[bool, Field(description="Only count them.")] = False

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.doc_ids is None) == (self.filter is None):
            raise ValueError("give either doc_ids or a filter")
        return self


def _record(doc_id: str, captions: Sequence[str], attributes: dict[str, AttributeValue]) -> CatalogRecord:
    said = {name: value for name, value in attributes.items() if value is not None}
    return CatalogRecord(doc_id, "", tuple(captions), said)
