"""Every error that this project raises on purpose.

    RetrievalError
    ├── InputError                what the caller gave is wrong; the message names it and the remedy
    │   ├── FilterError           a filter expression that does not parse, with its position
    │   ├── CursorError           a cursor of another search, or none at all
    │   ├── VectorError           a vector of the wrong shape, not finite, or of length zero
    │   ├── SourceError           a catalogue source that cannot be read as one (file, line, remedy)
    │   └── SnapshotError         a snapshot that is damaged, of a newer release, or none at all
    ├── NotFoundError             a collection or a document that does not exist
    │   └── GoneError             a collection that was there, and was deleted meanwhile
    ├── ConflictError             the thing exists, is busy, or changed meanwhile
    │   ├── BusyError             somebody else is at it
    │   └── EncoderMismatchError  vectors of another encoder than the collection's
    ├── ImageError                one image that cannot be decoded; carries a stable reason code
    │   └── RecordError           one whose id, captions or attributes cannot be stored
    ├── ModelError                an encoder that cannot be loaded or had
    │   └── ExternalVectorsError  there is none: the collection's vectors were made elsewhere
    ├── StorageError              a file or a database that is missing, damaged, full or gone
    │   └── CorruptionError       a file whose checksum is not the recorded one
    ├── RecallError               an index that falls short of its target, and was not published
    ├── DependencyError           an optional package that is needed and not installed
    └── GpuError                  a GPU that cannot do it; the CPU can

Messages are one line, for people, and say what to do. They carry no HTTP codes; `api` maps classes to statuses.
"""

from __future__ import annotations


class RetrievalError(Exception):
    """Base of every error raised on purpose."""


class InputError(RetrievalError):
    """What the caller gave is wrong."""


class FilterError(InputError):
    """A filter expression that does not parse or does not fit: `problem` says why, `position` is a 0-based offset."""

    def __init__(self, message: str, *, expression: str, position: int) -> None:
        super().__init__(f"{message} (at position {position + 1} of the filter: {_excerpt(expression, position)})")
        self.problem = message
        self.expression = expression
        self.position = position


class CursorError(InputError):
    """A cursor that belongs to another search, or is none."""


class VectorError(InputError):
    """A vector of the wrong shape or with values that no similarity is defined for."""


class SourceError(InputError):
    """A catalogue source that cannot be read; says which file and line."""


class SnapshotError(InputError):
    """A snapshot of a collection that cannot be restored."""


class NotFoundError(RetrievalError):
    """A collection or a document that does not exist."""

    @classmethod
    def of_document(cls, doc_id: str, collection: str) -> NotFoundError:
        """For a document that a collection does not hold."""
        return cls(f"no document {doc_id!r} in collection {collection!r}")


class GoneError(NotFoundError):
    """The collection was deleted while it was in use; its name may lead to another one by now."""

    def __init__(self) -> None:
        super().__init__("the collection was deleted meanwhile")


class ConflictError(RetrievalError):
    """The thing exists already, is in use, or changed meanwhile."""


class BusyError(ConflictError):
    """Another thread or process is at work on the thing, and is not waited for any longer."""


class EncoderMismatchError(ConflictError):
    """The collection holds vectors of another encoder than the one at hand."""


class ImageError(RetrievalError):
    """One image that cannot be decoded; `reason` is a short stable code such as `truncated`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RecordError(ImageError):
    """One catalogue entry that cannot be stored, whatever its image is like."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid-record", message)


class ModelError(RetrievalError):
    """An encoder that cannot be loaded: unknown name, weights out of reach, a checkpoint of another architecture."""


class ExternalVectorsError(ModelError):
    """A collection whose vectors were made elsewhere is asked for what takes an encoder; `remedy` ends the message."""

    def __init__(self, name: str, model: str, remedy: str = "search it by vector or doc_id") -> None:
        super().__init__(f"the vectors of {name!r} were made elsewhere ({model}): {remedy}")


class StorageError(RetrievalError):
    """A file or database that is missing, full or gone."""


class CorruptionError(StorageError):
    """A file whose content is not what was written."""


class RecallError(RetrievalError):
    """An index that does not find as much as its collection promises; it was not published."""


class DependencyError(RetrievalError):
    """An optional package that this call needs is not installed."""


class GpuError(RetrievalError):
    """A GPU that lacks the memory, or fails; what it was to do can be done on the CPU."""


def _excerpt(expression: str, position: int, width: int = 24) -> str:
    start, end = max(0, position - width), position + width
    head = "…" if start else ""
    tail = "…" if end < len(expression) else ""
    return f"{head}{expression[start:position]}⟦{expression[position:end]}⟧{tail}"
