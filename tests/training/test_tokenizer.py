import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from retrieval.encoders.bundled.tokenizer import WordTokenizer
from retrieval.errors import ModelError

WORDS = WordTokenizer.of_words(["red", "cat", "a"], context_length=6)
# ids: 0 padding, 1 start, 2 unknown, 3 a, 4 cat, 5 red, 6 end


def test_words_get_their_ids_between_start_and_end():
    assert WORDS(["A red, RED cat"]).tolist() == [[1, 3, 5, 5, 4, 6]]


def test_an_unknown_word_is_one_token_and_a_long_text_is_cut():
    assert WORDS(["red zebra", "", "cat cat cat cat cat cat"]).tolist() == [
        [1, 5, 2, 6, 0, 0],
        [1, 6, 0, 0, 0, 0],
        [1, 4, 4, 4, 4, 6],
    ]


@given(st.lists(st.text(), max_size=5))
def test_any_text_becomes_a_row_that_ends_where_open_clip_pools(texts):
    rows = WORDS(texts)
    assert rows.shape == (len(texts), 6)
    assert rows.dtype == torch.int64
    assert all(row[row.argmax()] == len(WORDS.tokens) - 1 for row in rows)


def test_the_vocabulary_survives_a_file(tmp_path):
    path = tmp_path / "vocabulary.txt"
    path.write_text(WORDS.text())
    assert WordTokenizer.read(path, context_length=6) == WORDS


def test_a_file_of_other_words_is_refused(tmp_path):
    path = tmp_path / "vocabulary.txt"
    path.write_text("cat\ndog\n")
    with pytest.raises(ModelError, match="not a vocabulary"):
        WordTokenizer.read(path, context_length=6)
