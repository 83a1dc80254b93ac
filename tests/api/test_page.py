"""The search page, used by mouse and by keyboard in a real browser."""

from __future__ import annotations

import re

from api_service import settings_for
from browser import hits, shell, visiting
from playwright.sync_api import expect
from server import post, running

from retrieval.metadata import api_keys
from retrieval.workspace import Workspace

CLIPBOARD = ["clipboard-read", "clipboard-write"]


def test_words(browser, page_url):
    with visiting(browser, page_url) as page:
        assert hits(page) == ["a yellow cup"]
        page.get_by_role("combobox", name="Collection").select_option("photos")
        page.get_by_role("searchbox").fill("a red shirt")
        page.wait_for_url("**q=*")
        assert hits(page)[:3] == ["a red shirt"] * 3
        expect(page).to_have_title("a red shirt")
        expect(page.locator("#live")).to_have_text("The best 18 of 18 pictures.")
        page.get_by_role("searchbox").fill("shirt -red")
        expect(page.get_by_text("Not red")).to_be_visible()
        assert "red" not in hits(page)[0]
        page.get_by_role("button", name="Remove: Not red").click()
        expect(page.get_by_role("searchbox")).to_have_value("shirt")
        page.go_back()
        expect(page.get_by_role("searchbox")).to_have_value("shirt -red")


def test_words_of_captions(browser, page_url):
    with visiting(browser, page_url, "?c=photos&q=shirt+-red") as page:
        hits(page)
        page.get_by_role("combobox", name="What ranks").select_option("By caption")
        expect(page.locator(".hit")).to_have_count(15)
        assert "a red shirt" not in hits(page)
        expect(page).to_have_url(re.compile("mode=lexical"))


def test_a_picture_and_words(browser, page_url, page_folder):
    with visiting(browser, page_url, "?c=photos") as page:
        hits(page)
        page.locator("#file").set_input_files(page_folder / "pictures" / "red" / "1.png")
        page.wait_for_url("**picture=*")
        assert hits(page)[:3] == ["a red shirt"] * 3
        page.get_by_role("searchbox").fill("blue")
        share = page.get_by_label("How much pictures count")
        share.fill("5")
        expect(page.locator(".hit-caption").first).to_have_text("a blue shirt")
        share.fill("95")
        expect(page.locator(".hit-caption").first).to_have_text("a red shirt")
        page.reload()
        assert hits(page)[0] == "a red shirt"
        page.get_by_role("button", name="Remove: Your picture").click()
        expect(page.locator(".hit-caption").first).to_have_text("a blue shirt")


def test_a_picture_is_dropped_or_pasted(browser, page_url, page_folder):
    for event, field in ("drop", "dataTransfer"), ("paste", "clipboardData"):
        with visiting(browser, page_url, "?c=photos") as page:
            hits(page)
            data = list((page_folder / "pictures" / "green" / "0.png").read_bytes())
            page.evaluate(
                """([event, field, data]) => {
                    const transfer = new DataTransfer();
                    transfer.items.add(new File([new Uint8Array(data)], "green.png", {type: "image/png"}));
                    const kind = field === "dataTransfer" ? DragEvent : ClipboardEvent;
                    document.body.dispatchEvent(new kind(event, {[field]: transfer, bubbles: true, cancelable: true}));
                }""",
                [event, field, data],
            )
            page.wait_for_url("**picture=*")
            assert hits(page)[0] == "a green shirt"


def test_from_hit_to_hit(browser, page_url):
    with visiting(browser, page_url, "?c=photos&q=a+red+shirt") as page:
        hits(page)
        page.locator(".hit").first.hover()
        page.get_by_role("button", name="Similar pictures").first.click()
        page.wait_for_url("**like=red*")
        expect(page.get_by_role("searchbox")).to_have_value("")
        assert len(hits(page)) == 17  # without itself
        blue = page.locator(".hit", has_text="blue").first
        blue.hover()
        blue.get_by_role("button", name="More like it").click()
        expect(page.locator(".chip")).to_have_count(2)
        green = page.locator(".hit", has_text="green").first
        green.hover()
        green.get_by_role("button", name="Less like it").click()
        expect(page.locator(".chip.unlike")).to_have_count(1)
        for _ in range(3):
            page.get_by_role("button", name="Remove:").first.click()
        expect(page.locator(".chip")).to_have_count(0)
        expect(page.get_by_text("Some of 18 pictures.").first).to_be_visible()


def test_by_keyboard_alone(browser, page_url):
    with visiting(browser, page_url, "?c=photos&q=a+red+shirt") as page:
        hits(page)
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        second = page.locator(".hit-link").nth(1)
        expect(second).to_be_focused()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        page.keyboard.press("ArrowLeft")
        expect(dialog.get_by_text("red/2.png")).to_be_visible()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(second).to_be_focused()
        page.keyboard.press("s")
        page.wait_for_url("**like=*")


def test_a_document_has_an_address(browser, page_url):
    with visiting(
        browser, page_url, "?c=photos&item=blue/1.png", permissions=["clipboard-read", "clipboard-write"]
    ) as page:
        dialog = page.get_by_role("dialog", name="a blue shirt")
        expect(dialog.get_by_role("definition").filter(has_text="10")).to_be_visible()
        expect(dialog.locator(".neighbours a")).to_have_count(12)
        dialog.get_by_role("button", name="Copy as curl").click()
        expect(dialog.get_by_text("Copied")).to_be_visible()
        command = page.evaluate("navigator.clipboard.readText()")
        assert shell(command)["hits"][0]["captions"] == ["a blue shirt"]
        dialog.get_by_role("button", name="Copy link").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(page_url)
        assert "item=blue%2F1.png" in copied
        page.keyboard.press("Escape")
        expect(page).to_have_url(re.compile(r"\?c=photos$"))


def test_the_search_as_curl_is_the_search(browser, page_url):
    path = "?c=photos&q=shirt+-red&like=blue/1.png&panel=engine"
    with visiting(browser, page_url, path, permissions=CLIPBOARD) as page:
        shown = hits(page)
        page.get_by_role("button", name="Copy the search as curl").click()
        expect(page.get_by_text("Copied").first).to_be_visible()
        command = page.evaluate("navigator.clipboard.readText()")
    found = [hit["captions"][0] for hit in shell(command)["hits"] if hit["doc_id"] != "blue/1.png"]
    assert found == shown[: len(found)]


def test_filters(browser, page_url):
    with visiting(browser, page_url, "?c=photos&q=shirt&panel=filters", expected="422") as page:
        panel = page.get_by_role("complementary", name="Filters")
        panel.get_by_role("button", name="blue").click()
        expect(page.locator(".hit")).to_have_count(3)
        panel.get_by_role("button", name="green").click()
        expect(page.locator(".hit")).to_have_count(6)
        panel.get_by_label("price at least").fill("20")
        panel.get_by_label("price at least").blur()
        expect(page.locator(".hit")).to_have_count(2)
        page.get_by_role("button", name="Remove: colour: blue, green").click()
        expect(page.locator(".hit")).to_have_count(6)
        typed = panel.get_by_label("In words of your own")
        typed.fill("prise < 5")
        typed.press("Enter")
        expect(panel.get_by_text("did you mean price?")).to_be_visible()
        typed.fill('colour = "red" or colour = "black"')
        typed.press("Enter")
        expect(page.locator(".hit")).to_have_count(2)


def test_the_collection_and_how_it_was_searched(browser, page_url):
    with visiting(browser, page_url, "?c=photos&q=shirt&panel=collection") as page:
        panel = page.get_by_role("complementary", name="Collection")
        expect(panel.get_by_text("64 dimensions, fp32")).to_be_visible()
        page.get_by_role("button", name="Under the hood").click()
        panel = page.get_by_role("complementary", name="Under the hood")
        expect(panel.get_by_text("every vector is compared")).to_be_visible()
        panel.press("Escape")
        expect(panel).to_be_hidden()
        expect(page.get_by_role("button", name="Under the hood")).to_be_focused()


def test_how_hard_a_search_tries(browser, page_url):
    with visiting(browser, page_url, "?c=shapes&q=shape&panel=engine") as page:
        panel = page.get_by_role("complementary", name="Under the hood")
        candidates = panel.get_by_role("slider", name="Candidates (efSearch)")
        expect(candidates).to_have_attribute("aria-valuetext", "automatic")
        candidates.press("ArrowRight")
        expect(page).to_have_url(re.compile("ef=64"))
        expect(panel.get_by_text("a walk through the graph (HNSW)")).to_be_visible()
        expect(panel.get_by_text("100 % of 10").first).to_be_visible()
        expect(panel.locator(".curve .marked").first).to_be_visible()
        panel.get_by_role("slider", name="Recall to reach").press("ArrowRight")
        expect(page).to_have_url(re.compile("recall=0.8"))
        expect(candidates).to_have_attribute("aria-valuetext", "automatic")


def test_a_server_that_is_gone_and_comes_back(browser, page_url):
    with visiting(browser, page_url, "?c=photos&q=red", expected="Failed to load") as page:
        hits(page)
        page.route("**/search", lambda route: route.abort())
        page.get_by_role("searchbox").fill("blue")
        expect(page.get_by_text("The server does not answer.")).to_be_visible()
        page.unroute("**/search")
        expect(page.locator(".hit-caption").first).to_have_text("a blue shirt")
        expect(page.get_by_text("The server does not answer.")).to_be_hidden()


def test_a_weak_match_is_told_beyond_the_first_hits(browser, page_url):
    def weak(route):
        asked = route.request.post_data_json
        first = asked.pop("cursor", None) is None
        answer = route.fetch(post_data=asked).json()
        told = {"match": {"weak": True, "percentile": 0.1}, "next_cursor": "more"}
        route.fulfill(json=answer | (told if first else {"hits": [], "next_cursor": None}))

    with visiting(browser, page_url, "?c=photos") as page:
        hits(page)
        page.route("**/search", weak)
        with page.expect_response(lambda answer: "cursor" in (answer.request.post_data or "")):
            page.get_by_role("searchbox").fill("a zebra")
        expect(page.locator(".hit").first).to_have_attribute("aria-setsize", "18")  # all that there are
        expect(page.get_by_text("90 % of this collection’s own captions")).to_be_visible()


def test_an_address_of_what_is_not_there(browser, page_url):
    with visiting(browser, page_url, "?c=gone&q=red", expected="404") as page:
        page.get_by_role("link", name="Start over").click()
        hits(page)
        expect(page.get_by_text("This is not here.")).to_be_hidden()
    with visiting(browser, page_url, "?c=photos&item=gone.png", expected="404") as page:
        expect(page.get_by_role("dialog").get_by_text("This picture cannot be shown.")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page).to_have_url(re.compile(r"\?c=photos$"))


def test_a_server_that_requires_keys(browser, page_folder):
    with Workspace(settings_for(page_folder)) as workspace, workspace.database.write() as connection:
        key = api_keys.create(connection, name="page", scope="read")[1]
    served = running(page_folder, "--auth", RETRIEVAL_API_MAX_K="7")
    with served as (_, page_url), visiting(browser, page_url, "?c=photos&q=red", expected="401") as page:
        field = page.get_by_label("This server asks for a key")
        field.fill("wrong")
        field.press("Enter")
        expect(page.get_by_text("not one of this server’s")).to_be_visible()
        field.fill(key)
        field.press("Enter")
        assert hits(page)[0] == "a red shirt"
        expect(page.locator(".hit img.loaded").first).to_be_visible()
        page.reload()
        expect(page.locator(".hit-link")).to_have_count(18)  # in three pages, while there is room below
        assert len({link.get_attribute("href") for link in page.locator(".hit-link").all()}) == 18


def test_jobs_are_followed(browser, page_url):
    assert post(f"{page_url}/v1/collections/cups/jobs/index", {"source": "new"})[0] == 202
    with visiting(browser, page_url, "?c=cups&panel=collection") as page:
        entries = page.get_by_role("complementary").get_by_role("listitem")
        expect(entries.first).to_contain_text("Index newdone1 indexed, 22 rejected: broken", timeout=60_000)
        expect(entries.last).to_have_text("broken 19.pngunsupported format")
        page.get_by_role("button", name="Show more").click()
        expect(entries.last).to_have_text("broken 21.pngunsupported format")
        expect(page.get_by_role("button", name="Show more")).to_be_hidden()
        expect(page.locator(".hit-link")).to_have_count(2)


def test_pictures_are_added(browser, page_url, page_folder):
    with visiting(browser, page_url, "?c=cups&panel=collection") as page:
        assert "a yellow cup" in hits(page)
        chosen = [
            page_folder / "pictures" / "red" / "0.png",
            page_folder / "new" / "broken 00.png",
            page_folder / "pictures" / "red" / "1.png",
        ]
        page.get_by_role("complementary").locator("input[type=file]").set_input_files(chosen)
        expect(page.get_by_text("2 pictures added to cups, 1 not:")).to_be_visible()
        expect(page.get_by_text("broken 00.png: not an image")).to_be_visible()
        expect(page.locator(".hit-link", has_text="red")).to_have_count(0)
        expect(page.locator(".hit-link", has_text="0.png")).to_have_count(1)
        expect(page.locator(".hit-link", has_text="1.png")).to_have_count(1)
