import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.sources.flickr_token import FlickrTokenSource
from retrieval.errors import SourceError


@pytest.fixture
def captions(tmp_path):
    def write(content, name="x.token"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return FlickrTokenSource(path)

    return write


def said(source):
    return [(record.doc_id, record.captions) for record in source.records()]


def test_captions_of_a_token_file_are_gathered_by_image_and_ordered_by_number(captions, tmp_path):
    source = captions(
        "\ufeff2.jpg#1\ttwo , again\r\n2.jpg#0\t two\n\n1 #1.jpg#0\tone\tand a tab\n2.jpg#10\tx\n2.jpg#2\ttwo\n"
    )
    assert said(source) == [("2.jpg", ("two", "two , again", "two", "x")), ("1 #1.jpg", ("one\tand a tab",))]
    record = next(source.records())
    assert (record.image_uri, record.attributes) == (str(tmp_path / "2.jpg"), {})


def test_a_csv_of_captions_keeps_their_order_and_quotes(captions):
    source = captions(
        'image,caption\n1.jpg,"a dog , and ""a"" cat"\n1.jpg,a dog\n2.jpg,x\n1.jpg,a dog\n', "captions.txt"
    )
    assert said(source) == [("1.jpg", ('a dog , and "a" cat', "a dog", "a dog")), ("2.jpg", ("x",))]


@pytest.mark.parametrize("header", ["image_name| comment_number| comment", "image| comment_number| comment"])
def test_results_with_bars_are_read_also_where_the_second_bar_is_missing(captions, header):
    lines = ['1.jpg| 0| Two | or "more" .', "1.jpg| 1|Three, four", "1.jpg| 2   A dog runs across the grass ."]
    source = captions("\n".join([header, *lines]), "results.csv")
    assert said(source) == [("1.jpg", ('Two | or "more" .', "Three, four", "A dog runs across the grass ."))]


def test_an_image_whose_captions_are_blank_is_kept_without(captions):
    assert said(captions("1.jpg#0\t\n1.jpg#1\t \n")) == [("1.jpg", ())]


FAULTS = {
    "spaces": ("1.jpg#0\tx\n1.jpg#1 x\n", "line 2: not a caption of an image; write NAME.jpg#0, a tab and the caption"),
    "no_number": ("1.jpg#0\tx\n1.jpg\tx\n", "line 2: not a caption of an image"),
    "first": ("hello\n", "line 1: not a caption of an image; write NAME.jpg#0"),
    "huge_number": ("1.jpg#0\tx\n1.jpg#" + "9" * 5000 + "\tx\n", "line 2: not a caption"),
    "twice": (
        "1.jpg#0\tx\n2.jpg#0\tx\n1.jpg#0\ty\n",
        "line 3: caption 0 of '1.jpg' was given before (DIR/x.token, line 1)",
    ),
    "no_name": ("1.jpg#0\tx\n #1\tx\n", "line 2: the image's name is empty"),
    "latin1": (b"1.jpg#0\tx\n1.jpg#1\tcaf\xe9\n", "line 2: not UTF-8 text"),
    "remote": ("http://x.example/1.jpg#0\tx\n", "line 1: http://x.example/1.jpg: only local files"),
    "empty": ("", ": no images"),
    "bars": (
        "image| comment_number| comment\n1.jpg| 0| x\n1.jpg, 1, x\n",
        "line 3: not a caption of an image; write NAME.jp",
    ),
    "commas": ("image,caption\n1.jpg,x\n1.jpg,x, y\n", "line 3: 3 columns where the header has 2; quote"),
    "comma_name": ("image,caption\n,x\n", "line 2: the image's name is empty"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_file_is_refused_with_line_and_remedy(captions, tmp_path, fault):
    content, expected = FAULTS[fault]
    with pytest.raises(SourceError) as caught:
        captions(content).check()
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/x.token")
    assert expected.replace("DIR", str(tmp_path)) in message
    assert "\n" not in message


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([(image, number) for image in range(3) for number in range(4)]))
def test_the_order_of_lines_changes_only_the_order_of_images(captions, order):
    source = captions("".join(f"{image}.jpg#{number}\t{image} {number}\n" for image, number in order))
    assert dict(said(source)) == {f"{i}.jpg": tuple(f"{i} {number}" for number in range(4)) for i in range(3)}
    assert [doc_id for doc_id, _ in said(source)] == list(dict.fromkeys(f"{image}.jpg" for image, _ in order))
