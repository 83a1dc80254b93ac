import numpy as np

from retrieval.training.heldout import HeldOut
from retrieval.training.sheet import RIGHT, contact_sheet, twenty
from retrieval.training.validation import rank


def held_out(images):
    """Pictures of one colour each; every fourth caption is meant for the next picture."""
    vectors = np.eye(images, dtype=np.float32)
    owners = np.arange(images)
    texts = vectors[np.where(owners % 4 == 0, (owners + 1) % images, owners)]
    pictures = tuple(np.full((10, 10, 3), number * 5, np.uint8) for number in range(images))
    captions = tuple(f"picture number {number}" for number in range(images))
    ranks = rank(vectors, texts, owners=owners, whole=np.ones(images, bool))
    return HeldOut(pictures, captions, vectors, texts, ranks)


def test_twenty_queries_with_failures_among_them():
    held = held_out(50)
    queries = twenty(held, seed=0)
    assert len(set(queries)) == 20
    assert all(held.ranks.images[query] > 1 for query in queries[14:])
    assert queries == twenty(held, seed=0)


def test_the_own_picture_is_framed_where_it_is_shown():
    held = held_out(50)
    found, missed = contact_sheet(held, [1], columns=1), contact_sheet(held, [48], columns=1)

    def framed(sheet):
        return (np.asarray(sheet) == RIGHT).all(axis=2).sum() > 500

    assert framed(found)
    assert not framed(missed)
