"""The words of the captions: names, synonyms and phrases for every fact of a scene."""

from __future__ import annotations

from retrieval.demo.world import Background, Colour, Kind, Relation, Size, Time

NOUNS: dict[Kind, tuple[tuple[str, str], ...]] = {
    "cat": (("cat", "cats"), ("kitten", "kittens")),
    "dog": (("dog", "dogs"), ("puppy", "puppies")),
    "rabbit": (("rabbit", "rabbits"), ("bunny", "bunnies")),
    "bird": (("bird", "birds"),),
    "fish": (("fish", "fish"),),
    "butterfly": (("butterfly", "butterflies"),),
    "car": (("car", "cars"), ("automobile", "automobiles")),
    "bus": (("bus", "buses"), ("coach", "coaches")),
    "boat": (("boat", "boats"), ("sailing boat", "sailing boats"), ("sailboat", "sailboats")),
    "balloon": (("balloon", "balloons"), ("hot air balloon", "hot air balloons")),
    "rocket": (("rocket", "rockets"), ("spaceship", "spaceships")),
    "house": (("house", "houses"), ("cottage", "cottages")),
    "lighthouse": (("lighthouse", "lighthouses"),),
    "tent": (("tent", "tents"),),
    "tree": (("tree", "trees"),),
    "flower": (("flower", "flowers"), ("blossom", "blossoms")),
    "cactus": (("cactus", "cacti"),),
    "mushroom": (("mushroom", "mushrooms"), ("toadstool", "toadstools")),
    "apple": (("apple", "apples"),),
    "cake": (("cake", "cakes"),),
    "ice cream": (("ice cream", "ice creams"), ("ice cream cone", "ice cream cones")),
    "shirt": (("shirt", "shirts"), ("tee shirt", "tee shirts")),
    "dress": (("dress", "dresses"), ("gown", "gowns")),
    "hat": (("hat", "hats"),),
    "shoe": (("shoe", "shoes"), ("sneaker", "sneakers")),
    "circle": (("circle", "circles"), ("disc", "discs")),
    "square": (("square", "squares"),),
    "triangle": (("triangle", "triangles"),),
    "star": (("star", "stars"),),
    "heart": (("heart", "hearts"),),
}
"""Singular and plural; the plain name first."""

ADJECTIVES: dict[Colour, tuple[str, ...]] = {
    "red": ("red", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "golden"),
    "green": ("green", "emerald"),
    "blue": ("blue", "azure"),
    "purple": ("purple", "violet"),
    "pink": ("pink", "rosy"),
    "brown": ("brown", "chestnut"),
    "black": ("black", "jet black"),
    "white": ("white", "snow white"),
}
"""The plain name first."""

SIZE_WORDS: dict[Size, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "medium": (),
    "large": ("large", "big", "huge"),
}
"""Nothing is said about a medium size: it is what one expects."""

NUMBERS: dict[int, tuple[str, ...]] = {
    1: ("a", "one", "a single"),
    2: ("two", "a pair of"),
    3: ("three", "a trio of"),
    4: ("four",),
}

PLACES: dict[Background, tuple[str, ...]] = {
    "meadow": ("in a meadow", "on a meadow", "on the grass", "in a grassy field"),
    "beach": ("on a beach", "at the beach", "on the shore", "at the seaside"),
    "desert": ("in the desert", "in a desert", "among the dunes"),
    "snow": ("in the snow", "on a snowy field", "in a winter landscape"),
    "city": ("in the city", "on a city street", "in a town", "downtown"),
    "sea": ("at sea", "on the sea", "on the ocean", "on the open water"),
    "forest": ("in the forest", "in a forest", "in the woods"),
    "mountains": ("in the mountains", "in front of the mountains", "among the peaks"),
    "sky": ("in the sky", "among the clouds", "up in the air"),
    "studio": ("in a studio", "in front of a plain wall", "on a plain background"),
}

MOMENTS: dict[Time, tuple[str, ...]] = {
    "day": ("by day", "during the day", "in daylight", "on a sunny day"),
    "sunset": ("at sunset", "at dusk", "in the evening"),
    "night": ("at night", "by night", "after dark", "in the moonlight"),
}

RELATION_WORDS: dict[Relation, tuple[str, ...]] = {
    "left of": ("left of", "to the left of", "on the left of"),
    "right of": ("right of", "to the right of", "on the right of"),
    "above": ("above", "over", "higher than"),
    "below": ("below", "under", "beneath"),
}

INVERSE: dict[Relation, Relation] = {
    "left of": "right of",
    "right of": "left of",
    "above": "below",
    "below": "above",
}

OPENINGS = ("", "", "", "", "a picture of", "an image of", "a drawing of", "a photo of")
COMPANY = ("and", "with", "next to", "beside", "together with")
