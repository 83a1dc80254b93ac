"""The fields that changes of documents are made of, with their bounds."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from starlette.datastructures import UploadFile

from api.wire.fields import LONGEST_NAME, Storable
from api.writing import examples
from retrieval.records import LONGEST_CAPTION, MAX_DOC_ID_BYTES

MOST_IDS = 1_000
LONGEST_CURSOR = 4 * MAX_DOC_ID_BYTES  # in base64


def _attribute(value: object) -> object:
    """One message instead of one for each type that it might have been."""
    is_texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if value is None or is_texts or isinstance(value, str | int | float):
        return value
    raise ValueError("an attribute is a text, a number, true, false, null or a list of texts")


def _text(part: object) -> object:
    """Clients that name the type of a part often give it a file name too."""
    return part.file.read() if isinstance(part, UploadFile) else part


AlsoAsFile = BeforeValidator(_text)

_SCALARS = [{"type": name} for name in ("string", "number", "boolean", "null")]
_VALUE = {"anyOf": [*_SCALARS, {"type": "array", "items": {"type": "string"}}]}

AttributeValue = Annotated[Any, AfterValidator(_attribute), WithJsonSchema(_VALUE)]
AttributeName = Annotated[str, Field(max_length=LONGEST_NAME), Storable]
Attributes = Annotated[
    dict[AttributeName, AttributeValue],
    Field(
        description="What filters see of the document; null is as if it were not there.", examples=[examples.ATTRIBUTES]
    ),
]
Captions = Annotated[
    list[Annotated[str, Field(max_length=LONGEST_CAPTION), Storable]],
    Field(description="What is said of the picture.", examples=[["a red shirt on a wooden table"]]),
]
DocIds = Annotated[
    list[Annotated[str, Field(max_length=MAX_DOC_ID_BYTES), Storable]],
    Field(min_length=1, max_length=MOST_IDS, description="Ids of documents.", examples=[["shirts/red.jpg"]]),
]
Cursor = Annotated[
    Annotated[str, Field(max_length=LONGEST_CURSOR)] | None,
    Field(description="`next_cursor` of the page before."),
]
PageLength = Annotated[int, Field(ge=1, le=MOST_IDS, description="Most documents of the page.")]
