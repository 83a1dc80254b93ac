"""What searches find by vectors, by words and by both.

    python -m benchmarks.modes demo [--images 1000]
    python -m benchmarks.modes clip FOLDER           CLIP vectors in the layout of benchmarks/clip_vectors.py
    python -m benchmarks.modes captions SHARD        JSON files with captions, in a tar file (WebDataset)

"demo": new scenes of the demo world, with combinations that were never trained on; each caption looks for its scene,
which is stored with its other four. "captions": the same of photographs, by words alone. "clip": "a NAME", for names of
product classes, by the products' vectors and titles.
"""

from __future__ import annotations

import argparse
import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from retrieval.collection import Collection
from retrieval.demo.captions import captions
from retrieval.demo.render import render
from retrieval.demo.scene import sample_scene
from retrieval.encoders.registry import load_encoder
from retrieval.evaluation import Evaluation, Qrel, Qrels, Run, ScoredDoc, evaluate, parse_measure
from retrieval.protocols import Encoder
from retrieval.search.lexical import lexical_query
from retrieval.search.options import SearchOptions
from retrieval.search.query import Text
from retrieval.search.ranking import Sought
from retrieval.settings import Settings
from retrieval.types import DecodedImage, FloatArray, ModelReference, external_spec
from retrieval.workspace import Workspace

SEED, SIZE, DEPTH = 98, 320, 100
WAYS: Mapping[str, SearchOptions] = {
    "vector": SearchOptions(k=DEPTH),
    "lexical": SearchOptions(k=DEPTH, mode="lexical"),
    **{
        f"hybrid, lexical_weight {weight}": SearchOptions(k=DEPTH, mode="hybrid", lexical_weight=weight)
        for weight in (0.5, 1.0, 2.0)
    },
}
Asked = tuple[str, str, FloatArray]
"""A query's id, its text and its vector, float32 (dim,)."""


def search(collection: Collection, asked: Asked, options: SearchOptions) -> list[ScoredDoc]:
    query_id, text, vector = asked
    words = lexical_query(options.mode, [(Text(text), 1.0)])
    sought = Sought(None if options.mode == "lexical" else vector[None], "text", words)
    return [ScoredDoc(query_id, hit.doc_id, hit.score) for hit in collection.engine.search(sought, options).hits]


def show(results: Mapping[str, Evaluation]) -> None:
    for way, evaluation in results.items():
        figures = (
            f"{name} {one.value:.3f} ({one.low:.3f}-{one.high:.3f})" for name, one in evaluation.measures.items()
        )
        print(f"{way:28}{', '.join(figures)}, {evaluation.counts.queries:,} queries")


def embed_scenes(encoder: Encoder, images: int) -> tuple[FloatArray, list[tuple[str, ...]], list[FloatArray]]:
    """Vectors of pictures (n, dim), the five captions of each, and the vectors of these, (n, dim) for each place."""
    scenes = [sample_scene(SEED, number, split="held-out") for number in range(images)]
    drawn = (np.asarray(render(scene, SIZE).convert("RGB")) for scene in scenes)
    pixels = [encoder.preprocess(DecodedImage(one, SIZE, SIZE)) for one in drawn]
    said = [captions(scene) for scene in scenes]
    texts = [[one[place] for one in said] for place in range(len(said[0]))]
    vectors = np.concatenate([encoder.encode_images(np.stack(pixels[at : at + 64])) for at in range(0, images, 64)])
    return vectors, said, [encoder.encode_texts(of_place) for of_place in texts]


def demo(workspace: Workspace, images: int) -> dict[str, Evaluation]:
    vectors, said, texts = embed_scenes(load_encoder("bundled"), images)
    return leave_one_out(workspace, vectors, said, texts, WAYS)


def leave_one_out(
    workspace: Workspace,
    vectors: FloatArray,
    said: list[tuple[str, ...]],
    texts: list[FloatArray],
    ways: Mapping[str, SearchOptions],
) -> dict[str, Evaluation]:
    """Each caption looks for its picture, which is stored with the others: one collection for each place."""
    names = [str(number) for number in range(len(said))]
    runs: dict[str, list[ScoredDoc]] = {way: [] for way in ways}
    for place, queries in enumerate(texts):
        made = workspace.create(
            f"without-{place}", external_spec("bundled", vectors.shape[1]), ModelReference("external")
        )
        made.add_vectors(names, vectors, captions=[[*one[:place], *one[place + 1 :]] for one in said])
        for way, options in ways.items():
            for name, one, query in zip(names, said, queries, strict=True):
                runs[way] += search(made, (f"{name}/{place}", one[place], query), options)
    asked = [f"{name}/{place}" for name in names for place in range(len(texts))]
    qrels = Qrels.from_judgements(Qrel(query, query.partition("/")[0], 1) for query in asked)
    measures = [parse_measure(name) for name in ("hit@1", "hit@10", "RR@10")]
    clusters = {query: query.partition("/")[0] for query in asked}
    return {way: evaluate(qrels, Run.from_scored(run), measures, clusters=clusters) for way, run in runs.items()}


def captions_alone(workspace: Workspace, shard: Path) -> dict[str, Evaluation]:
    with tarfile.open(shard) as tar:
        files = [tar.extractfile(member) for member in tar if member.name.endswith(".json")]
        said = [tuple(json.load(file)["captions"]) for file in files if file]
    nothing = np.eye(1, 4, dtype=np.float32).repeat(len(said), axis=0)
    return leave_one_out(workspace, nothing, said, [nothing] * len(said[0]), {"lexical": WAYS["lexical"]})


def clip(workspace: Workspace, folder: Path) -> dict[str, Evaluation]:
    from pyarrow import parquet

    images, texts = (
        np.concatenate([np.load(path) for path in sorted((folder / part).glob("*.npy"))]).astype(np.float32)
        for part in ("img_emb", "text_emb")
    )
    names = json.loads((folder / "text_emb" / "queries.json").read_text())
    rows = parquet.read_table(folder / "metadata").to_pylist()
    made = workspace.create("products", external_spec("clip", images.shape[1]), ModelReference("external"))
    made.add_vectors([row["image_path"] for row in rows], images, captions=[[row["caption"]] for row in rows])
    judgements, asked = [], []
    for name, vector in zip(names, texts / np.linalg.norm(texts, axis=1, keepdims=True), strict=True):
        noun = name.lower().removeprefix("a ")
        of_class = [row["image_path"] for row in rows if noun in _forms(row["articleType"])]
        judgements += [Qrel(name, doc_id, 1) for doc_id in of_class]
        asked += [(name, name, vector)] if of_class else []
    qrels = Qrels.from_judgements(judgements)
    measures = [parse_measure(name) for name in ("precision@10", "nDCG@10")]
    return {
        way: evaluate(qrels, Run.from_scored(hit for one in asked for hit in search(made, one, options)), measures)
        for way, options in WAYS.items()
    }


def _forms(text: str) -> set[str]:
    words = set(re.findall("[a-z]+", text.lower()))
    return words | {word.removesuffix("s") for word in words} | {text.lower(), text.lower().removesuffix("s")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["demo", "clip", "captions"])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--images", type=int, default=1000)
    given = parser.parse_args()
    with TemporaryDirectory() as folder, Workspace(Settings(data_dir=Path(folder), database_url=None)) as workspace:
        match given.data:
            case "demo":
                show(demo(workspace, given.images))
            case "clip":
                show(clip(workspace, given.folder))
            case "captions":
                show(captions_alone(workspace, given.folder))


if __name__ == "__main__":
    main()
