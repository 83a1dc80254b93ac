"""The values that travel between the parts: frozen, small, named by the field's words.

Public identity of an image is `doc_id: str`. The label of a vector inside an index is `key: int64`, given once and
never reused. A `score` is always cosine similarity, higher is better.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from retrieval.certificate import Recall
from retrieval.explanation import Explanation
from retrieval.facets import Facet

FloatArray: TypeAlias = NDArray[np.float32]
KeyArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
PixelArray: TypeAlias = NDArray[np.uint8]

AttributeValue: TypeAlias = str | int | float | bool | list[str] | None
"""A JSON scalar or a list of strings; `None` counts as absent."""

Mode: TypeAlias = Literal["vector", "lexical", "hybrid"]
"""What ranks documents: the likeness of vectors, the words of titles and captions, or both fused."""

VectorKind: TypeAlias = Literal["image", "caption"]
VECTOR_KINDS: tuple[VectorKind, ...] = get_args(VectorKind)

NO_KEY = -1
"""Key of an empty slot in a `KnnResult` (fewer than k vectors could be returned)."""


@dataclass(frozen=True, slots=True)
class CatalogRecord:
    """One catalogue entry as a source yields it.

    `image_uri` is a path or a URI that `retrieval.images.read` understands. `signature` is a cheap token that changes
    when the image's bytes may have changed (size and modification time, say); None means "always look".
    """

    doc_id: str
    image_uri: str
    captions: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class PictureSize:
    """Pixels of a whole picture as it is displayed, after its EXIF orientation."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """Pixels in RGB, upright, on white where they were transparent.

    `pixels` is uint8 (h, w, 3) and may be smaller than the picture, which was `width` x `height` (decoders scale large
    JPEGs while decoding); resize and crop geometry is computed from `width` and `height`.
    """

    pixels: PixelArray
    width: int
    height: int

    @property
    def size(self) -> PictureSize:
        """Of the whole picture."""
        return PictureSize(self.width, self.height)


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """Identity of an encoder: two encoders with the same `encoder_id` give vectors that may be compared.

    `model` and `pretrained` are names for people; the hashes decide.
    """

    model: str
    pretrained: str
    weights_sha256: str
    preprocess_sha256: str
    tokenizer: str
    precision: str
    dim: int

    @property
    def encoder_id(self) -> str:
        """Hex digest over what determines the vectors (names are left out)."""
        return _encoder_id(self)

    @property
    def is_external(self) -> bool:
        """Whether the vectors were made elsewhere, so that nothing can be embedded here."""
        return self.pretrained == EXTERNAL

    @property
    def name(self) -> str:
        """For people: the architecture, and the weights where they have a name."""
        return f"{self.model}/{self.pretrained}" if self.pretrained else self.model

    def __str__(self) -> str:
        return f"{self.name} ({self.dim}-d, {self.precision}, {self.encoder_id[:12]})"


@lru_cache
def _encoder_id(spec: EncoderSpec) -> str:
    facts = {k: v for k, v in asdict(spec).items() if k not in ("model", "pretrained")}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


EXTERNAL = "external"
"""The `pretrained` of vectors that were made elsewhere."""


def external_spec(name: str, dim: int) -> EncoderSpec:
    """The identity of vectors that come from elsewhere: only the same name and size may be mixed."""
    return EncoderSpec(name, EXTERNAL, f"external:{name}", "", "", "", dim)


@dataclass(frozen=True, slots=True)
class ModelReference:
    """How to load an encoder again: the words that `--model` takes, and a local checkpoint where one was given."""

    model: str
    checkpoint: str | None = None


@dataclass(frozen=True, slots=True)
class HnswParams:
    """Build parameters of an HNSW graph (Malkov & Yashunin, 2018): `m` links a node, `ef_construction` candidates."""

    m: int = 32
    ef_construction: int = 200


Quantiser: TypeAlias = Literal["fp32", "fp16", "sq8", "rq4"]
"""How one coordinate is coded: a float, a half, 8 bits of its range (SQ8), or 4 bits of RaBitQ."""


@dataclass(frozen=True, slots=True)
class CodeParams:
    """What a graph search compares instead of the vectors: their projection on `dim` dimensions, quantised.

    The candidates that it finds are ranked anew by the full vectors.
    """

    dim: int
    quantiser: Quantiser

    def __str__(self) -> str:
        return f"{self.quantiser}@{self.dim}"


@dataclass(frozen=True, slots=True)
class IndexParams:
    """How a collection is indexed and searched where a search does not say otherwise.

    `storage` says what graph searches compare: "auto", "full", or a code such as "fp16" or "sq8@192". Every published
    generation must reach a recall@10 of `target_recall`, and searches take the cheapest plan that does; None to search
    with a fixed `ef_search` candidates, which also serves where nothing was measured.
    """

    hnsw: HnswParams = field(default_factory=HnswParams)
    storage: str = "auto"
    target_recall: float | None = 0.98
    ef_search: int = 64


@dataclass(frozen=True, slots=True)
class KnnResult:
    """Nearest neighbours of nq queries: `keys` int64 (nq, k), `scores` float32 (nq, k), best first.

    Empty slots hold `NO_KEY` and -inf, always at the end of a row.
    """

    keys: KeyArray
    scores: FloatArray


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result: `rank` counts from 1.

    `score` is the cosine similarity, in [-1, 1]; BM25 where words alone rank, and in hybrid searches the sum that
    `retrieval.search.fusion` tells, with the `ranks` in the two rankings ("vector", "lexical") that it is made of.
    `width` and `height` are as in `Item`.
    """

    doc_id: str
    score: float
    rank: int
    captions: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    ranks: Mapping[str, int] | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A catalogue entry as it is stored, with the key of its present version.

    `width` and `height` are the pixels of its picture as it is displayed; None where there is no picture, and where it
    was indexed by a release that did not keep them.
    """

    key: int
    doc_id: str
    image_uri: str
    captions: tuple[str, ...]
    attributes: Mapping[str, AttributeValue]
    width: int | None = None
    height: int | None = None

    @property
    def size(self) -> PictureSize | None:
        """Of its picture, where it is known."""
        if self.width is None or self.height is None:
            return None
        return PictureSize(self.width, self.height)


@dataclass(frozen=True, slots=True)
class CaptionHit:
    """A caption of the catalogue that describes a picture, and the image that it belongs to."""

    caption: str
    doc_id: str
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a search did: `strategy`, with which knob, over how many vectors.

    Strategies: "exact", "hnsw", the search of a graph, and "words" for one by words alone. `certified` is the recall
    that was measured for it, of the `certified_at` nearest (10 or 100); None where nothing was, or where it is exact.
    In `mode` "hybrid" it is the plan of the vectors, and `depth` tells how far both rankings were looked at.
    """

    strategy: str
    ef_search: int | None
    searched: int
    allowed: int | None
    generation: int
    certified: Recall | None = None
    certified_at: int | None = None
    mode: Mode = "vector"
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """How well the best hit fits, beside what the catalogue's own captions (or pictures, for a picture) find.

    `percentile` is the share of these whose best hit fits less well, 0 to 1; `weak` where almost none fits less well.
    """

    percentile: float
    weak: bool


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits in the order to show them, with the plan and the seconds that each stage took.

    `match` is None where there is nothing to compare with (see `retrieval.search.background`). `facets` are those that
    were asked for. `next_cursor` is where the same search goes on; None where nothing is left. `revision` is the state
    that was searched: how many writes to the collection were committed before.
    """

    hits: tuple[Hit, ...]
    plan: Plan
    timings: Mapping[str, float]
    match: Match | None = None
    facets: tuple[Facet, ...] = ()
    next_cursor: str | None = None
    explanation: Explanation | None = None
    revision: int = 0
