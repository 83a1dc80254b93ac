"""The demo world as training data: an endless stream of pictures, each drawn when it is needed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

import numpy as np

from retrieval.demo.captions import captions
from retrieval.demo.render import render
from retrieval.demo.scene import MAX_COUNT, Scene, sample_scene
from retrieval.demo.world import BACKGROUNDS, COLOURS, KINDS, SIZES, TIMES
from retrieval.training.config import Fact
from retrieval.training.data import Batch, Labelled, draw_caption, generator
from retrieval.types import PixelArray

VALUES: dict[Fact, Sequence[object]] = {
    "background": BACKGROUNDS,
    "time": TIMES,
    "kind": KINDS,
    "colour": COLOURS,
    "count": range(1, MAX_COUNT + 1),
    "size": SIZES,
}


@dataclass(frozen=True, slots=True)
class DemoPairs:
    """Pictures of side `size` from the train split of `seed`, none twice; held-out ones from the other split.

    Scenes are sampled `gather` batches at a time and dealt to these batches by the facts that `alike` names (of the
    main group, or of the scene), so that many negatives of a picture are like it in these, and the loss has to look at
    the others (against shortcuts: Robinson et al., 2021, "Can contrastive learning avoid shortcut solutions?"). A share
    `tags` of the texts is the bare name of a thing in the picture instead of a caption. `plain` scenes have one group
    of things that are not small.
    """

    size: int
    seed: int
    batch_size: int
    gather: int
    alike: tuple[Fact, ...]
    held_out_seed: int
    held_out_images: int
    caption_weights: tuple[float, ...] = ()
    tags: float = 0.0
    plain: bool = False

    def batch(self, step: int) -> Batch:
        """Batch number `step`, with a caption of each picture drawn at random."""
        rng = generator(self.seed, step)
        scenes = self._scenes(step)
        texts = [self._text(scene, rng) for scene in scenes]
        return np.stack([_pixels(scene, self.size) for scene in scenes]), texts

    def _text(self, scene: Scene, rng: np.random.Generator) -> str:
        if self.tags and rng.random() < self.tags:
            return scene.groups[int(rng.integers(len(scene.groups)))].kind
        return draw_caption(captions(scene), self.caption_weights, rng)

    def _scenes(self, step: int) -> list[Scene]:
        """Scenes of one batch: this step's share of those of `gather` steps, like ones together."""
        turn, place = divmod(step, self.gather)
        number = self.batch_size * self.gather
        scenes = list(islice(self._stream(turn * number), number))
        if self.gather > 1:
            order = generator(self.seed, turn, number).permutation(math.prod(len(VALUES[fact]) for fact in self.alike))
            scenes.sort(key=lambda scene: order[_cell(scene, self.alike)])
        return scenes[place * self.batch_size : (place + 1) * self.batch_size]

    def _stream(self, first: int) -> Iterator[Scene]:
        """Scenes from number `first` on; where only plain ones are wanted, ten numbers are set aside for each."""
        if self.plain:
            scenes = (sample_scene(self.seed, index, split="train") for index in count(first * 10))
            return (scene for scene in scenes if scene.second is None and scene.main.size != "small")
        return (sample_scene(self.seed, index, split="train") for index in count(first))

    def held_out(self) -> Sequence[Labelled]:
        """Pictures of another seed whose main group has a kind, colour and background that training never joins."""
        scenes = (sample_scene(self.held_out_seed, i, split="held-out") for i in range(self.held_out_images))
        return [Labelled(_pixels(scene, self.size), captions(scene)) for scene in scenes]


def _cell(scene: Scene, facts: Sequence[Fact]) -> int:
    """Number of the combination of values that a scene has of these facts."""
    cell = 0
    for fact in facts:
        value = getattr(scene if fact in ("background", "time") else scene.main, fact)
        cell = cell * len(VALUES[fact]) + VALUES[fact].index(value)
    return cell


def _pixels(scene: Scene, size: int) -> PixelArray:
    return np.asarray(render(scene, size), dtype=np.uint8)
