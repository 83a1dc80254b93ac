"""How well a search tells that its best hit is no match: texts about what is in the catalogue, and about what is not.

    python -m benchmarks.no_match demo DATA_DIR        a data folder with the collection of `retrieval tour`
    python -m benchmarks.no_match clip FOLDER          CLIP vectors in the layout of benchmarks/clip_vectors.py

Prints, for every set of texts, the share that is called weak, and the AUC of that set against the unrelated texts: by
what is compared (the margin of `retrieval.search.background`), and by the bare best score for comparison.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np

from retrieval.collection import Collection
from retrieval.demo.captions import captions
from retrieval.demo.scene import sample_scene
from retrieval.demo.words import ADJECTIVES, NOUNS
from retrieval.metadata import scans
from retrieval.search.background import WEAK, Background, measure
from retrieval.settings import Settings
from retrieval.types import FloatArray, KeyArray, KnnResult
from retrieval.workspace import Workspace

Looked = tuple[FloatArray, FloatArray]
"""Margins and bare scores of the best hits, float32 (n,) each."""
SCENES = 300
UNRELATED = """
the annual report of a bank|two men playing football|a laptop on a wooden desk|a violin and a piano|a bowl of ramen
a plate of spaghetti with meatballs|a nurse holding a syringe|an old typewriter|a motorcycle race|a chess board
a woman reading a newspaper on the subway|a dinosaur skeleton in a museum|a wedding couple dancing|a stethoscope
a baby crying|a screenshot of a spreadsheet|a giraffe eating leaves|a penguin|an elephant bathing|a tiger|a crocodile
a monkey with a banana|a guitar|a microscope|a telephone|a bicycle leaning on a fence|a tractor|a helicopter
a train at the station|a submarine|a bridge|a castle|a pyramid|a waterfall|a volcano erupting|a map of europe
an x-ray of a hand|a robot|a pizza|a hamburger with fries|a glass of wine|sushi|a bookshelf|a sofa in a living room
a kitchen sink|a toothbrush|a pair of scissors|an umbrella|a wristwatch|eyeglasses|a necktie|a zebra|a goat|a snake
a spider|a bee|an octopus|a whale|a shark|a swimming pool|a fireman|a policeman|a teacher and her class|a mosque
children on a swing|people skiing|a man surfing|a basketball player|a boxing match|tax forms|a birthday card|a factory
a christmas present|a candle|a lamp|a mirror|a bed|a chair|a table|a computer keyboard|a printer|a camera|a coin
a television|a radio|a clock|a banknote|a flag|a statue|a fountain|a cemetery|a church|a power plant|a wind turbine
a solar panel|a satellite|an astronaut|a soldier|a tank|a sword|a crown|a necklace
"""


def auc(good: FloatArray, bad: FloatArray) -> float:
    """The probability that one of `good` is above one of `bad`, ties counting half."""
    ordered = np.sort(bad)
    return float(
        (np.searchsorted(ordered, good, "left") + np.searchsorted(ordered, good, "right")).mean() / 2 / len(bad)
    )


def margins(background: Background, queries: FloatArray, best: FloatArray) -> FloatArray:
    """Float32 (nq,), for queries and their best hits, (nq, dim)."""
    return np.einsum("nd,nd->n", queries - background.mean, best)


class Demo:
    """The demo collection, and the best hits of texts in it."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.view = collection.views.latest()
        self.background = measure(self.view, "text", self.nearest)
        self.own = self.look(self.view.vectors(self.view.keys("caption")))

    def nearest(self, queries: FloatArray, k: int) -> KnnResult:
        return self.collection.engine.nearest(queries, k=k, modality="text")[0]

    def embed(self, texts: list[str]) -> FloatArray:
        parts = [self.collection.encoder.encode_texts(texts[at : at + 256]) for at in range(0, len(texts), 256)]
        return np.concatenate(parts)

    def look(self, queries: FloatArray, allowed: KeyArray | None = None) -> Looked:
        """Margins and bare scores of the best hits."""
        found, _ = self.collection.engine.nearest(queries, k=1, modality="text", allowed=allowed)
        return margins(self.background, queries, self.view.vectors(found.keys[:, 0])), found.scores[:, 0]

    def line(self, name: str, looked: Looked, other: Looked | None = None) -> None:
        """One set of texts, and how well it is told apart from another one."""
        margin, score = looked
        weak = np.searchsorted(self.background.margins, margin) / len(self.background.margins) < WEAK
        weak_by_score = score < np.quantile(self.own[1], WEAK)
        print(
            f"{name:54}{len(margin):>6,} texts, weak {weak.mean():.1%} (bare score {weak_by_score.mean():.1%})", end=""
        )
        print(f", AUC {auc(margin, other[0]):.3f} (bare score {auc(score, other[1]):.3f})" if other else "")

    def sets(self) -> dict[str, list[str]]:
        """Texts about what is there, the hardest last."""
        names = [forms[0][0] for forms in NOUNS.values()]
        colours = [words[0] for words in ADJECTIVES.values()]
        new = [sample_scene(99, number) for number in range(SCENES)]
        held_out = [sample_scene(99, number, split="held-out") for number in range(SCENES)]
        return {
            "colour and kind, as in `a red car`": [f"a {colour} {name}" for colour in colours for name in names],
            "kind alone, as in `a car`": [f"a {name}" for name in names],
            "captions of new scenes, of the same world": [text for scene in new for text in captions(scene)],
            "captions of scenes never trained on": [text for scene in held_out for text in captions(scene)],
        }

    def without_kinds(self) -> tuple[Looked, Looked]:
        """Captions that name a kind, with all pictures of the kind there, and with none: margins and scores of both."""
        with self.collection.database.read() as connection:
            keys, owners, texts = scans.live_captions(connection, self.collection.info.id)
        there, gone = [], []
        for forms in NOUNS.values():
            named = re.compile(rf"\b({'|'.join(form for pair in forms for form in pair)})\b")
            rows = [row for row, text in enumerate(texts) if named.search(text)]
            others = np.setdiff1d(owners, owners[rows])
            queries = self.view.vectors(keys[rows])
            there.append(self.look(queries))
            gone.append(self.look(queries, others))
        return _joined(there), _joined(gone)


def demo(data_dir: Path) -> None:
    with Workspace(Settings(data_dir=data_dir)) as workspace:
        demo = Demo(workspace.open("demo"))
        unrelated = demo.look(demo.embed(UNRELATED.strip().replace("\n", "|").split("|")))
        demo.line("texts about what is not there", unrelated)
        demo.line("the catalogue's own captions", demo.own, unrelated)
        for name, texts in demo.sets().items():
            demo.line(name, demo.look(demo.embed(texts)), unrelated)
        there, gone = demo.without_kinds()
        demo.line("captions, all pictures of a kind that they name gone", gone)
        demo.line("the same captions, pictures there", there, gone)


def clip(folder: Path) -> None:
    from pyarrow import parquet

    images, texts = (
        np.concatenate([np.load(path) for path in sorted((folder / part).glob("*.npy"))]).astype(np.float32)
        for part in ("img_emb", "text_emb")
    )
    names = json.loads((folder / "text_emb" / "queries.json").read_text())
    rows = parquet.read_table(folder / "metadata").to_pylist()
    classes = {form for row in rows for form in _forms(row["articleType"])}
    words = {word for row in rows for value in row.values() for word in _forms(str(value))}
    parts = [set(re.findall("[a-z]+", name.lower())) - {"a"} for name in names]
    good = [row for row, name in enumerate(parts) if name <= classes]
    bad = [row for row, name in enumerate(parts) if not name & words]
    scores = texts @ images.T
    best = images[scores.argmax(axis=1)]
    background = Background(texts[good].mean(axis=0), np.empty(0, np.float32), len(good))
    margin, score = margins(background, texts, best), scores.max(axis=1)
    print(
        f"{len(good)} names of classes, {len(bad)} names of which no word is in any field of the {len(rows):,} images"
    )
    print(f"AUC {auc(margin[good], margin[bad]):.3f} (bare score {auc(score[good], score[bad]):.3f})")


def _joined(parts: list[Looked]) -> Looked:
    return np.concatenate([margin for margin, _ in parts]), np.concatenate([score for _, score in parts])


def _forms(text: str) -> set[str]:
    words = set(re.findall("[a-z]+", text.lower()))
    return words | {word.removesuffix("s") for word in words}


if __name__ == "__main__":
    {"demo": demo, "clip": clip}[sys.argv[1]](Path(sys.argv[2]))
