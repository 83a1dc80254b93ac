"""Flickr token files and their kin: one caption a line.

Hodosh, Young & Hockenmaier, "Framing image description as a ranking task" (JAIR 2013), gave Flickr8k in this form, and
Young et al., "From image descriptions to visual denotations" (TACL 2014), Flickr30k.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from indexer.sources.caption_file import CaptionFileSource
from indexer.sources.caption_lines import CaptionLine, read_caption_lines
from indexer.sources.entry import Entry
from indexer.sources.lines import place_of
from indexer.sources.values import as_captions, as_doc_id
from retrieval.errors import SourceError
from retrieval.types import CatalogRecord


@dataclass(frozen=True, slots=True)
class _Image:
    line: int
    captions: dict[int, CaptionLine] = field(default_factory=dict)


class FlickrTokenSource(CaptionFileSource):
    """The images of a file with one caption a line (see `read_caption_lines`), in the order of their first lines.

    `doc_id` is the image as it is written, captions are in the order of their numbers, and there are no attributes.
    """

    def _entries(self) -> Iterator[Entry]:
        for name, image in self._images().items():
            place = place_of(self._path, image.line)
            yield Entry(place, CatalogRecord(name, self._locate(name, place), self._captions(image)))

    def _images(self) -> dict[str, _Image]:
        images: dict[str, _Image] = {}
        for caption in read_caption_lines(self._path):
            place = place_of(self._path, caption.line)
            name = as_doc_id(caption.image.strip(), what="the image's name", place=place)
            captions = images.setdefault(name, _Image(caption.line)).captions
            number = len(captions) if caption.number is None else caption.number
            if number in captions:
                first = place_of(self._path, captions[number].line)
                remedy = "number the captions of an image differently"
                raise SourceError(f"{place}: caption {number} of {name!r} was given before ({first}); {remedy}")
            captions[number] = caption
        return images

    def _captions(self, image: _Image) -> tuple[str, ...]:
        texts: list[str] = []
        for _, caption in sorted(image.captions.items()):
            texts.extend(as_captions(caption.text, what="the caption", place=place_of(self._path, caption.line)))
        return tuple(texts)
