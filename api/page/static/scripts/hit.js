/** One hit in the grid: its picture, and on hover or focus its caption and where one can go from it. */

import { el, iconButton } from "./dom.js";
import { toLessLike, toMoreLike, toSimilar } from "./moves.js";
import { thumbnail } from "./thumbnails.js";

/** @param {import("./searching.js").Hit} hit  what to call it */
export const nameOf = (hit) => hit.captions?.[0] ?? hit.doc_id;

/**
 * Its address and its score belong to the search that found it: the grid sets them.
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Hit} hit
 * @param {number} side  of the picture, in pixels
 */
export function hitElement(store, hit, side) {
  const docId = hit.doc_id;
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
    event.preventDefault();
    store.change({ item: docId });
  };
  const action = (picture, name, patch) =>
    iconButton(picture, name, () => store.change(patch(store.state, docId)), { tabIndex: -1 });
  return el(
    "li",
    { className: "hit" },
    el(
      "a",
      { className: "hit-link", tabIndex: -1, onclick: open },
      thumbnail(store.state.collection, docId, side),
      el("span", { className: "hit-caption" }, nameOf(hit)),
      el("span", { className: "hit-score" }),
    ),
    el(
      "div",
      { className: "hit-actions" },
      action("similar", "Similar pictures (s)", (_, id) => toSimilar(id)),
      action("plus", "More like it (+)", toMoreLike),
      action("minus", "Less like it (−)", toLessLike),
    ),
  );
}

/** The change that a key makes at a hit that has the focus; null for other keys. */
export function moveOfKey(key, state, docId) {
  const moves = { s: () => toSimilar(docId), "+": () => toMoreLike(state, docId), "-": () => toLessLike(state, docId) };
  return moves[key]?.() ?? null;
}
