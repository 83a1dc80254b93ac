"""Attributes of a scene, as a shop's database would hold them: facts to filter by."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from retrieval.demo.scene import Scene
from retrieval.demo.world import Kind, Size, between, digest
from retrieval.types import AttributeValue

PRICES: dict[Kind, float] = {
    "cat": 40, "dog": 55, "rabbit": 25, "bird": 18, "fish": 9, "butterfly": 7,
    "car": 180, "bus": 240, "boat": 210, "balloon": 150, "rocket": 320,
    "house": 400, "lighthouse": 350, "tent": 90,
    "tree": 35, "flower": 6, "cactus": 14, "mushroom": 4,
    "apple": 2, "cake": 22, "ice cream": 3,
    "shirt": 20, "dress": 60, "hat": 28, "shoe": 45,
    "circle": 5, "square": 5, "triangle": 5, "star": 8, "heart": 8,
}  # fmt: skip
SIZE_FACTORS: dict[Size, float] = {"small": 0.7, "medium": 1.0, "large": 1.6}
FIRST_DAY = date(2021, 1, 1)
DAYS = 5 * 365


def attributes(scene: Scene) -> dict[str, AttributeValue]:
    """Facts of a scene, JSON-ready.

    `kind`, `colour`, `count`, `size` of the main group; `background`, `time`; `second_kind` and `second_colour` where
    there is a second group; `price` (of the main group together, positive, two decimals) and `date` (ISO 8601).
    """
    rng = Random(digest("attributes", scene.seed))
    main = scene.main
    facts: dict[str, AttributeValue] = {
        "kind": main.kind,
        "colour": main.colour,
        "count": main.count,
        "size": main.size,
        "background": scene.background,
        "time": scene.time,
    }
    if scene.second is not None:
        facts |= {"second_kind": scene.second.kind, "second_colour": scene.second.colour}
    price = PRICES[main.kind] * SIZE_FACTORS[main.size] * main.count * between(rng, 0.8, 1.25)
    day = FIRST_DAY + timedelta(days=int(rng.random() * DAYS))
    return facts | {"price": round(price, 2), "date": day.isoformat()}
