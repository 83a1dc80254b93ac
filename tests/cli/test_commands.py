"""The real command in processes of its own: what people type, what they see, what they get when they get it wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from helpers import COLOURS, run_cli, save_picture, save_pictures


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    rows = ["image,caption,price,colour"]
    save_pictures(folder)
    for number, name in enumerate(COLOURS):
        rows.append(f"pictures/{name}.png,something {name},{number * 10},{name}")
    (folder / "catalogue.csv").write_text("\n".join(rows))
    told = run_cli("index", "catalogue.csv", "--collection", "things", "--model", "fake", cwd=folder)
    assert "6 indexed, 0 skipped as unchanged, 0 rejected" in told.stdout
    return folder


def hits(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [hit["doc_id"] for hit in json.loads(done.stdout)["hits"]]


def test_help_needs_neither_torch_nor_faiss(tmp_path):
    code = (
        "import sys; sys.argv = ['retrieval', '--help']\n"
        "from retrieval.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "heavy = {'torch', 'open_clip', 'faiss', 'numpy', 'sqlalchemy', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for command in ("index", "search", "similar", "captions", "status", "serve", "verify", "demo"):
        assert command in done.stdout


def test_search_by_text_image_both_and_filter(indexed):
    assert hits(run_cli("search", "something red", "-c", "things", "-k", "1", "--json", cwd=indexed)) == [
        "pictures/red.png"
    ]
    by_image = run_cli("search", "--image", "pictures/blue.png", "-c", "things", "-k", "2", "--json", cwd=indexed)
    assert hits(by_image)[0] == "pictures/blue.png"
    both = run_cli("search", "blue", "--image", "pictures/blue.png", "-c", "things", "-k", "1", "--json", cwd=indexed)
    assert hits(both) == ["pictures/blue.png"]
    filtered = run_cli(
        *("search", "red", "-c", "things", "--json", "--ef-search", "128"),
        *("--filter", 'price < 30 and not colour = "red"'),
        cwd=indexed,
    )
    assert set(hits(filtered)) == {"pictures/green.png", "pictures/blue.png"}


def test_range_diversity_and_groups(indexed):
    one = run_cli("search", "red", "-c", "things", "--json", "--min-score", "0.5", cwd=indexed)
    assert hits(one) == ["pictures/red.png"]
    options = ("--diversity", "0.5", "--group-by", "colour", "--json")
    assert len(hits(run_cli("search", "red", "-c", "things", "-k", "4", *options, cwd=indexed))) == 4
    similar = hits(run_cli("similar", "pictures/red.png", "-c", "things", *options, cwd=indexed))
    assert len(similar) == 5
    assert "pictures/red.png" not in similar


def test_search_by_words_and_by_both(indexed):
    by_words = run_cli("search", '"something RED" -blue', "-c", "things", "--mode", "lexical", cwd=indexed).stdout
    assert "pictures/red.png" in by_words
    assert "words over 6 images" in by_words
    options = ("-c", "things", "-k", "2", "--mode", "hybrid", "--lexical-weight", "0.5")
    both = run_cli("search", "something red", *options, cwd=indexed).stdout
    assert "hybrid to depth 100, exact over 6 images" in both
    told = json.loads(run_cli("search", "something red", *options, "--json", cwd=indexed).stdout)
    assert told["hits"][0]["doc_id"] == "pictures/red.png"
    assert told["hits"][0]["ranks"] == {"vector": 1, "lexical": 1}
    assert (told["plan"]["mode"], told["plan"]["depth"]) == ("hybrid", 100)


def test_json_has_the_documented_shape(indexed):
    told = json.loads(run_cli("search", "red", "-c", "things", "-k", "3", "--json", cwd=indexed).stdout)
    assert set(told) == {"hits", "match", "plan", "timings"}
    assert set(told["hits"][0]) == {"doc_id", "score", "rank", "captions", "attributes", "width", "height"}
    assert told["hits"][0]["captions"] == ["something red"]
    assert told["hits"][0]["attributes"] == {"price": 0, "colour": "red"}
    assert [hit["rank"] for hit in told["hits"]] == [1, 2, 3]
    assert told["plan"]["strategy"] == "exact"
    assert set(told["timings"]) == {"encode", "filter", "search", "match", "metadata"}


def test_similar_leaves_the_document_itself_out(indexed):
    found = hits(run_cli("similar", "pictures/red.png", "-c", "things", "--json", cwd=indexed))
    assert len(found) == 5
    assert "pictures/red.png" not in found


def test_captions_describe_a_picture(indexed):
    told = json.loads(
        run_cli("captions", "pictures/green.png", "-c", "things", "-k", "1", "--json", cwd=indexed).stdout
    )
    assert told["captions"][0]["caption"] == "something green"
    others = ("--filter", 'colour != "green"')
    told = run_cli("captions", "pictures/green.png", "-c", "things", "-k", "9", *others, cwd=indexed).stdout
    assert "something red" in told
    assert "something green" not in told


def test_tables_status_and_sheet(indexed):
    table = run_cli("search", "red", "-c", "things", "--sheet", "hits.png", cwd=indexed).stdout
    assert "pictures/red.png" in table
    assert "exact over 6 images" in table
    assert (indexed / "hits.png").read_bytes().startswith(b"\x89PNG")
    status = run_cli("status", cwd=indexed).stdout
    assert "things" in status
    assert "6 with 6 captions; 0 rejected" in status
    told = json.loads(run_cli("status", "--json", cwd=indexed).stdout)["collections"][0]
    assert (told["documents"], told["generation"], told["last_run"]) == (6, 1, "finished")
    assert "all as written" in run_cli("verify", "-c", "things", cwd=indexed).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["search", "x", "-c", "thing"], 1, "no collection 'thing': there is things"),
        (["search", "  ", "-c", "things"], 2, "the query text is empty"),
        (["search", "-c", "things"], 2, "nothing to search for"),
        (["search", "x", "-c", "things", "-k", "0"], 2, "1 to 10,000"),
        (["search", "x", "-c", "things", "--min-score", "7"], 2, "scores are cosines"),
        (["search", "x", "-c", "things", "--diversity", "2"], 2, "diversity is 2"),
        (["search", "x", "-c", "things", "--group-by", "color"], 2, "colour"),
        (["search", "x", "-c", "things", "-f", "price <"], 2, "position"),
        (["search", "x", "-c", "things", "-f", "prize < 3"], 2, "price"),
        (["search", "--image", "none.png", "-c", "things"], 1, "none.png"),
        (["similar", "nothing", "-c", "things"], 1, "no document 'nothing'"),
        (["index", "nowhere", "-c", "new"], 2, "no such file or folder"),
        (["index", "pictures", "-c", "../x", "--model", "fake"], 2, "cannot name a collection"),
        (["index", "pictures", "-c", "new", "--model", "ViT-Z-99/none"], 1, "ViT-Z-99"),
        (["index", "pictures", "-c", "new", "--checkpoint", "x.pt"], 2, "--model"),
    ],
)
def test_mistakes_get_one_line_and_no_traceback(indexed, arguments, code, message):
    done = run_cli(*arguments, cwd=indexed, check=False)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_corrupt_image_is_a_warning_and_with_strict_a_failure(indexed, tmp_path):
    save_picture(tmp_path / "photos" / "good.png", COLOURS["red"])
    (tmp_path / "photos" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    command = ("index", "photos", "-c", "c", "--model", "fake")
    done = run_cli(*command, cwd=tmp_path)
    assert "1 indexed" in done.stdout
    assert "warning: rejected: 1 " in done.stdout
    assert "bad.png" in done.stdout
    assert run_cli(*command, "--strict", cwd=tmp_path, check=False).returncode == 1
    assert "bad.png" in run_cli("status", "--rejects", cwd=tmp_path).stdout


def test_a_collection_refuses_another_encoder(indexed):
    done = run_cli(
        "index", "pictures", "-c", "things", "--model", "fake", "--checkpoint", "x", cwd=indexed, check=False
    )
    assert done.returncode == 1
    assert "takes no checkpoint" in done.stderr


def test_postgresql_by_url(indexed, postgres_url, tmp_path, monkeypatch):
    run = [sys.executable, "-c", "from retrieval.cli import main; main()"]
    environment = {"RETRIEVAL_DATABASE_URL": postgres_url, "RETRIEVAL_DATA_DIR": str(tmp_path / "data"), "PATH": ""}

    def call(*arguments):
        return subprocess.run([*run, *arguments], cwd=indexed, env=environment, capture_output=True, text=True)

    assert "retrieval db upgrade" in call("status").stderr
    assert "the database has schema 0" in call("db", "upgrade").stdout
    assert "6 indexed" in call("index", "catalogue.csv", "-c", "things", "--model", "fake").stdout
    assert hits(call("search", "red", "-c", "things", "-k", "1", "--json", "-f", "price < 50")) == ["pictures/red.png"]
