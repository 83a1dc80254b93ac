"""This library's index beside FAISS HNSW, hnswlib and usearch: build time, memory, recall and speed in one run.

    python -m benchmarks.ann --rows 200000 --work DIR
    python -m benchmarks.ann --grow --work DIR

Vectors are made (benchmarks/clip_like.py). All have M = 32 and 200 candidates when building; usearch runs twice, with
its own choice of number format and with float32. Data and built indexes stay in DIR and are used again. Writes
result.json and recall.png there (growth.json and growth.png with --grow). Needs the extra [bench], and Linux. Run it
on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import asdict
from pathlib import Path

from benchmarks.ann_data import prepare
from benchmarks.ann_engines import ENGINES, OURS, PEERS
from benchmarks.ann_measure import Built, Point, build, sweep, with_memory
from benchmarks.ann_report import plot_growth, plot_recall, print_growth, print_table

GROWTH = (10_000, 50_000, 200_000, 1_000_000)


def run(rows: int, arguments: argparse.Namespace) -> dict[str, tuple[Built, dict[str, list[Point]]]]:
    """Build what is missing, measure, print and write; by engine what was built and its points by kind of query."""
    folder = arguments.work / f"{arguments.data}-{rows}"
    data = prepare(folder, arguments.data, rows)
    built = {}
    for name in arguments.engines:
        home = folder / name.replace(", ", "-").replace(" ", "-")
        if name in arguments.rebuild:
            shutil.rmtree(home, ignore_errors=True)
        built[name] = build(name, data, home, arguments.build_threads)
        print(f"{name}: built in {built[name].seconds:.0f} s with {built[name].threads} threads", flush=True)
        if not arguments.build_only:
            built[name] = with_memory(name, built[name], data, home)
            ENGINES[name].open(home)
    if arguments.build_only:
        return {}
    points = sweep({name: ENGINES[name] for name in arguments.engines}, data, rounds=arguments.rounds)
    measured = {name: (built[name], points[name]) for name in arguments.engines}
    (folder / "result.json").write_text(json.dumps({n: _as_json(*found) for n, found in measured.items()}, indent=1))
    print_table(f"{rows:,} vectors, {arguments.data}", measured)
    plot_recall(folder / "recall.png", f"{rows:,} vectors, {arguments.data}", measured)
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--grow", action="store_true", help="10,000 to a million vectors, one after the other")
    parser.add_argument("--most-rows", type=int, default=GROWTH[-1], help="where --grow ends")
    parser.add_argument("--data", choices=["clip", "isotropic"], default="clip")
    parser.add_argument("--work", type=Path, required=True, help="folder for data, indexes and results")
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=[OURS, *PEERS])
    parser.add_argument("--rebuild", nargs="+", choices=list(ENGINES), default=[], help="build these anew")
    parser.add_argument("--build-only", action="store_true", help="measure nothing")
    parser.add_argument("--build-threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sizes = [rows for rows in GROWTH if rows <= arguments.most_rows] if arguments.grow else [arguments.rows]
    results = {rows: run(rows, arguments) for rows in sizes}
    if arguments.grow and not arguments.build_only:
        print_growth(results)
        plot_growth(arguments.work / "growth.png", results)
        growth = {rows: {n: _as_json(*found) for n, found in one.items()} for rows, one in results.items()}
        (arguments.work / "growth.json").write_text(json.dumps(growth, indent=1))


def _as_json(built: Built, points: dict[str, list[Point]]) -> dict[str, object]:
    return {"built": asdict(built), "points": {kind: [asdict(p) for p in some] for kind, some in points.items()}}


if __name__ == "__main__":
    main()
