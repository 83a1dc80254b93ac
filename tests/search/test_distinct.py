"""Of what is linked, the first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.duplicates import DisjointSets
from retrieval.search.distinct import first_of_linked


def directions(degrees) -> np.ndarray:
    radians = np.deg2rad(np.array(degrees, np.float32))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_links_chain():
    vectors = directions([0, 90, 20, 40, 200, 95])
    assert first_of_linked(vectors, np.cos(np.deg2rad(25))) == [0, 1, 4]
    assert first_of_linked(vectors, np.cos(np.deg2rad(15))) == [0, 1, 2, 3, 4]
    assert first_of_linked(vectors[:0], 0.9) == []


@given(st.lists(st.integers(0, 359), max_size=40), st.integers(1, 60))
def test_it_is_the_first_of_each_connected_set(degrees, most):
    vectors, min_score = directions(degrees), np.cos(np.deg2rad(most + 0.5))
    sets = DisjointSets(len(degrees))
    for one in range(len(degrees)):
        for other in range(one):
            if abs((degrees[one] - degrees[other] + 180) % 360 - 180) <= most:
                sets.join(other, one)
    later = {row for group in sets.groups() for row in group[1:]}
    assert first_of_linked(vectors, min_score) == [row for row in range(len(degrees)) if row not in later]
