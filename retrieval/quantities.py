"""Numbers as people write them: 10M documents, 16GB of memory."""

from __future__ import annotations

import re
from collections.abc import Mapping

from retrieval.errors import InputError

COUNTS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
BYTES = {"": 1, "b": 1} | {
    f"{prefix}{unit}": base**power
    for power, prefix in enumerate("kmgt", 1)
    for unit, base in (("b", 1_000), ("ib", 1_024))
}


def parse_count(text: str) -> int:
    """A whole number, with k, M or B for thousands, millions and billions; `InputError` for anything else.

    >>> parse_count("2.5M")
    2500000
    """
    return _parse(text, COUNTS, "a count such as 250000, 10M or 1.5B")


def parse_bytes(text: str) -> int:
    """Bytes, with the units kB, MB, GB, TB (powers of 1,000) and KiB, MiB, GiB, TiB; `InputError` for anything else.

    >>> parse_bytes("16GiB")
    17179869184
    """
    return _parse(text, BYTES, "a size such as 16GB or 512MiB")


def show_bytes(count: float) -> str:
    """Three digits and a unit, powers of 1,000.

    >>> show_bytes(5_340_000_000)
    '5.34 GB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1_000
    return f"{count:,.3g} TB" if count < 999.5 else f"{count:,.0f} TB"


def show_seconds(seconds: float) -> str:
    """A duration in the largest unit of which there is at least two.

    >>> show_seconds(5400)
    '90 min'
    """
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _parse(text: str, units: Mapping[str, int], wanted: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().replace(",", "").lower())
    if not match or match[2] not in units:
        raise InputError(f"{text!r} is not {wanted}")
    value = round(float(match[1]) * units[match[2]])
    if not value:
        raise InputError(f"{text!r} is nothing: give {wanted}")
    return value
