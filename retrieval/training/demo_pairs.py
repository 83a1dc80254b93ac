"""The demo world as training data: an endless stream of pictures, each drawn when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.demo.captions import captions
from retrieval.demo.render import render
from retrieval.demo.scene import Scene, sample_scene
from retrieval.demo.world import BACKGROUNDS, TIMES
from retrieval.training.data import Batch, Labelled, generator


@dataclass(frozen=True, slots=True)
class DemoPairs:
    """Pictures of side `size` from the train split of `seed`, none twice; held-out ones from the other split.

    Scenes are sampled `gather` batches at a time and dealt to these batches by place and time of day, so that many
    negatives of a picture are like it in what is easy to see, and the loss has to look at the things in it (against
    shortcuts: Robinson et al., 2021, "Can contrastive learning avoid shortcut solutions?"). With 1 they are dealt at
    random.
    """

    size: int
    seed: int
    batch_size: int
    gather: int
    held_out_seed: int
    held_out_images: int

    def batch(self, step: int) -> Batch:
        """Batch number `step`, with a caption of each picture drawn at random."""
        rng = generator(self.seed, step)
        drawn = [_drawn(scene, self.size) for scene in self._scenes(step)]
        texts = [picture.captions[rng.integers(len(picture.captions))] for picture in drawn]
        return np.stack([picture.pixels for picture in drawn]), texts

    def _scenes(self, step: int) -> list[Scene]:
        """Scenes of one batch: this step's share of those of `gather` steps, in an order of places and times."""
        turn, place = divmod(step, self.gather)
        number = self.batch_size * self.gather
        scenes = [sample_scene(self.seed, turn * number + i, split="train") for i in range(number)]
        order = generator(self.seed, turn, number).permutation(len(BACKGROUNDS) * len(TIMES))
        if self.gather > 1:
            scenes.sort(key=lambda s: order[BACKGROUNDS.index(s.background) * len(TIMES) + TIMES.index(s.time)])
        return scenes[place * self.batch_size : (place + 1) * self.batch_size]

    def held_out(self) -> Sequence[Labelled]:
        """Pictures of another seed whose main group has a kind, colour and background that training never joins."""
        scenes = (sample_scene(self.held_out_seed, i, split="held-out") for i in range(self.held_out_images))
        return [_drawn(scene, self.size) for scene in scenes]


def _drawn(scene: Scene, size: int) -> Labelled:
    return Labelled(np.asarray(render(scene, size), dtype=np.uint8), captions(scene))
