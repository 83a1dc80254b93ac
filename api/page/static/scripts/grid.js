/** The hits, in rows (layout.js); arrows go from one to the next. */

import { el } from "./dom.js";
import { hitElement, moveOfKey } from "./hit.js";
import { bottomOf, justified, placeFrom, ratioOf, targetHeight } from "./layout.js";
import { addressOf } from "./store.js";
import { setSide } from "./thumbnails.js";
import { VirtualList } from "./virtual.js";

const SKELETONS = 40;

/**
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Searching} searching
 * @returns {{focusOn: (docId: string) => void}}
 */
export function grid(store, searching) {
  const list = document.getElementById("grid");
  const elements = new VirtualList(list, (hit, box, element) => elementOf(store, hit, box, element));
  const laid = new WeakMap(); // by hits: those that are gone back to are where they were
  const skeletons = document.getElementById("skeletons");
  const text = document.getElementById("text");
  let collection = "";
  let hits = [];
  let open = true; // whether more will follow: hits at the end that do not fill a row wait for them
  let boxes = []; // of all hits but those

  const render = ({ phase, hits: found, wall, complete, fresh }) => {
    list.classList.toggle("stale", phase !== "ready");
    list.classList.toggle("scored", store.state.scores && !wall);
    list.setAttribute("aria-busy", String(phase === "loading"));
    if (collection !== store.state.collection) elements.clear();
    collection = store.state.collection;
    skeletons.hidden = phase !== "loading" || found.length > 0;
    if (phase !== "loading") show(found, phase !== "failed" && !complete);
    else if (!found.length) show([], true);
    if (fresh && phase !== "loading") scrollTo({ top: 0, behavior: "instant" });
  };

  const show = (found, isOpen) => {
    const goesOn = open && boxes.every((_, at) => found[at] && found[at].doc_id === hits[at].doc_id);
    [hits, open] = [found, isOpen];
    place(goesOn ? boxes : []);
  };

  /** Rows that stand stay where they are. */
  const place = (standing) => {
    const frame = frameOf(list);
    if (!frame.width) return; // not to be seen yet
    const top = standing.length ? bottomOf(standing) + frame.gap : 0;
    const before = laid.get(hits);
    const isLaid = before?.width === frame.width && before.open === open;
    boxes = isLaid ? before.boxes : [...standing, ...justified(hits.slice(standing.length).map(ratioOf), frame, { open, top })];
    laid.set(hits, { width: frame.width, open, boxes });
    list.style.height = `${bottomOf(boxes)}px`;
    elements.show(hits, boxes, open ? -1 : hits.length);
  };

  list.addEventListener("keydown", (event) => onKey(event, elements, store, hits, boxes));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || !boxes.length) return;
    event.preventDefault();
    elements.goTo(0);
  });
  skeletons.append(...Array.from({ length: SKELETONS }, () => el("div", { className: "skeleton" })));
  searching.subscribe(render);
  store.subscribe((state, before) => state.scores !== before.scores && render({ ...searching.results, fresh: false }));
  onWidth(list, () => place([]));
  onSight(document.getElementById("more"), () => searching.more(), searching);
  return { focusOn: (docId) => elements.goTo(hits.findIndex((hit) => hit.doc_id === docId)) };
}

/** Its address and its score belong to the search that found it. */
function elementOf(store, hit, box, element) {
  element ??= hitElement(store, hit, sideOf(hit, box));
  element.querySelector(".hit-link").href = addressOf({ ...store.state, item: hit.doc_id });
  element.querySelector(".hit-score").textContent = hit.score.toFixed(3);
  setSide(element.querySelector("img"), sideOf(hit, box));
  return placed(element, box);
}

function onKey(event, elements, store, hits, boxes) {
  const at = event.target.matches(".hit-link") ? elements.placeOf(event.target) : -1;
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const move = moveOfKey(event.key, store.state, hits[at].doc_id);
  const to = placeFrom(event.key, at, boxes);
  if (!move && to === null) return;
  event.preventDefault();
  if (move) store.change(move);
  else if (to < 0) document.getElementById("text").focus();
  else elements.goTo(to);
}

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
