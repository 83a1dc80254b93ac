import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.demo.captions import captions, vocabulary
from retrieval.demo.scene import Group, Scene, sample_scene
from retrieval.demo.words import ADJECTIVES, INVERSE, MOMENTS, NOUNS, NUMBERS, PLACES, RELATION_WORDS, SIZE_WORDS

scenes = st.builds(sample_scene, st.integers(0, 10**6), st.integers(0, 10**6), split=st.just("train"))


def says(caption, phrases):
    return any(re.search(rf"\b{phrase}\b", caption) for phrase in phrases)


def nouns(group):
    return [forms[group.count > 1] for forms in NOUNS[group.kind]]


def described(group):
    """A pattern for number, size, colour and noun, in this order."""
    numbers = [*NUMBERS[group.count], *(["an"] if group.count == 1 else [])]
    parts = [numbers, SIZE_WORDS[group.size], ADJECTIVES[group.colour], nouns(group)]
    return " ".join(f"(?:{'|'.join(part)})" for part in parts if part)


@given(scenes)
def test_the_first_two_captions_state_the_whole_scene(scene):
    for caption in captions(scene)[:2]:
        assert says(caption, PLACES[scene.background])
        assert says(caption, MOMENTS[scene.time])
        if scene.relation is None:
            assert re.search(rf"\b{described(scene.main)}\b", caption)
            continue
        main, second = (described(group) for group in scene.groups)
        told = "|".join(RELATION_WORDS[scene.relation])
        inverted = "|".join(RELATION_WORDS[INVERSE[scene.relation]])
        assert re.search(rf"\b(?:{main} (?:{told}) {second}|{second} (?:{inverted}) {main})\b", caption)


@given(scenes)
def test_every_caption_names_kind_and_colour_of_the_main_group(scene):
    for caption in captions(scene):
        assert says(caption, nouns(scene.main))
        assert says(caption, ADJECTIVES[scene.main.colour])


@given(scenes)
def test_captions_use_only_the_vocabulary_and_commas(scene):
    known = set(vocabulary())
    for caption in captions(scene):
        assert re.fullmatch(r"[a-z]+(,? [a-z]+)*", caption)
        assert set(re.findall(r"[a-z]+", caption)) <= known


@given(scenes)
def test_the_other_three_leave_out_more_and_more(scene):
    _, _, third, fourth, fifth = captions(scene)
    times = [phrase for phrases in MOMENTS.values() for phrase in phrases]
    places = [phrase for phrases in PLACES.values() for phrase in phrases]
    sizes = [word for words in SIZE_WORDS.values() for word in words]
    assert says(third, PLACES[scene.background])
    assert not says(third, times)
    assert not says(fourth, places)
    assert not any(says(caption, sizes) for caption in (third, fourth, fifth))
    assert not (says(fifth, times) and says(fifth, places))
    if scene.second is not None:
        assert all(says(caption, nouns(scene.second)) for caption in (third, fourth))
        assert not says(fifth, [f"{noun}$" for noun in nouns(scene.second)])


@given(scenes)
def test_captions_are_always_the_same(scene):
    assert len(captions(scene)) == 5
    assert captions(scene) == captions(scene)


def test_the_vocabulary_is_small_sorted_and_all_in_use():
    seen = {
        word for i in range(6000) for caption in captions(sample_scene(1, i)) for word in re.findall("[a-z]+", caption)
    }
    assert vocabulary() == tuple(sorted(seen))
    assert len(seen) < 300


@pytest.mark.parametrize(
    ("kind", "colour", "count", "wrong"),
    [
        ("apple", "orange", 1, r"\ba (orange|emerald|azure|apple|ice|automobile)"),
        ("fish", "red", 2, "fishes|a pair of a"),
    ],
)
def test_articles_and_plurals(kind, colour, count, wrong):
    for seed in range(200):
        scene = Scene((Group(kind, colour, count, "medium"),), None, "meadow", "day", seed)
        for caption in captions(scene):
            assert not re.search(wrong, caption)
            assert not re.search(r"there is (two|three|four)|there are (a single|one|an)\b", caption)
