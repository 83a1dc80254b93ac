/** The hits, in rows (layout.js). One of them is a stop of the Tab key; arrows go from one to the next. */

import { el } from "./dom.js";
import { hitElement, moveOfKey } from "./hit.js";
import { bottomOf, justified, placeFrom, ratioOf, targetHeight } from "./layout.js";
import { addressOf } from "./store.js";
import { setSide } from "./thumbnails.js";

const SKELETONS = Array.from({ length: 60 }, () => ({}));

/**
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Searching} searching
 */
export function grid(store, searching) {
  const list = document.getElementById("grid");
  const text = document.getElementById("text");
  const kept = new Map(); // doc_id -> element, so that pictures stay where the hits of two searches are the same
  let collection = "";
  let hits = [];
  let open = true; // whether more will follow: hits at the end that do not fill a row wait for them
  let boxes = []; // of all hits but those
  let placedFor = null; // the state that the elements of these lead on from

  const render = ({ phase, hits: found, wall, complete }) => {
    list.classList.toggle("stale", phase !== "ready");
    list.classList.toggle("scored", store.state.scores && !wall);
    list.setAttribute("aria-busy", String(phase === "loading"));
    if (collection !== store.state.collection) kept.clear();
    collection = store.state.collection;
    if (phase !== "loading") show(found, phase !== "failed" && !complete);
    else if (!found.length) show(SKELETONS, true);
  };

  const show = (found, isOpen) => {
    const goesOn = open && boxes.every((_, at) => found[at] && found[at].doc_id === hits[at].doc_id);
    [hits, open] = [found, isOpen];
    place(goesOn ? boxes : []);
    forget(kept, hits);
  };

  /** Rows that stand stay where they are. */
  const place = (standing) => {
    const frame = frameOf(list);
    if (!frame.width) return; // not to be seen yet
    const top = standing.length ? bottomOf(standing) + frame.gap : 0;
    boxes = [...standing, ...justified(hits.slice(standing.length).map(ratioOf), frame, { open, top })];
    const focused = document.activeElement;
    const done = store.state === placedFor ? standing.length : 0;
    fill(list, boxes.map((box, at) => (at < done ? list.children[at] : elementOf(hits[at], box))));
    placedFor = store.state;
    list.style.height = `${bottomOf(boxes)}px`;
    if (!links(list).some((link) => link.tabIndex === 0)) stopAt(links(list)[0]);
    if (focused?.closest(".hit")) (focused.isConnected ? focused : (links(list)[0] ?? text)).focus({ preventScroll: true });
  };

  const elementOf = (hit, box) => {
    if (!hit.doc_id) return placed(skeleton(), box);
    if (!kept.has(hit.doc_id)) kept.set(hit.doc_id, hitElement(store, hit, sideOf(hit, box)));
    const element = kept.get(hit.doc_id);
    element.querySelector(".hit-link").href = addressOf({ ...store.state, item: hit.doc_id });
    element.querySelector(".hit-score").textContent = hit.score.toFixed(3);
    setSide(element.querySelector("img"), sideOf(hit, box));
    return placed(element, box);
  };

  list.addEventListener("focusin", (event) => stopAt(event.target.closest(".hit")?.querySelector("a")));
  list.addEventListener("keydown", (event) => onKey(event, list, store, hits, boxes));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || !links(list).length) return;
    event.preventDefault();
    links(list)[0].focus();
  });
  searching.subscribe(render);
  store.subscribe((state, before) => state.scores !== before.scores && render(searching.results));
  onWidth(list, () => place([]));
  onSight(document.getElementById("more"), () => searching.more(), searching);
}

const skeleton = () => el("li", { className: "hit skeleton", "aria-hidden": "true" });
const links = (list) => [...list.querySelectorAll(".hit-link")];

function frameOf(list) {
  const width = list.clientWidth;
  return { width, target: targetHeight(width), gap: parseFloat(getComputedStyle(list).columnGap) };
}

/** Pixels that the longer side of the picture has on the page; where its size is not known, it covers a square. */
function sideOf({ width, height }, box) {
  const long = width && height ? Math.max(width / height, height / width) : 4 / 3;
  return Math.round(Math.min(box.width, box.height) * long);
}

function placed(element, { left, top, width, height }) {
  Object.assign(element.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  return element;
}

function fill(list, elements) {
  const same = [...list.children].every((child, at) => child === elements[at]);
  if (same) list.append(...elements.slice(list.children.length));
  else list.replaceChildren(...elements);
}

function stopAt(link) {
  if (!link) return;
  for (const other of link.closest("ul").querySelectorAll('.hit-link[tabindex="0"]')) other.tabIndex = -1;
  link.tabIndex = 0;
}

function forget(kept, hits) {
  const present = new Set(hits.map((hit) => hit.doc_id));
  for (const docId of kept.keys()) if (!present.has(docId)) kept.delete(docId);
}

function onKey(event, list, store, hits, boxes) {
  const all = links(list);
  const at = all.indexOf(event.target);
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const move = moveOfKey(event.key, store.state, hits[at].doc_id);
  const to = placeFrom(event.key, at, boxes);
  if (!move && to === null) return;
  event.preventDefault();
  if (move) store.change(move);
  else if (to < 0) document.getElementById("text").focus();
  else all[to].focus();
}

function onWidth(list, changed) {
  let width = 0;
  new ResizeObserver(() => {
    if (list.clientWidth === width) return;
    width = list.clientWidth;
    changed();
  }).observe(list);
}

/** Asks for more while the end of the list is near. */
function onSight(end, more, searching) {
  let near = false;
  new IntersectionObserver(
    (entries) => {
      near = entries.at(-1).isIntersecting; // it may have gone and come back since the last call
      if (near) more();
    },
    { rootMargin: "800px" },
  ).observe(end);
  searching.subscribe(({ phase }) => phase === "ready" && near && requestAnimationFrame(more));
}
