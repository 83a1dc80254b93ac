"""Queries and judgements from a folder of CLIP vectors with class names, for `retrieval eval run`.

    python -m benchmarks.clip_vectors FOLDER OUT

FOLDER is laid out as clip-retrieval does it (`img_emb/`, `text_emb/`, `metadata/`), with `text_emb/queries.json`, the
texts "a NAME" of the text vectors, and an `articleType` for every image. A query is judged where its name is a class,
in the singular or the plural; its images are relevant. Writes OUT/queries.tsv, OUT/queries.npy and OUT/qrels.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from pyarrow import parquet

from retrieval.evaluation import Qrel, Qrels, write_qrels


def judged(texts: list[str], classes: list[str], doc_ids: list[str]) -> dict[int, list[str]]:
    """The relevant doc_ids of every query, by its row, whose name is one of the classes."""
    members: dict[str, list[str]] = {}
    for doc_id, name in zip(doc_ids, classes, strict=True):
        members.setdefault(name.lower(), []).append(doc_id)
    found = {}
    for row, text in enumerate(texts):
        name = text.removeprefix("a ")
        named = [doc_id for form in (name, f"{name}s", f"{name}es") for doc_id in members.get(form, ())]
        if named:
            found[row] = named
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    source, out = arguments.folder, arguments.out
    if not (source / "text_emb" / "queries.json").is_file():
        print(f"skipped: {source} has no text_emb/queries.json", file=sys.stderr)
        return
    texts = json.loads((source / "text_emb" / "queries.json").read_text(encoding="utf-8"))
    rows = parquet.read_table(source / "metadata" / "metadata_0.parquet").to_pydict()
    relevant = judged(texts, rows["articleType"], rows["image_path"])
    out.mkdir(parents=True, exist_ok=True)
    vectors = np.load(source / "text_emb" / "text_emb_0.npy")
    np.save(out / "queries.npy", vectors[list(relevant)].astype(np.float32))
    (out / "queries.tsv").write_text("".join(f"{row}\t{texts[row]}\n" for row in relevant), encoding="utf-8")
    qrels = Qrels.from_judgements(Qrel(str(row), doc_id, 1) for row, ids in relevant.items() for doc_id in ids)
    write_qrels(out / "qrels", qrels)
    print(f"{len(relevant)} of {len(texts):,} queries name a class; {len(qrels):,} judgements: {out}")


if __name__ == "__main__":
    main()
