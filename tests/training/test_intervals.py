import numpy as np
import pytest

from retrieval.training.intervals import bootstrap_interval


def test_an_interval_of_independent_hits_is_that_of_the_binomial():
    hits = np.arange(1000) < 700
    low, high = bootstrap_interval(hits, np.arange(1000))
    half = 1.96 * np.sqrt(0.7 * 0.3 / 1000)
    assert (low, high) == pytest.approx((0.7 - half, 0.7 + half), abs=0.004)


def test_hits_of_one_picture_count_as_one():
    hits = np.repeat(np.arange(200) < 140, 5)
    narrow = bootstrap_interval(hits, np.arange(1000))
    wide = bootstrap_interval(hits, np.repeat(np.arange(200), 5))
    assert (wide[1] - wide[0]) / (narrow[1] - narrow[0]) == pytest.approx(5**0.5, rel=0.1)


def test_the_same_seed_gives_the_same_interval_and_certainty_none():
    hits = np.arange(50) % 3 == 0
    assert bootstrap_interval(hits, np.arange(50)) == bootstrap_interval(hits, np.arange(50))
    assert bootstrap_interval(np.ones(50, bool), np.arange(50)) == (1.0, 1.0)
