"""The columns of a snapshot in one file of the safetensors format: reading them back takes no parsing of values.

An array is named by its attribute's number, its column and its part, as in `3.strings.codes`. The header's one entry of
metadata, JSON, has the number of rows and, by attribute, how many values each column has.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from retrieval.errors import CorruptionError
from retrieval.filters.attribute import Attribute
from retrieval.filters.columns import CodedColumn, Column, FlagColumn, ListColumn, NumberColumn, Places
from retrieval.filters.dictionary import Terms, Texts
from retrieval.filters.snapshot import AttributeSnapshot
from retrieval.filters.stored_terms import Arrays, load_integers, load_texts, store_integers, store_texts
from retrieval.types import KeyArray

COLUMNS = tuple(field.name for field in fields(Attribute))


def save_snapshot(snapshot: AttributeSnapshot, path: Path) -> None:
    """Write the attributes; the same rows give the same bytes. Their keys are kept elsewhere."""
    arrays: dict[str, NDArray[Any]] = {}
    counts: dict[str, dict[str, int]] = {}
    for number, name in enumerate(sorted(snapshot.attributes)):
        columns = _columns(snapshot.attributes[name])
        counts[name] = {column: one.places.count for column, one in columns.items()}
        for column, one in columns.items():
            arrays.update((f"{number}.{column}.{part}", array) for part, array in _parts(one).items())
    header = json.dumps({"rows": len(snapshot.keys), "attributes": counts})
    path.write_bytes(save(arrays, metadata={"columns": header}))  # its own writing to files sets their mode to 0600


def load_snapshot(path: Path, keys: KeyArray) -> AttributeSnapshot:
    """Read what `save_snapshot` wrote, for the same keys, int64 (rows,). `CorruptionError` if their number differs."""
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["columns"])
        parts: dict[str, dict[str, NDArray[Any]]] = {}
        for name in file.keys():  # noqa: SIM118  not a dictionary
            column, part = name.rsplit(".", 1)
            parts.setdefault(column, {})[part] = file.get_tensor(name)
    if header["rows"] != len(keys):
        raise CorruptionError(f"the index file {path.name} has {header['rows']:,} rows instead of {len(keys):,}")
    attributes = {}
    for number, (name, counts) in enumerate(header["attributes"].items()):
        columns: dict[str, Any] = {
            column: _column(column, count, parts[f"{number}.{column}"]) for column, count in counts.items()
        }
        attributes[name] = Attribute(**columns)
    return AttributeSnapshot(keys, attributes)


def _columns(attribute: Attribute) -> dict[str, Column]:
    columns = {name: getattr(attribute, name) for name in COLUMNS}
    return {name: column for name, column in columns.items() if column is not None}


def _parts(column: Column) -> Arrays:
    rows = column.places.rows
    places = {} if rows is None else {"rows": rows}
    match column:
        case NumberColumn(_, values) | FlagColumn(_, values):
            return {**places, "values": values}
        case ListColumn(_, owners, codes, texts):
            return {**places, "owners": owners, "codes": codes, **_stored(texts)}
        case CodedColumn(_, codes, terms):
            return {**places, "codes": codes, **_stored(terms)}


def _stored(terms: Terms[Any]) -> Arrays:
    return store_texts(terms) if isinstance(terms, Texts) else store_integers(terms)


def _column(name: str, count: int, parts: Arrays) -> Column:
    places = Places(count, parts.get("rows"))
    match name:
        case "numbers":
            return NumberColumn(places, parts["values"])
        case "flags":
            return FlagColumn(places, parts["values"])
        case "integers":
            return CodedColumn(places, parts["codes"], load_integers(parts))
        case "strings":
            return CodedColumn(places, parts["codes"], load_texts(parts))
        case _:
            return ListColumn(places, parts["owners"], parts["codes"], load_texts(parts))
