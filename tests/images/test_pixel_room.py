"""How much is decoded at a time: never more than there is room for, and nobody is left waiting."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import save_picture

from retrieval.errors import ImageError
from retrieval.images.decode import DecodeLimits, decoded
from retrieval.images.room import PixelRoom

ROOM = 10


def test_never_more_than_there_is_room_for():
    room, lock, taken, most = PixelRoom(ROOM), threading.Lock(), [], []

    def take(pixels: int) -> None:
        for _ in range(50):
            with room.taken(pixels):
                with lock:
                    taken.append(pixels)
                    most.append(sum(taken))
                with lock:
                    taken.remove(pixels)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(take, [1, 2, 3, 4, 5, 6, 9, 10]))
    assert max(most) <= ROOM
    assert len(most) == 8 * 50


def test_a_large_one_comes_in_alone_and_is_not_passed_by():
    room, order = PixelRoom(ROOM), []
    asked = [threading.Event() for _ in range(2)]

    def take(pixels: int, name: str) -> None:
        asked[0].set() if name == "large" else asked[1].set()
        with room.taken(pixels):
            order.append(name)

    with room.taken(6):
        large = threading.Thread(target=take, args=(1_000, "large"))
        large.start()
        asked[0].wait()
        while not room._turn.locked():  # it waits for its turn before the small one asks
            pass
        small = threading.Thread(target=take, args=(1, "small"))
        small.start()
        asked[1].wait()
        assert order == []
    large.join()
    small.join()
    assert order == ["large", "small"]


def test_a_picture_holds_its_place_while_it_is_used(tmp_path):
    """What its header says counts, for a file that turns out to be broken too."""
    data = save_picture(tmp_path / "a.png", (9, 9, 9), size=40).read_bytes()
    room = PixelRoom(1_600)
    limits = DecodeLimits(room=room)
    with decoded(data, limits=limits) as image:
        assert image.pixels.shape == (40, 40, 3)
        assert room._free == 0
    assert room._free == 1_600
    with pytest.raises(ImageError):
        with decoded(data[:200], limits=limits):
            pass
    with pytest.raises(ImageError, match="not an image"):
        with decoded(b"nothing", limits=limits):
            pass
    assert room._free == 1_600
