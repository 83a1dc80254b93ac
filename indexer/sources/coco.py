"""COCO captions JSON: `{"images": [{"id": 7, "file_name": ...}], "annotations": [{"image_id": 7, "caption": ...}]}`.

Lin et al., "Microsoft COCO: common objects in context" (ECCV 2014), and many sets since in the same form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from indexer.sources.caption_file import CaptionFileSource
from indexer.sources.entry import Entry
from indexer.sources.json_images import caption_of, objects_in, read_document, text_of
from indexer.sources.values import as_doc_id, split_fields
from retrieval.errors import SourceError
from retrieval.types import CatalogRecord

_Id: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class _Image:
    place: str
    fields: Mapping[str, Any]
    captions: list[str] = field(default_factory=list)


class CocoCaptionsSource(CaptionFileSource):
    """The images of a COCO captions JSON; one without annotations has no captions.

    `doc_id` is `file_name`. The other fields of an image, but for those that `exclude` names, are its attributes.
    """

    def __init__(self, path: Path, *, images: Path | None = None, exclude: Collection[str] = ()) -> None:
        super().__init__(path, images=images)
        self._exclude = frozenset({"file_name", *exclude})

    def _entries(self) -> Iterator[Entry]:
        document = read_document(self._path)
        images = _images_by_id(document, str(self._path))
        _add_captions(images, document, str(self._path))
        for image in images.values():
            yield Entry(image.place, self._record(image))

    def _record(self, image: _Image) -> CatalogRecord:
        name = text_of(image.fields, "file_name", image.place)
        doc_id = as_doc_id(name, what="'file_name'", place=image.place)
        _, attributes = split_fields(image.fields, is_caption=lambda _: False, exclude=self._exclude, place=image.place)
        return CatalogRecord(doc_id, self._locate(name, image.place), tuple(image.captions), attributes)


def _images_by_id(document: Mapping[str, Any], path: str) -> dict[_Id, _Image]:
    images: dict[_Id, _Image] = {}
    for place, fields in objects_in(document, "images", path):
        image_id = _id_of(fields, "id", place)
        if image_id in images:
            first = images[image_id].place
            raise SourceError(f"{place}: image id {image_id!r} was given before ({first}); make the ids unique")
        images[image_id] = _Image(place, fields)
    return images


def _add_captions(images: Mapping[_Id, _Image], document: Mapping[str, Any], path: str) -> None:
    places: dict[_Id, str] = {}
    for position, annotation in objects_in(document, "annotations", path):
        annotation_id = _id_of(annotation, "id", position)
        place = f"{position} (id {annotation_id!r})"
        if annotation_id in places:
            raise SourceError(f"{place}: this id was given before ({places[annotation_id]}); make the ids unique")
        places[annotation_id] = position
        image_id = _id_of(annotation, "image_id", place)
        if image_id not in images:
            remedy = "add the image to 'images' or remove the annotation"
            raise SourceError(f"{place}: a caption for image {image_id!r}, which is not there; {remedy}")
        if "caption" not in annotation:
            raise SourceError(f"{place}: no 'caption'; give a file of captions, not one of instances or keypoints")
        images[image_id].captions.extend(caption_of(annotation, "caption", place))


def _id_of(fields: Mapping[str, Any], key: str, place: str) -> _Id:
    value = fields.get(key)
    if not isinstance(value, int | str) or isinstance(value, bool):
        raise SourceError(f"{place}: no {key!r}, or none that is a number or a text; add it")
    return value
