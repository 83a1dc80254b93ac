"""Named models: what they are good at, what they cost, and under which licence the weights come.

Recall is text-to-image recall@5 on MS-COCO (5k test images, zero-shot) as published with open_clip
(docs/openclip_retrieval_results.csv); arithmetic is that of both towers, from the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Preset:
    """A name for an open_clip architecture with one set of pretrained weights, and a sentence each about it."""

    name: str
    arch: str
    pretrained: str
    quality: str
    cost: str
    licence: str

    @property
    def model(self) -> str:
        """The same model in the form `ARCH/PRETRAINED`."""
        return f"{self.arch}/{self.pretrained}"


_ALL = (
    Preset(
        "clip-b32",
        "ViT-B-32-256",
        "datacomp_s34b_b86k",
        "The default for real catalogues: COCO recall@5 0.65, close to models of twice its cost.",
        "151 M parameters, 17 GFLOP a pair at 256 px: fast enough for a CPU.",
        "MIT.",
    ),
    Preset(
        "clip-b16",
        "ViT-B-16",
        "datacomp_xl_s13b_b90k",
        "Sees patches a quarter of the size, which helps with small things in a picture: COCO recall@5 0.66.",
        "150 M parameters, 41 GFLOP a pair: 2.4 times the default.",
        "MIT.",
    ),
    Preset(
        "clip-l14",
        "ViT-L-14",
        "datacomp_xl_s13b_b90k",
        "The best of the freely licensed English ones here: COCO recall@5 0.70.",
        "428 M parameters, 175 GFLOP a pair: 10 times the default, so for a GPU; vectors are half as large again.",
        "MIT.",
    ),
    Preset(
        "dfn-l14",
        "ViT-L-14",
        "dfn2b_s39b",
        "Strong at telling kinds of things apart: 82.2 % zero-shot on ImageNet-1k.",
        "As clip-l14.",
        "Apple sample code licence: read it before commercial use.",
    ),
    Preset(
        "siglip2-b16",
        "ViT-B-16-SigLIP2",
        "webli",
        "Multilingual: queries in many languages find the same pictures.",
        "375 M parameters, half of them vocabulary; images cost as much as clip-b16; needs the transformers package.",
        "Apache-2.0.",
    ),
    Preset(
        "mobileclip2",
        "MobileCLIP2-S0",
        "dfndr2b",
        "Made for phones: the smallest image tower here.",
        "11 M parameters for images; its text tower reads all 77 tokens of every query.",
        "Apple ML research licence: not for products.",
    ),
    Preset(
        "openai-b32",
        "ViT-B-32-quickgelu",
        "openai",
        "The original CLIP, to compare with published work: COCO recall@5 0.56.",
        "151 M parameters, 15 GFLOP a pair at 224 px.",
        "MIT.",
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
"""All presets by name, the recommended one first."""

DEFAULT_PRESET = PRESETS["clip-b32"]
