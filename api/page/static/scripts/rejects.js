/** What could not be indexed, and why: a part at a time. */

import { askJson, ofCollection } from "./api.js";
import { el } from "./dom.js";

const PART = 20;

/** @param {string} collection @param {HTMLElement} place @param {AbortSignal} signal */
export async function rejectsList(collection, place, signal) {
  const list = el("ul", { className: "entries", role: "list" });
  const more = el("button", { type: "button", className: "quiet" }, "Show more");
  const load = async (cursor) => {
    const asked = new URLSearchParams({ limit: String(PART), ...(cursor && { cursor }) });
    const { rejects, next_cursor: next } = await askJson(ofCollection(collection, `/rejects?${asked}`), { signal });
    const shown = list.children.length;
    list.append(...rejects.map(entry));
    more.hidden = !next;
    more.onclick = () => load(next).catch(() => (more.textContent = "Try again"));
    more.textContent = "Show more";
    if (cursor && more.hidden) list.children[shown]?.focus(); // the button that had the focus is gone
  };
  await load("");
  place.replaceChildren(...(list.children.length ? [list, more] : [el("p", { className: "hint" }, "None.")]));
}

const entry = ({ doc_id, reason }) =>
  el("li", { className: "entry", tabIndex: -1 }, el("span", { className: "entry-name" }, doc_id), el("span", { className: "entry-side" }, reason.replaceAll("-", " ")));
