from itertools import product

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.evaluation import statistics
from retrieval.evaluation.statistics import Outcomes, bootstrap_intervals, outcomes, randomisation_test

RANDOM = np.random.default_rng(11)


def column(values):
    return np.asarray(values, np.float64)[:, None]


@pytest.mark.parametrize("queries", [40, 41])
def test_intervals_are_those_of_resampling_by_hand(queries):
    scores = RANDOM.normal(size=(queries, 3))
    drawn = np.random.default_rng(5).integers(queries, size=(200, queries))
    figures = [scores[drawn, 0].mean(1), np.median(scores[drawn, 1], axis=1), scores[drawn, 2].mean(1)]
    found = bootstrap_intervals(scores, ["mean", "median", "mean"], resamples=200, seed=5)
    np.testing.assert_allclose(found, np.quantile(figures, [0.025, 0.975], axis=1).T)


def test_blocks_change_nothing(monkeypatch):
    scores = RANDOM.normal(size=(30, 2))
    whole = bootstrap_intervals(scores, ["mean", "median"])
    monkeypatch.setattr(statistics, "CELLS", 30 * 7)
    np.testing.assert_array_equal(bootstrap_intervals(scores, ["mean", "median"]), whole)


def test_an_interval_of_95_percent_covers_about_as_often():
    random = np.random.default_rng(2)
    covered = 0
    for trial in range(400):
        hits = column(random.random(150) < 0.3)
        ((low, high),) = bootstrap_intervals(hits, ["mean"], resamples=300, seed=trial)
        covered += low <= 0.3 <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_queries_of_one_cluster_count_as_one():
    images = RANDOM.random(60)
    captions, owners = np.repeat(images, 5), np.repeat(np.arange(60), 5)
    for summary in ("mean", "median"):
        clustered = bootstrap_intervals(column(captions), [summary], clusters=owners)
        np.testing.assert_allclose(clustered, bootstrap_intervals(column(images), [summary]))
    naive = bootstrap_intervals(column(captions), ["mean"])
    clustered = bootstrap_intervals(column(captions), ["mean"], clusters=owners)
    assert np.diff(clustered) == pytest.approx(np.diff(naive) * np.sqrt(5), rel=0.15)


def test_clusters_of_unequal_size_weigh_by_their_queries():
    scores, owners = column([1, 1, 1, 1, 0]), np.array([7, 7, 7, 7, 3])
    ((low, high),) = bootstrap_intervals(
        scores, ["mean"], level=0.4, clusters=owners
    )  # a half of draws has one of each
    assert (low, high) == (0.8, 0.8)
    assert bootstrap_intervals(scores, ["mean"], clusters=owners).tolist() == [[0, 1]]


def test_one_query_and_equal_scores_have_no_width():
    assert bootstrap_intervals(column([0.4]), ["mean"]).tolist() == [[0.4, 0.4]]
    assert bootstrap_intervals(column([3, 3, 3]), ["median"]).tolist() == [[3, 3]]


@pytest.mark.parametrize("queries", [1, 2, 5, 9])
def test_the_exact_test_enumerates_every_swap(queries):
    first, second = RANDOM.integers(0, 11, (2, queries)) / 10
    differences = first - second
    seen = abs(differences.sum())
    swapped = [abs(np.dot(signs, differences)) for signs in product((1, -1), repeat=queries)]
    test = randomisation_test(first, second)
    assert test.exact
    assert test.p_value == pytest.approx(np.mean([value >= seen - 1e-12 for value in swapped]))
    assert test.difference == pytest.approx(differences.mean())


def test_drawn_swaps_come_close_to_all_of_them():
    random = np.random.default_rng(4)
    first, second = random.random(19), random.random(19) - 0.15
    drawn = randomisation_test(first, second)
    signs = np.array(list(product((1.0, -1.0), repeat=18)))
    sums = signs @ (first - second)[:18] + (first - second)[18]  # by symmetry one sign may stay
    p_value = np.mean(np.abs(sums) >= abs((first - second).sum()) - 1e-12)
    assert not drawn.exact
    assert 0.01 < p_value < 0.5
    assert drawn.p_value == pytest.approx(p_value, abs=4 * np.sqrt(p_value / 10_000))
    assert randomisation_test(first, second) == drawn
    assert randomisation_test(second, first).p_value == drawn.p_value


def test_runs_that_are_alike_are_rarely_called_different():
    random = np.random.default_rng(6)
    called = sum(
        randomisation_test(*random.random((2, 40)), resamples=400, seed=trial).p_value <= 0.05 for trial in range(300)
    )
    assert 0.02 <= called / 300 <= 0.085


def test_clear_and_absent_differences():
    better = np.linspace(0, 1, 500)
    assert randomisation_test(better + 0.1, better).p_value == pytest.approx(1 / 10_001)
    same = randomisation_test(better, better.copy())
    assert (same.p_value, same.difference, same.exact, same.assignments) == (1.0, 0.0, True, 1)


def test_a_cluster_is_swapped_whole():
    first = np.repeat([0.9, 0.8, 0.7], 20)
    second = np.repeat([0.5, 0.5, 0.5], 20)
    assert randomisation_test(first, second).p_value < 0.001
    clustered = randomisation_test(first, second, clusters=np.repeat([4, 2, 9], 20))
    assert (clustered.p_value, clustered.exact) == (2 / 8, True)


def test_wins_losses_and_ties():
    first, second = np.array([0.1 + 0.2, 1, 0, 0.5, 3]), np.array([0.3, 0, 1, 0.4, 2])
    assert outcomes(first, second) == Outcomes(wins=3, losses=1, ties=1)
    assert outcomes(first, second, higher_is_better=False) == Outcomes(wins=1, losses=3, ties=1)


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(InputError, match="no queries"):
        bootstrap_intervals(np.empty((0, 1)), ["mean"])
    with pytest.raises(InputError, match="level"):
        bootstrap_intervals(column([1]), ["mean"], level=95)
    with pytest.raises(InputError, match="too few"):
        bootstrap_intervals(column([1]), ["mean"], resamples=0)
    with pytest.raises(InputError, match="clusters of shape"):
        bootstrap_intervals(column([1, 2]), ["mean"], clusters=np.zeros(3, np.int64))
    with pytest.raises(InputError, match="cannot be paired"):
        randomisation_test(np.zeros(2), np.zeros(3))
    with pytest.raises(InputError, match="no queries"):
        outcomes(np.zeros(0), np.zeros(0))
