from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retrieval.demo.render import render
from retrieval.demo.scene import sample_scene
from retrieval.demo.world import KINDS, is_held_out
from retrieval.encoders.preprocess import Preprocess
from retrieval.errors import InputError, SourceError
from retrieval.training.catalog_pairs import CatalogPairs
from retrieval.training.config import config_of
from retrieval.training.data import batches, draw_caption, generator
from retrieval.training.demo_pairs import DemoPairs
from retrieval.training.loop import train
from retrieval.training.pairs import pairs_of
from retrieval.types import CatalogRecord

DEMO = DemoPairs(
    size=32, seed=3, batch_size=8, gather=1, alike=("background", "time"), held_out_seed=4, held_out_images=10
)


class Listed:
    """A source of the records it is given."""

    def __init__(self, records):
        self._records = records

    def check(self):
        return len(self._records)

    def records(self):
        return iter(self._records)


@pytest.fixture
def records(tmp_path):
    """Twenty pictures, each of one grey level, with two captions that name it."""
    made = []
    for level in range(20):
        path = tmp_path / f"{level}.png"
        Image.new("RGB", (40, 60), (level * 10,) * 3).save(path)
        made.append(CatalogRecord(f"doc{level}", str(path), captions=(f"grey {level}", f"level {level}")))
    return made


def read(records, **options):
    return CatalogPairs.read(
        Listed(records), **({"preprocess": Preprocess(16), "seed": 5, "batch_size": 6, "held_out": 2} | options)
    )


def level_of(pixels):
    assert pixels.min() == pixels.max()
    return int(pixels[0, 0, 0]) // 10


def test_a_demo_batch_depends_on_the_step_alone():
    pixels, texts = DEMO.batch(5)
    again, same = DEMO.batch(5)
    assert pixels.shape == (8, 32, 32, 3)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, again)
    assert texts == same
    assert not np.array_equal(pixels, DEMO.batch(6)[0])


def test_gathered_batches_hold_the_same_pictures_with_like_places_together():
    scenes = [sample_scene(DEMO.seed, i) for i in range(16 * 8)]
    scene_of = {render(scene, DEMO.size).tobytes(): scene for scene in scenes}

    def settings(pairs):
        """For each batch, the places and times of its pictures."""
        drawn = [[scene_of.pop(pixels.tobytes()) for pixels in pairs.batch(step)[0]] for step in range(16)]
        scene_of.update({render(scene, DEMO.size).tobytes(): scene for batch in drawn for scene in batch})
        return [{(scene.background, scene.time) for scene in batch} for batch in drawn]

    assert max(map(len, settings(replace(DEMO, gather=16)))) <= 5
    assert min(map(len, settings(DEMO))) >= 6


def test_tags_are_bare_names_of_things():
    tagged = replace(DEMO, tags=0.5)
    texts = [text for step in range(20) for text in tagged.batch(step)[1]]
    assert 0.35 < sum(text in KINDS for text in texts) / len(texts) < 0.65
    assert not any(text in KINDS for step in range(20) for text in DEMO.batch(step)[1])


def test_plain_scenes_have_one_group_of_things_that_are_not_small():
    plain = replace(DEMO, plain=True)
    scenes = {render(scene, DEMO.size).tobytes(): scene for scene in (sample_scene(DEMO.seed, i) for i in range(160))}
    drawn = [scenes[pixels.tobytes()] for step in range(2) for pixels in plain.batch(step)[0]]
    assert all(scene.second is None and scene.main.size != "small" for scene in drawn)
    assert len({scene.seed for scene in drawn}) == 16


def test_captions_are_drawn_by_their_weights():
    rng = generator(0)
    drawn = [draw_caption(["a", "b", "c"], (1.0, 2.0), rng) for _ in range(4000)]
    shares = [drawn.count(caption) / 4000 for caption in "abc"]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    assert {draw_caption(["a"], (3.0, 1.0), rng) for _ in range(10)} == {"a"}
    assert {draw_caption(["a", "b", "c"], (), rng) for _ in range(60)} == {"a", "b", "c"}


def test_workers_give_the_same_batches_in_order():
    def texts(workers, start):
        return [names for _, names in batches(DEMO, start=start, stop=5, workers=workers)]

    assert texts(0, 0) == texts(2, 0)
    assert texts(0, 0)[3:] == texts(1, 3)


def test_held_out_pictures_show_what_training_never_joins():
    assert len(DEMO.held_out()) == 10
    scenes = [sample_scene(4, i, split="held-out") for i in range(10)]
    assert all(is_held_out(s.main.kind, s.main.colour, s.background) for s in scenes)
    trained = [sample_scene(3, i) for i in range(200)]
    assert not any(is_held_out(g.kind, g.colour, s.background) for s in trained for g in s.groups)


def test_a_catalogue_is_seen_once_an_epoch_with_its_own_captions(records):
    pairs = read(records)
    drawn = [pair for step in range(3) for pair in zip(*pairs.batch(step), strict=True)]
    levels = [level_of(pixels) for pixels, _ in drawn]
    assert len(set(levels)) == 18
    assert all(text in (f"grey {level}", f"level {level}") for level, (_, text) in zip(levels, drawn, strict=True))
    assert {level_of(p.pixels) for p in pairs.held_out()} == set(range(20)) - set(levels)
    second = [level_of(pixels) for step in range(3, 6) for pixels in pairs.batch(step)[0]]
    assert set(second) == set(levels)
    assert second != levels


def test_which_records_are_held_out_does_not_depend_on_their_order(records):
    assert read(records).validation == read(records[::-1]).validation


def test_a_picture_that_cannot_be_read_gives_its_place_to_the_next(records, tmp_path):
    broken = read(records).training[0]
    (tmp_path / f"{broken.doc_id.removeprefix('doc')}.png").write_bytes(b"no picture")
    drawn = [level_of(pixels) for step in range(6) for pixels in read(records).batch(step)[0]]
    assert int(broken.doc_id.removeprefix("doc")) not in drawn
    assert len(drawn) == 36


def test_a_source_without_captions_or_pictures_is_told(records, tmp_path):
    silent = [CatalogRecord(r.doc_id, r.image_uri) for r in records]
    with pytest.raises(SourceError, match="no captions"):
        read(silent)
    with pytest.raises(
        SourceError, match=r"20 images with captions, 2 of them held out: too few for .*batch_size = 19"
    ):
        read(records, batch_size=19)
    for path in tmp_path.glob("*.png"):
        path.unlink()
    with pytest.raises(SourceError, match="none of the 18 images"):
        read(records).batch(0)
    with pytest.raises(SourceError, match="none of the 2 held-out images"):
        read(records).held_out()


def test_a_config_that_names_a_catalogue_needs_one(tables):
    tables["data"]["source"] = "somewhere"
    with pytest.raises(InputError, match="no catalogue was opened"):
        pairs_of(config_of(tables), None, preprocess=Preprocess(16))


def test_a_catalogue_can_be_learnt_from(tables, records, tmp_path):
    tables["data"]["source"] = "somewhere"
    result = train(config_of(tables), out=tmp_path / "out", source=Listed(records))
    assert set(result.recalls) >= {"text_to_image_r1", "image_to_text_r10"}
