"""TREC's qrels and run files, as trec_eval reads them; one whose name ends in .gz is read through gzip.

A qrels line is `query_id iteration doc_id relevance`, a run line `query_id Q0 doc_id rank score tag`, separated by
blanks or tabs. The iteration, "Q0", the rank and the tag are read over, and so are blank lines. An id can therefore
hold no white space, unless both sides agree on quoting (`quoted`): white space, NUL and % are then written as %XX, as
in a URI. Ids without these look the same either way.
"""

from __future__ import annotations

import gzip
import re
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError, SourceError, StorageError
from retrieval.evaluation.columns import IntArray, first_repeat, pair_keys
from retrieval.evaluation.judgements import Qrels, Run, as_scores, first_not_finite

QRELS_COLUMNS = ("query_id", "iteration", "doc_id", "relevance")
RUN_COLUMNS = ("query_id", "Q0", "doc_id", "rank", "score", "tag")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SPACE = re.compile(r"[\x00\t\n\v\f\r ]")
_QUOTED = re.compile(r"[%\x00\t\n\v\f\r ]")


def read_qrels(path: str | Path, *, quoted: bool = False) -> Qrels:
    """Judgements from a file, in one pass. Relevance is a whole number; negative ones are not relevant.

    Raises `SourceError` with the line for one that is malformed or not UTF-8, a relevance that is no whole number, or a
    document judged twice for a query; and for a file that is empty or cannot be read.
    """
    table = _read(Path(path), QRELS_COLUMNS, value=3, kind="a whole number", convert=_whole, typecode="q")
    return Qrels.from_columns(*table.columns(quoted=quoted), table.values)


def read_run(path: str | Path, *, quoted: bool = False) -> Run:
    """A run from a file, in one pass; its order is by score, whatever its rank column says.

    Raises `SourceError` with the line for one that is malformed or not UTF-8, a score that is not a finite number, or a
    document listed twice for a query; and for a file that is empty or cannot be read.
    """
    table = _read(Path(path), RUN_COLUMNS, value=4, kind="a number", convert=_real, typecode="d")
    scores = as_scores(table.values)
    if (bad := first_not_finite(scores)) is not None:
        raise SourceError(f"{table.place(bad)}: the score {table.values[bad]} is not finite; mend it or drop the line")
    return Run.from_columns(*table.columns(quoted=quoted), scores)


def write_qrels(path: str | Path, qrels: Qrels, *, quoted: bool = False) -> None:
    """Write judgements so that trec_eval and `read_qrels` read them; whole or not at all.

    Raises `InputError` for an id that cannot be written and `StorageError` where the file cannot be.
    """
    queries, docs = _written(qrels.query_ids, quoted=quoted), _written(qrels.doc_ids, quoted=quoted)
    rows = zip(qrels.queries.tolist(), qrels.docs.tolist(), qrels.relevance.tolist(), strict=True)
    _write(Path(path), (f"{queries[query]} 0 {docs[doc]} {relevance}\n" for query, doc, relevance in rows))


def write_run(path: str | Path, run: Run, *, tag: str = "retrieval", quoted: bool = False) -> None:
    """Write a run so that trec_eval and `read_run` read it, scores to the last bit; whole or not at all.

    `tag` names the run in its last column. A query without results leaves no line. Raises as `write_qrels` does.
    """
    if not tag or _SPACE.search(tag):
        raise InputError(f"a run's tag is one word, not {tag!r}")
    queries, docs = _written(run.query_ids, quoted=quoted), _written(run.doc_ids, quoted=quoted)
    _write(Path(path), _run_lines(run, queries, docs, tag))


@dataclass(frozen=True, slots=True)
class _Table:
    """A file's columns: ids as numbers into the distinct `query_ids` and `doc_ids`, and the line of each row."""

    path: Path
    query_ids: tuple[bytes, ...]
    doc_ids: tuple[bytes, ...]
    queries: IntArray
    docs: IntArray
    values: NDArray[np.float64] | IntArray
    lines: IntArray

    def place(self, row: int) -> str:
        """File and line of a row, for messages."""
        return f"{self.path}, line {self.lines[row]}"

    def columns(self, *, quoted: bool) -> tuple[list[str], list[str], IntArray, IntArray]:
        """Decoded ids and checked numbers: every (query, document) once."""
        repeat = first_repeat(pair_keys(self.queries, self.docs, len(self.doc_ids)))
        if repeat is not None:
            doc, query = (repr(ids[numbers[repeat[1]]].decode(errors="replace")) for ids, numbers in self._ids())
            earlier = f"line {self.lines[repeat[0]]} has it already"
            raise SourceError(f"{self.place(repeat[1])}: document {doc} a second time for query {query}; {earlier}")
        doc_ids, query_ids = (self._decoded(ids, numbers, quoted=quoted) for ids, numbers in self._ids())
        return query_ids, doc_ids, self.queries, self.docs

    def _ids(self) -> tuple[tuple[tuple[bytes, ...], IntArray], tuple[tuple[bytes, ...], IntArray]]:
        return (self.doc_ids, self.docs), (self.query_ids, self.queries)

    def _decoded(self, ids: Sequence[bytes], numbers: IntArray, *, quoted: bool) -> list[str]:
        decoded = []
        for number, raw in enumerate(ids):
            try:
                text = raw.decode()
                decoded.append(unquote(text, errors="strict") if quoted else text)
            except UnicodeDecodeError as error:
                place = self.place(int(np.argmax(numbers == number)))
                raise SourceError(f"{place}: the id {raw[:60]!r} is not UTF-8 text; save the file as UTF-8") from error
        return decoded


def _read(
    path: Path,
    columns: tuple[str, ...],
    *,
    value: int,
    kind: str,
    convert: Callable[[bytes], float],
    typecode: str,
) -> _Table:
    query_numbers: dict[bytes, int] = {}
    doc_numbers: dict[bytes, int] = {}
    queries, docs, lines = array("q"), array("q"), array("q")
    values: array[Any] = array(typecode)
    for line, fields in _rows(path, columns):
        try:
            values.append(convert(fields[value]))
        except (ValueError, OverflowError) as error:
            shown = fields[value][:60].decode(errors="replace")
            raise SourceError(f"{path}, line {line}: the {columns[value]} {shown!r} is not {kind}; mend it") from error
        queries.append(query_numbers.setdefault(fields[0], len(query_numbers)))
        docs.append(doc_numbers.setdefault(fields[2], len(doc_numbers)))
        lines.append(line)
    if not lines:
        raise SourceError(f"{path}: empty; a line is written: {' '.join(columns)}")
    return _Table(
        path=path,
        query_ids=tuple(query_numbers),
        doc_ids=tuple(doc_numbers),
        queries=np.frombuffer(queries, np.int64),
        docs=np.frombuffer(docs, np.int64),
        values=np.frombuffer(values, np.dtype(typecode)),
        lines=np.frombuffer(lines, np.int64),
    )


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[bytes]]]:
    """Every line that is not blank: its number, counted from 1, and its fields."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                fields = (line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line).split()
                if len(fields) == len(columns):
                    yield number, fields
                elif fields:
                    wanted = f"{len(columns)}: {' '.join(columns)}"
                    raise SourceError(f"{path}, line {number}: {len(fields)} columns where there should be {wanted}")
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def _whole(text: bytes) -> int:
    return int(_plain(text))


def _real(text: bytes) -> float:
    return float(_plain(text))


def _plain(text: bytes) -> bytes:
    if b"_" in text:  # Python takes 1_000 for a number
        raise ValueError
    return text


def _run_lines(run: Run, queries: Sequence[str], docs: Sequence[str], tag: str) -> Iterator[str]:
    for number, query in enumerate(queries):
        rows = slice(run.starts[number], run.starts[number + 1])
        results = zip(run.docs[rows].tolist(), run.scores[rows], strict=True)  # float32 scalars print shortest
        for rank, (doc, score) in enumerate(results, start=1):
            yield f"{query} Q0 {docs[doc]} {rank} {score!s} {tag}\n"


def _written(ids: Iterable[str], *, quoted: bool) -> list[str]:
    return [_quote(text) if quoted else _checked(text) for text in map(_encodable, ids)]


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"the id {text!r} has a character that is not valid Unicode; rename it") from None
    if not text:
        raise InputError("an empty id cannot stand in a TREC file; name it")
    return text


def _checked(text: str) -> str:
    if _SPACE.search(text):
        raise InputError(f"the id {text!r} has white space in it, which TREC files cannot hold; write with quoted=True")
    return text


def _quote(text: str) -> str:
    return _QUOTED.sub(lambda found: f"%{ord(found[0]):02X}", text)


def _write(path: Path, lines: Iterable[str]) -> None:
    partial = path.with_name(f"{path.name}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror})") from error
