"""Five captions of a scene: two that state all of it, three that leave more and more out."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from random import Random

from retrieval.demo.scene import Group, Scene
from retrieval.demo.words import (
    ADJECTIVES,
    COMPANY,
    INVERSE,
    MOMENTS,
    NOUNS,
    NUMBERS,
    OPENINGS,
    PLACES,
    RELATION_WORDS,
    SIZE_WORDS,
)
from retrieval.demo.world import digest, pick


def captions(scene: Scene) -> tuple[str, ...]:
    """Five captions in lower case, made of words and commas; the same ones for the same scene.

    The first two state the whole scene in different order and words: kinds, colours, counts, sizes that are not
    medium, the relation, the place and the time. The third leaves out the sizes and the time; the fourth says of the
    second group only its kind (and nothing of the place), or when there is none leaves out the place; the fifth keeps
    kind and colour of the main group, mostly with either place or time.
    """
    rng = Random(digest("captions", scene.seed))
    return (
        _whole_plainly(rng, scene),
        _whole_reordered(rng, scene),
        _without_size_and_time(rng, scene),
        _without_place(rng, scene),
        _main_alone(rng, scene),
    )


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """Every word that can occur in a caption, sorted; each matches `[a-z]+`."""
    phrases = chain(
        chain.from_iterable(chain.from_iterable(NOUNS.values())),
        chain.from_iterable(ADJECTIVES.values()),
        chain.from_iterable(SIZE_WORDS.values()),
        chain.from_iterable(NUMBERS.values()),
        chain.from_iterable(PLACES.values()),
        chain.from_iterable(MOMENTS.values()),
        chain.from_iterable(RELATION_WORDS.values()),
        OPENINGS,
        COMPANY,
        ("an", "there is", "there are"),
    )
    return tuple(sorted({word for phrase in phrases for word in phrase.split()}))


def _whole_plainly(rng: Random, scene: Scene) -> str:
    """Main group, relation, second group, place, time."""
    things = _arrangement(rng, scene, sizes=True)
    return _sentence(pick(rng, OPENINGS), things, pick(rng, PLACES[scene.background]), pick(rng, MOMENTS[scene.time]))


def _whole_reordered(rng: Random, scene: Scene) -> str:
    """The same facts, told from the second group or beginning with the place or the time."""
    inverted = scene.second is not None and rng.random() < 0.5
    things = _arrangement(rng, scene, sizes=True, inverted=inverted)
    verb = "there are" if (scene.groups[-1] if inverted else scene.main).count > 1 else "there is"
    place, moment = pick(rng, PLACES[scene.background]), pick(rng, MOMENTS[scene.time])
    orders = (
        f"{place} {moment}, {things}",
        f"{moment}, {things} {place}",
        f"{place}, {things} {moment}",
        f"{moment} {verb} {things} {place}",
        f"{place} {verb} {things} {moment}",
    )
    return pick(rng, orders)


def _without_size_and_time(rng: Random, scene: Scene) -> str:
    things, place = _arrangement(rng, scene, sizes=False), pick(rng, PLACES[scene.background])
    return pick(rng, (f"{things} {place}", f"{place}, {things}"))


def _without_place(rng: Random, scene: Scene) -> str:
    main = _group(rng, scene.main, size=False)
    if scene.second is None:
        return _sentence(main, pick(rng, MOMENTS[scene.time]))
    return _sentence(main, pick(rng, COMPANY), _bare(_noun(rng, scene.second), scene.second))


def _main_alone(rng: Random, scene: Scene) -> str:
    words = f"{pick(rng, ADJECTIVES[scene.main.colour])} {_noun(rng, scene.main)}"
    place, moment = pick(rng, PLACES[scene.background]), pick(rng, MOMENTS[scene.time])
    return _sentence(_bare(words, scene.main), pick(rng, (place, place, moment, moment, "")))


def _arrangement(rng: Random, scene: Scene, *, sizes: bool, inverted: bool = False) -> str:
    """All groups, with the relation between two of them; inverted tells it from the second one."""
    groups = [_group(rng, group, size=sizes) for group in scene.groups]
    if scene.relation is None:
        return groups[0]
    relation = INVERSE[scene.relation] if inverted else scene.relation
    first, second = reversed(groups) if inverted else groups
    return _sentence(first, pick(rng, RELATION_WORDS[relation]), second)


def _group(rng: Random, group: Group, *, size: bool) -> str:
    """Number, size where it is wanted and worth saying, colour and noun: "three small red cats"."""
    sizes = SIZE_WORDS[group.size] if size else ()
    words = _sentence(pick(rng, sizes) if sizes else "", pick(rng, ADJECTIVES[group.colour]), _noun(rng, group))
    number = pick(rng, NUMBERS[group.count])
    return _with_article(words) if number == "a" else f"{number} {words}"


def _noun(rng: Random, group: Group) -> str:
    singular, plural = pick(rng, NOUNS[group.kind])
    return plural if group.count > 1 else singular


def _bare(words: str, group: Group) -> str:
    """Without a number: "red cats", but "a red cat"."""
    return words if group.count > 1 else _with_article(words)


def _with_article(words: str) -> str:
    return f"an {words}" if words[0] in "aeio" else f"a {words}"


def _sentence(*parts: str) -> str:
    return " ".join(part for part in parts if part)
