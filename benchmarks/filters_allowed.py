"""What a filter adds to a search: its first use in a process, a new one, one used before, and after a commit.

    python -m benchmarks.filters_allowed [--rows 1000000] [--folder FOLDER]

Rows have seven attributes as a shop's would; vectors are tiny and searched exactly, for only `timings["filter"]` of
searches is looked at. A folder that exists is used again: filling one takes minutes. Each first use is that of a
process of its own. Figures are milliseconds, the best of five or nine; run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from retrieval.collection import Collection
from retrieval.index.files import COLUMNS
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 4
BATCH = 50_000
REPEAT = 9
SELECTIVITIES = [0.9, 0.5, 0.1, 0.01, 0.001, 0.0001]
FIRST = "price < 50"
OTHERS = {
    "three conditions": "category = 'category 7' and price < 50 and sale = true",
    "one of 5,000 brands": "brand = 'brand 4711'",
    "a list, a price, a flag": "tags contains 'tag 5' and price < 50 and not sale = true",
    "every row another string": "added >= '2021-01-05' and added < '2021-02-01'",
}


def attributes(start: int, rows: int) -> list[dict[str, object]]:
    """Rows `start` and following; half of them have a size."""
    rng = np.random.default_rng(start)
    prices, moments = rng.random(rows) * 100, rng.integers(0, 86_400 * 1_000, rows)
    days = (np.datetime64("2020-01-01T00:00:00") + moments.astype("timedelta64[s]")).astype(str).tolist()
    tags = rng.integers(0, 200, (rows, 3)).tolist()
    drawn = rng.integers(0, [20, 5_000, 2, 12], (rows, 4)).tolist()
    return [
        {
            "category": f"category {category}",
            "brand": f"brand {brand}",
            "price": price,
            "sale": bool(sale),
            "tags": [f"tag {tag}" for tag in three],
            "added": f"{moment}.{start + number:07d}",
            **({"size": size} if number % 2 else {}),
        }
        for number, ((category, brand, sale, size), price, three, moment) in enumerate(
            zip(drawn, prices.tolist(), tags, days, strict=True)
        )
    ]


def fill(folder: Path, rows: int) -> None:
    """A collection of so many rows in one segment without a graph."""
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        collection = workspace.create("shop", external_spec("bench", DIM), ModelReference("external"))
        rng = np.random.default_rng(0)
        for start in range(0, rows, BATCH):
            some = min(BATCH, rows - start)
            ids = [f"d{number}" for number in range(start, start + some)]
            collection.add_vectors(ids, rng.standard_normal((some, DIM)), attributes=attributes(start, some))
        collection.compact(exact_rows=10 * rows)


def spent(collection: Collection, expression: str) -> tuple[float, int]:
    """Milliseconds that the filter took of one search, and how many rows it allows."""
    result = collection.search(vector=np.ones(DIM, np.float32), k=10, filter=expression)
    return result.timings["filter"] * 1e3, result.plan.allowed or 0


def first_use(folder: Path) -> None:
    """Print what the first filter of this process takes."""
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        print(spent(workspace.open("shop"), FIRST)[0])


def first_uses(folder: Path) -> dict[str, float]:
    """First filters of new processes, from the saved columns and without them."""

    def once() -> float:
        command = [sys.executable, "-m", "benchmarks.filters_allowed", "--first", "--folder", str(folder)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    saved = min(once() for _ in range(5))
    for path in folder.glob(f"**/*.{COLUMNS}"):
        path.unlink()  # the next process writes it again
    return {"first filter of a process, saved columns": saved, "the same, from the database": once()}


def measure(collection: Collection) -> dict[str, dict[str, float]]:
    """By filter: rows allowed, and the time when it is new, used before, and new only to the rows of a commit."""
    filters = {f"{share:.2%} of rows": f"price < {share * 100:g}" for share in SELECTIVITIES} | OTHERS
    spent(collection, FIRST)
    found: dict[str, dict[str, float]] = {}
    for name, text in filters.items():
        spent(collection, f"({text}) or price < -1")  # decodes the strings that it looks at: once a process
        news = [spent(collection, f"({text}) and price > -{number}") for number in range(1, REPEAT + 1)]
        spent(collection, text)
        again = [spent(collection, text)[0] for _ in range(REPEAT)]
        found[name] = {"allowed": news[0][1], "new": min(ms for ms, _ in news)}
        found[name]["used before"] = min(again)
    for name, text in filters.items():
        after = []
        for number in range(REPEAT):
            collection.add_vectors([f"d{number}"], np.ones((1, DIM)), attributes=attributes(number, 1))
            collection.compactor.fold()
            after.append(spent(collection, text)[0])
        found[name]["after a commit"] = min(after)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--first", action="store_true", help="one first filter, in this process")
    arguments = parser.parse_args()
    if arguments.first:
        first_use(arguments.folder)
        return
    folder = arguments.folder or Path(tempfile.mkdtemp())
    if not (folder / "catalogue.sqlite3").exists():
        started = perf_counter()
        fill(folder, arguments.rows)
        print(f"filled in {perf_counter() - started:.0f} s", file=sys.stderr)
    results: dict[str, object] = dict(first_uses(folder))
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        results["milliseconds"] = measure(workspace.open("shop"))
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
