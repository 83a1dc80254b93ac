import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.demo.attributes import attributes
from retrieval.demo.layout import layout
from retrieval.demo.scene import Scene, sample_scene
from retrieval.demo.world import BACKGROUNDS, COLOURS, KINDS, RELATIONS, SIZES, TIMES, is_held_out
from retrieval.errors import InputError

scenes = st.builds(
    sample_scene, st.integers(0, 10**9), st.integers(0, 10**9), split=st.sampled_from(["train", "held-out"])
)


def triples(scene: Scene) -> list[bool]:
    return [is_held_out(group.kind, group.colour, scene.background) for group in scene.groups]


def test_train_scenes_show_no_held_out_combination():
    assert not any(any(triples(sample_scene(3, index))) for index in range(5000))


def test_held_out_scenes_are_about_held_out_combinations():
    assert all(triples(sample_scene(3, index, split="held-out"))[0] for index in range(2000))


def test_about_a_tenth_of_all_combinations_is_held_out():
    held = [is_held_out(k, c, b) for k in KINDS for c in COLOURS for b in BACKGROUNDS]
    assert 0.08 < sum(held) / len(held) < 0.12


def test_every_part_of_the_world_turns_up():
    drawn = [sample_scene(5, index) for index in range(3000)]
    assert {scene.main.kind for scene in drawn} == set(KINDS)
    assert {scene.main.colour for scene in drawn} == set(COLOURS)
    assert {scene.main.count for scene in drawn} == {1, 2, 3, 4}
    assert {scene.main.size for scene in drawn} == set(SIZES)
    assert {scene.background for scene in drawn} == set(BACKGROUNDS)
    assert {scene.time for scene in drawn} == set(TIMES)
    assert {scene.relation for scene in drawn} == {None, *RELATIONS}


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_the_stream_is_the_same_in_every_process(hash_seed):
    code = "from retrieval.demo.scene import sample_scene; print([sample_scene(7, i) for i in range(20)])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed}
    )
    assert result.stdout.strip() == str([sample_scene(7, i) for i in range(20)])


def test_the_stream_of_seed_7_stays_as_published():
    scene = sample_scene(7, 0)
    assert (scene.main.kind, scene.main.colour, scene.main.count, scene.background, scene.time) == (
        "butterfly",
        "black",
        4,
        "snow",
        "night",
    )


@given(scenes)
def test_one_square_a_thing_inside_the_picture_and_apart_from_all_others(scene):
    groups = layout(scene)
    assert [len(boxes) for boxes in groups] == [group.count for group in scene.groups]
    boxes = [box for group in groups for box in group]
    for number, box in enumerate(boxes):
        assert 0 <= box.left < box.right <= 1
        assert 0 <= box.top < box.bottom <= 1
        for other in boxes[:number]:
            apart = max(other.left - box.right, box.left - other.right, other.top - box.bottom, box.top - other.bottom)
            assert apart >= -1e-9


@given(scenes)
def test_the_relation_holds_for_every_pair_of_things(scene):
    if scene.relation is None:
        return
    main, second = layout(scene)
    holds = {
        "left of": lambda a, b: a.right <= b.left,
        "right of": lambda a, b: a.left >= b.right,
        "above": lambda a, b: a.bottom <= b.top,
        "below": lambda a, b: a.top >= b.bottom,
    }[scene.relation]
    assert all(holds(a, b) for a in main for b in second)


@given(scenes)
def test_things_of_a_larger_size_are_larger(scene):
    sides = {"small": 0.17, "medium": 0.255, "large": 0.39}
    for group, boxes in zip(scene.groups, layout(scene), strict=True):
        assert all(box.width == pytest.approx(sides[group.size]) == pytest.approx(box.height) for box in boxes)


@given(scenes)
def test_attributes_state_the_facts(scene):
    facts = attributes(scene)
    assert (facts["kind"], facts["colour"], facts["count"]) == (scene.main.kind, scene.main.colour, scene.main.count)
    assert (facts["background"], facts["time"], facts["size"]) == (scene.background, scene.time, scene.main.size)
    assert facts.get("second_kind") == (scene.second.kind if scene.second else None)
    assert facts["price"] > 0
    assert facts["price"] == round(facts["price"], 2)
    assert "2021-01-01" <= facts["date"] <= "2025-12-31"
    assert facts == attributes(scene)


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="'test'"):
        sample_scene(7, 0, split="test")
    with pytest.raises(InputError, match="-1"):
        sample_scene(7, -1)
