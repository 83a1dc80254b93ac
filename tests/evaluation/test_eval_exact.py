"""Streamed exact rankings equal a sort of the whole score matrix, ties and blocks included."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.evaluation.exact import rank_exactly


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.integers(1, 9), st.integers(1, 12), st.integers(1, 14), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_equals_a_stable_sort_of_all_scores(queries, documents, k, block_bytes, seed):
    random = np.random.default_rng(seed)
    # whole numbers, so that products are exact and ties are many
    asked = random.integers(-2, 3, (queries, 3)).astype(np.float32)
    stored = random.integers(-2, 3, (documents, 3)).astype(np.float32)
    wanted = random.random((queries, documents)) < 0.3
    found = rank_exactly(asked, stored, k=k, relevant=np.nonzero(wanted), block_bytes=block_bytes)
    scores = asked @ stored.T
    order = np.argsort(-scores, axis=1, kind="stable")
    np.testing.assert_array_equal(found.nearest.keys, order[:, :k])
    np.testing.assert_array_equal(found.nearest.scores, np.take_along_axis(scores, order, 1)[:, :k])
    for row in range(queries):
        places = np.flatnonzero(wanted[row, order[row]])
        assert found.first_rank[row] == (places[0] + 1 if len(places) else 0)
