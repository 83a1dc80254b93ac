"""The convention of image-caption retrieval: five captions an image, both ways, R@k is hit@k."""

import numpy as np
import pytest

from retrieval.evaluation import Qrels, Run, evaluate, parse_measure

IMAGES = ["apple", "boat", "cat"]
CAPTIONS = [f"{image}#{number}" for image in IMAGES for number in range(5)]
OWNER = np.repeat(np.arange(3), 5)
MEASURES = [parse_measure(text) for text in ("R@1", "R@2", "R@5", "R@10", "recall@5", "median_rank", "mean_rank")]


def figures(evaluation):
    return {name: estimate.value for name, estimate in evaluation.measures.items()}


def test_text_to_image_by_hand():
    ranks = [1, 1, 2, 3, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3]  # of each caption's own image
    orders = np.array([np.roll([1, 2], owner).tolist() for owner in OWNER])  # the two others, in some order
    rows = [
        np.insert((owner + order) % 3, rank - 1, owner) for owner, order, rank in zip(OWNER, orders, ranks, strict=True)
    ]
    run = Run.from_neighbours(CAPTIONS, IMAGES, np.array(rows), np.tile([0.9, 0.5, 0.1], (15, 1)))
    qrels = Qrels.from_columns(CAPTIONS, IMAGES, np.arange(15), OWNER, np.ones(15))
    found = figures(evaluate(qrels, run, MEASURES))
    assert found["hit@1"] == pytest.approx(4 / 15)
    assert found["hit@2"] == pytest.approx(8 / 15)
    assert found["hit@5"] == found["recall@5"] == 1  # one right answer: both recalls are one
    assert found["median_rank"] == 2
    assert found["mean_rank"] == pytest.approx((4 + 2 * 4 + 3 * 7) / 15)


def test_image_to_text_by_hand():
    lists = [
        ["boat#0", "apple#3", "apple#1", "cat#0", "cat#1", "cat#2"],  # best own caption at 2, two of five within 5
        ["boat#2", "boat#1", "boat#0", "boat#3", "boat#4", "cat#0"],  # at 1, all within 5
        ["apple#0", "apple#1", "boat#1", "boat#3", "boat#4", "cat#0"],  # at 6, none within 5
    ]
    run = Run.from_arrays(IMAGES, np.array(lists, object), np.tile(np.linspace(0.9, 0.4, 6), (3, 1)))
    qrels = Qrels.from_columns(IMAGES, CAPTIONS, OWNER, np.arange(15), np.ones(15))
    found = figures(evaluate(qrels, run, MEASURES))
    assert found["hit@1"] == pytest.approx(1 / 3)
    assert found["hit@5"] == pytest.approx(2 / 3)
    assert found["hit@10"] == 1
    assert found["recall@5"] == pytest.approx((2 / 5 + 1 + 0) / 3)
    assert found["median_rank"] == 2
    assert found["mean_rank"] == pytest.approx((2 + 1 + 6) / 3)


def test_equals_the_usual_loop_over_a_score_matrix():
    random = np.random.default_rng(3)
    similarity = random.normal(size=(3, 15)) + 0.8 * (np.arange(3)[:, None] == OWNER)
    to_text = [
        min(int(np.flatnonzero(np.argsort(-row) == 5 * i + j)[0]) for j in range(5)) for i, row in enumerate(similarity)
    ]
    to_image = [int(np.flatnonzero(np.argsort(-similarity[:, c]) == OWNER[c])[0]) for c in range(15)]

    def run_of(queries, docs, scores):
        order = np.argsort(-scores, axis=1)
        return Run.from_neighbours(queries, docs, order, np.take_along_axis(scores, order, 1))

    ones, numbers = np.ones(15), np.arange(15)
    texts = evaluate(
        Qrels.from_columns(IMAGES, CAPTIONS, OWNER, numbers, ones), run_of(IMAGES, CAPTIONS, similarity), MEASURES
    )
    images = evaluate(
        Qrels.from_columns(CAPTIONS, IMAGES, numbers, OWNER, ones), run_of(CAPTIONS, IMAGES, similarity.T), MEASURES
    )
    for ranks, evaluation in ((np.array(to_text), texts), (np.array(to_image), images)):
        for k in (1, 2, 5, 10):
            assert evaluation.measures[f"hit@{k}"].value == pytest.approx(np.mean(ranks < k))
        assert evaluation.measures["median_rank"].value == np.median(ranks) + 1
        assert evaluation.measures["mean_rank"].value == pytest.approx(np.mean(ranks) + 1)
