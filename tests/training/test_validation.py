import numpy as np

from retrieval.training.validation import rank


def unit(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_ranks_by_hand():
    images = unit(0, 90, 180)
    texts = unit(10, 85, 100, 110)  # the second and the last are nearest to the image at 90, which is not theirs
    ranks = rank(images, texts, owners=np.array([0, 0, 1, 2]), whole=np.array([True, False, True, True]))
    assert ranks.images.tolist() == [1, 2, 1, 2]
    assert ranks.texts.tolist() == [1, 2, 1]
    recalls = ranks.recalls()
    assert recalls["text_to_image_r1"] == 2 / 4
    assert recalls["text_to_image_whole_r1"] == 2 / 3
    assert recalls["text_to_image_r5"] == 1.0
    assert recalls["image_to_text_r1"] == 2 / 3


def test_a_model_that_says_the_same_of_everything_finds_nothing_first():
    images, texts = unit(0, 0, 0), unit(0, 0, 0)
    ranks = rank(images, texts, owners=np.arange(3), whole=np.ones(3, bool))
    assert ranks.images.tolist() == [3, 3, 3]
    assert ranks.texts.tolist() == [3, 3, 3]
