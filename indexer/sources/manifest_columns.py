"""Which column of a manifest means what."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_ID_COLUMNS = ("doc_id", "id")
_CAPTION_COLUMNS = re.compile(r"captions?|caption_[0-9]+")


@dataclass(frozen=True, slots=True)
class ManifestColumns:
    """The roles of columns by name; whatever has none is an attribute.

    `image` holds paths. `doc_id` holds ids; None: `doc_id`, else `id`, else the image path as written. `captions` names
    the caption columns; empty: `caption`, `captions` and `caption_1` to `caption_n`. `exclude` is left out.
    """

    image: str = "image"
    doc_id: str | None = None
    captions: tuple[str, ...] = ()
    exclude: frozenset[str] = frozenset()

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that must be there: the image's, and those that were asked for by name."""
        return (self.image, *([] if self.doc_id is None else [self.doc_id]), *self.captions)

    def is_caption(self, name: str) -> bool:
        """Whether a column holds captions."""
        return name in self.captions if self.captions else _CAPTION_COLUMNS.fullmatch(name) is not None

    def is_text(self, name: str) -> bool:
        """Whether the cells of a column are texts even where they look like numbers."""
        return name in (self.image, self.doc_id, *_ID_COLUMNS) or self.is_caption(name)

    def id_column(self, fields: Collection[str]) -> str:
        """The column that gives the id of a row with these fields."""
        if self.doc_id is not None:
            return self.doc_id
        return next((name for name in _ID_COLUMNS if name in fields), self.image)
