/** The hits as a grid of fixed cells. One of them is a stop of the Tab key; arrows go from one to the next. */

import { el } from "./dom.js";
import { hitElement, moveOfKey } from "./hit.js";
import { addressOf } from "./store.js";

const SKELETONS = 24;

/**
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Searching} searching
 */
export function grid(store, searching) {
  const list = document.getElementById("grid");
  const kept = new Map(); // doc_id -> element, so that pictures stay where the hits of two searches are the same
  let collection = "";
  let shown = [];

  const elementOf = (hit) => {
    if (!kept.has(hit.doc_id)) kept.set(hit.doc_id, hitElement(store, hit));
    const element = kept.get(hit.doc_id);
    element.querySelector(".hit-link").href = addressOf({ ...store.state, item: hit.doc_id });
    element.querySelector(".hit-score").textContent = hit.score.toFixed(3);
    return element;
  };

  const render = ({ phase, hits, wall }) => {
    list.classList.toggle("stale", phase !== "ready");
    list.classList.toggle("scored", store.state.scores && !wall);
    list.setAttribute("aria-busy", String(phase === "loading"));
    if (collection !== store.state.collection) kept.clear();
    collection = store.state.collection;
    const waiting = phase === "loading" && !hits.length;
    if (waiting) list.replaceChildren(...Array.from({ length: SKELETONS }, skeleton));
    if (!waiting) show(hits);
  };

  const show = (hits) => {
    const focused = document.activeElement?.closest?.(".hit");
    const goesOn = hits.length >= shown.length && shown.every((hit, at) => hit.doc_id === hits[at].doc_id);
    const elements = hits.map(elementOf);
    if (goesOn && links(list).length) list.append(...elements.slice(shown.length));
    else list.replaceChildren(...elements);
    shown = hits;
    forget(kept, hits);
    if (!links(list).some((link) => link.tabIndex === 0)) stopAt(links(list)[0]);
    if (focused && !focused.isConnected) (links(list)[0] ?? document.getElementById("text")).focus();
  };

  list.addEventListener("focusin", (event) => stopAt(event.target.closest(".hit")?.querySelector("a")));
  list.addEventListener("keydown", (event) => onKey(event, list, store, shown));
  document.getElementById("text").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || !shown.length) return;
    event.preventDefault();
    links(list)[0].focus();
  });
  searching.subscribe(render);
  store.subscribe((state, before) => state.scores !== before.scores && render(searching.results));
  onSight(document.getElementById("more"), () => searching.more(), searching);
}

const skeleton = () => el("li", { className: "hit skeleton", "aria-hidden": "true" });
const links = (list) => [...list.querySelectorAll(".hit-link")];

function stopAt(link) {
  if (!link) return;
  for (const other of link.closest("ul").querySelectorAll('.hit-link[tabindex="0"]')) other.tabIndex = -1;
  link.tabIndex = 0;
}

function forget(kept, hits) {
  const present = new Set(hits.map((hit) => hit.doc_id));
  for (const docId of kept.keys()) if (!present.has(docId)) kept.delete(docId);
}

function onKey(event, list, store, hits) {
  const all = links(list);
  const at = all.indexOf(event.target);
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const move = moveOfKey(event.key, store.state, hits[at].doc_id);
  const to = placeFrom(event.key, at, columnsOf(list), all.length);
  if (!move && to === null) return;
  event.preventDefault();
  if (move) store.change(move);
  else if (to < 0) document.getElementById("text").focus();
  else all[to].focus();
}

/** Where a key leads from place `at`; above the first row is -1, other keys null. */
function placeFrom(key, at, columns, count) {
  const last = count - 1;
  const places = {
    ArrowLeft: Math.max(at - 1, 0),
    ArrowRight: Math.min(at + 1, last),
    ArrowUp: at < columns ? -1 : at - columns,
    ArrowDown: Math.min(at + columns, last),
    Home: 0,
    End: last,
  };
  return places[key] ?? null;
}

const columnsOf = (list) => getComputedStyle(list).gridTemplateColumns.split(" ").length;

/** Asks for more while the end of the list is near. */
function onSight(end, more, searching) {
  let near = false;
  new IntersectionObserver(
    ([entry]) => {
      near = entry.isIntersecting;
      if (near) more();
    },
    { rootMargin: "800px" },
  ).observe(end);
  searching.subscribe(({ phase }) => phase === "ready" && near && requestAnimationFrame(more));
}
