"""Karpathy-style JSON: `{"images": [{"filename": ..., "split": ..., "sentences": [{"raw": ...}, ...]}, ...]}`.

The form in which the splits of Karpathy & Fei-Fei, "Deep visual-semantic alignments for generating image descriptions"
(CVPR 2015), of COCO, Flickr8k and Flickr30k are handed on.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from indexer.sources.caption_file import CaptionFileSource
from indexer.sources.entry import Entry
from indexer.sources.json_images import caption_of, objects_in, read_document, text_of
from indexer.sources.values import as_doc_id, split_fields
from retrieval.errors import SourceError
from retrieval.types import CatalogRecord

_NO_ATTRIBUTES = frozenset({"filepath", "filename", "sentences", "sentids"})


class KarpathySource(CaptionFileSource):
    """The images of a Karpathy-style JSON, or of one `split` of it (train, restval, val, test).

    `doc_id` is `filepath/filename`, or `filename` where there is no `filepath`. The fields of an image, but for its
    name and sentences and those that `exclude` names, are its attributes, `split` among them.
    """

    def __init__(
        self, path: Path, *, images: Path | None = None, split: str | None = None, exclude: Collection[str] = ()
    ) -> None:
        super().__init__(path, images=images)
        self._split = split
        self._exclude = _NO_ATTRIBUTES.union(exclude)

    def _entries(self) -> Iterator[Entry]:
        splits: dict[str, None] = {}
        document = read_document(self._path, object_hook=_without_tokens)
        for place, image in objects_in(document, "images", str(self._path)):
            if self._split is not None:
                split = text_of(image, "split", place)
                splits[split] = None
                if split != self._split:
                    continue
            yield Entry(place, self._record(image, place))
        if self._split is not None and self._split not in splits:
            found = ", ".join(map(repr, splits)) or "none"
            raise SourceError(f"{self._path}: no image of the split {self._split!r}; there are {found}")

    def _record(self, image: Mapping[str, Any], place: str) -> CatalogRecord:
        name = text_of(image, "filename", place)
        if image.get("filepath"):
            name = posixpath.join(text_of(image, "filepath", place), name)
        captions = [
            caption
            for sentence_place, sentence in objects_in(image, "sentences", place)
            for caption in caption_of(sentence, "raw", sentence_place)
        ]
        _, attributes = split_fields(image, is_caption=lambda _: False, exclude=self._exclude, place=place)
        doc_id = as_doc_id(name, what="the file's name", place=place)
        return CatalogRecord(doc_id, self._locate(name, place), tuple(captions), attributes)


def _without_tokens(fields: dict[str, Any]) -> dict[str, Any]:
    """Drop the words of a sentence one by one while parsing: they take more than half of the memory."""
    fields.pop("tokens", None)
    return fields
