/** One document, large: its captions and attributes, its nearest neighbours, and where one can go from it. */

import { Refusal, addressOf as absolute, askJson, key, ofCollection } from "./api.js";
import { copyButton } from "./copying.js";
import { curlOf } from "./curl.js";
import { el, icon, iconButton } from "./dom.js";
import { nameOf } from "./hit.js";
import { toLessLike, toMoreLike, toSimilar } from "./moves.js";
import { NO_QUERY, addressOf } from "./store.js";
import { thumbnail } from "./thumbnails.js";

const NEIGHBOURS = 12;
const AHEAD = 6; // so many hits before the end, more are asked for
const NOT_ASKED = { ...NO_QUERY, where: [], filter: "", recall: "", ef: "", panel: "" };

/**
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Searching} searching
 * @param {(docId: string) => void} focusOn  gives a hit the focus
 */
export function detail(store, searching, focusOn) {
  const dialog = document.getElementById("detail");
  let running = new AbortController();

  const show = async (docId) => {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    const { collection } = store.state;
    const known = searching.results.hits.find((hit) => hit.doc_id === docId);
    if (known) fill(known);
    if (!dialog.open) dialog.showModal();
    try {
      if (!known) fill(await askJson(ofCollection(collection, `/item?${new URLSearchParams({ doc_id: docId })}`), { signal }));
      fillNeighbours((await askJson(neighboursOf(collection, docId).path, { signal })).hits);
    } catch (error) {
      if (!signal.aborted && !known) dialog.replaceChildren(closing(), failure(error));
    }
  };

  const fill = (item) => {
    const [before, after] = besides(searching.results.hits, item.doc_id);
    const focused = dialog.contains(document.activeElement) ? document.activeElement.ariaLabel : "";
    dialog.setAttribute("aria-label", nameOf(item));
    dialog.replaceChildren(closing(), picture(store, item, before, after), facts(store, item));
    dialog.scrollTop = 0;
    if (dialog.open) refocus(dialog, focused); // so that keys still arrive here
    if (searching.results.hits.slice(-AHEAD).some((hit) => hit.doc_id === item.doc_id)) searching.more();
  };
  const fillNeighbours = (hits) => {
    const list = dialog.querySelector(".neighbours");
    list?.replaceChildren(...hits.map((hit) => neighbour(store, hit)));
  };
  const closing = () => iconButton("close", "Close (Escape)", () => dialog.close(), { className: "icon-button detail-close" });

  dialog.addEventListener("close", () => store.state.item && store.leave({ item: "" }));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
    const to = step === undefined ? null : besides(searching.results.hits, store.state.item)[step];
    if (to) store.change({ item: to }, { replace: true });
  });
  store.subscribe((state, before) => {
    if (state.item === before.item) return;
    if (state.item) return show(state.item);
    dialog.close();
    requestAnimationFrame(() => focusOn(before.item)); // after the browser, going back, has scrolled to where one was
  });
  return { show };
}

/** To the control of the same name in what is shown now. */
function refocus(dialog, name) {
  const same = name && dialog.querySelector(`[aria-label="${CSS.escape(name)}"]`);
  (same || dialog).focus();
}

const neighboursOf = (collection, docId) => ({
  path: ofCollection(collection, `/similar?${new URLSearchParams({ doc_id: docId, k: String(NEIGHBOURS) })}`),
});

/** Where the picture's own file is; a link cannot send a key. */
const original = (collection, { doc_id }) => absolute(ofCollection(collection, `/image?${new URLSearchParams({ doc_id })}`));

/** The documents before and after one among the hits. */
function besides(hits, docId) {
  const at = hits.findIndex((hit) => hit.doc_id === docId);
  return at < 0 ? [null, null] : [hits[at - 1]?.doc_id, hits[at + 1]?.doc_id];
}

function picture(store, item, before, after) {
  const step = (name, label, docId, side) =>
    docId &&
    iconButton(name, label, () => store.change({ item: docId }, { replace: true }), { className: `icon-button step ${side}` });
  return el(
    "div",
    { className: "detail-picture" },
    thumbnail(store.state.collection, item.doc_id, Infinity, nameOf(item)),
    step("left", "Previous (arrow left)", before, "step-left"),
    step("right", "Next (arrow right)", after, "step-right"),
  );
}

function facts(store, item) {
  const { state } = store;
  const go = (picture, text, patch) =>
    el("button", { type: "button", className: "button", onclick: () => store.change(patch) }, icon(picture), text);
  const [title, ...captions] = item.captions;
  return el(
    "div",
    { className: "detail-facts" },
    el("h2", {}, title ?? item.doc_id),
    captions.length > 0 && el("ul", { className: "captions" }, ...captions.map((caption) => el("li", {}, caption))),
    el(
      "div",
      { className: "actions" },
      go("similar", "Similar", toSimilar(item.doc_id)),
      go("plus", "More like it", toMoreLike(state, item.doc_id)),
      go("minus", "Less like it", toLessLike(state, item.doc_id)),
    ),
    attributes(item),
    el("h3", {}, "Nearest"),
    el("ul", { className: "neighbours", role: "list" }, ...Array.from({ length: NEIGHBOURS }, () => el("li", {}))),
    el(
      "div",
      { className: "actions" },
      !key() && el("a", { className: "quiet", href: original(state.collection, item), target: "_blank" }, "Original"),
      copyButton("Copy link", () => absolute(addressOf({ ...state, ...NOT_ASKED, item: item.doc_id }))),
      copyButton("Copy as curl", () => curlOf(neighboursOf(state.collection, item.doc_id))),
    ),
  );
}

function attributes(item) {
  const rows = [["id", item.doc_id], ...Object.entries(item.attributes)];
  const text = (value) => (Array.isArray(value) ? value.join(", ") : String(value));
  return el("dl", { className: "attributes" }, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, text(value))]));
}

function neighbour(store, hit) {
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    store.change({ item: hit.doc_id }, { replace: true });
  };
  const href = addressOf({ ...store.state, item: hit.doc_id });
  const named = { href, onclick: open, "aria-label": nameOf(hit), title: nameOf(hit) };
  return el("li", {}, el("a", named, thumbnail(store.state.collection, hit.doc_id, 96)));
}

function failure(error) {
  const text = error instanceof Refusal ? error.message : "the server does not answer: close this and try again";
  return el("p", { className: "detail-failure" }, el("strong", {}, "This picture cannot be shown."), el("br"), text);
}
