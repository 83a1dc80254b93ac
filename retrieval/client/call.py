"""Requests and how their answers are read, whoever sends them and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote

from httpx2 import Response
from pydantic import TypeAdapter

from retrieval.client.errors import UnexpectedAnswerError

T = TypeVar("T")
U = TypeVar("U")
Value: TypeAlias = str | int | float | bool | Sequence[str] | None
File: TypeAlias = tuple[str, bytes]
"""The name of a file and its bytes."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request: a body as JSON, or a form with files, or neither. Parameters and fields that are None are left out.

    `repeatable` says that making it twice is the same as making it once.
    """

    method: str
    path: str
    read: Callable[[Response], T]
    params: Mapping[str, Value] = field(default_factory=dict)
    json: Mapping[str, object] | None = None
    form: Mapping[str, Value] = field(default_factory=dict)
    files: Sequence[tuple[str, File]] = ()
    repeatable: bool = True

    def arguments(self) -> dict[str, Any]:
        """The same for `request` of an HTTP client."""
        return {
            "method": self.method,
            "url": self.path,
            "params": _given(self.params),
            **({} if self.json is None else {"json": self.json}),
            **({"data": _given(self.form), "files": self.files} if self.files else {}),
        }

    def then(self, convert: Callable[[T], U]) -> Call[U]:
        """The same request, with something else made of its answer."""
        return Call(
            self.method,
            self.path,
            lambda response: convert(self.read(response)),
            self.params,
            self.json,
            self.form,
            self.files,
            self.repeatable,
        )

    def at(self, cursor: str) -> Call[T]:
        """The same request for the part of a list that begins at a cursor."""
        if self.files:
            return replace(self, form={**self.form, "cursor": cursor})
        if self.json is not None:
            return replace(self, json={**self.json, "cursor": cursor})
        return replace(self, params={**self.params, "cursor": cursor})


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and the cursor of the next one."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Pages(Generic[T]):
    """A list that comes in parts: the call for the first of them."""

    first: Call[Page[T]]


def path(*parts: str | int) -> str:
    """A path below `/v1`, whatever characters its parts have."""
    return "/".join(("v1", *(quote(str(part), safe="") for part in parts)))


def of_collection(collection: str, *parts: str | int) -> str:
    """The path of something of a collection."""
    return path("collections", collection, *parts)


def reading(adapter: TypeAdapter[T], key: str | None = None) -> Callable[[Response], T]:
    """Reads JSON as a type, all of it or what is under a key. `UnexpectedAnswerError` where it is something else."""

    def read(response: Response) -> T:
        try:
            document = response.json()
            return adapter.validate_python(document if key is None else document[key])
        except (ValueError, KeyError, TypeError) as error:
            raise UnexpectedAnswerError(
                "unexpected_answer",
                f"what {response.request.url} answers is not what this client knows: check the address and the version",
                response.headers.get("X-Request-Id"),
            ) from error

    return read


def content(response: Response) -> bytes:
    """The bytes of an answer."""
    return response.content


def text(response: Response) -> str:
    """An answer as text."""
    return response.text


def without_none(values: Mapping[str, object]) -> dict[str, object]:
    """What is given."""
    return {name: value for name, value in values.items() if value is not None}


def _given(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None}
