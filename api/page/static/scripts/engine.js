/** How the last search was run, what it cost, and how hard the next one is to try. */

import { askJson, ofCollection } from "./api.js";
import { copyButton } from "./copying.js";
import { curlOf } from "./curl.js";
import { recallCurve } from "./curve.js";
import { el, grouped, percent } from "./dom.js";
import { effort } from "./effort.js";
import { requestOf } from "./searching.js";

const STRATEGIES = {
  exact: "exact: every vector is compared",
  hnsw: "a walk through the graph (HNSW)",
  words: "words of captions (BM25)",
};

/**
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Searching} searching
 * @returns {import("./panel.js").Content}
 */
export const enginePanel = (store, searching) => ({
  name: "engine",
  title: "Under the hood",
  icon: "engine",
  fill: (place) => fill(store, searching, place),
});

function fill(store, searching, place) {
  const running = new AbortController();
  const plan = el("div");
  const graph = el("div");
  let showGraph = () => {};
  place.append(plan, graph, copyButton("Copy the search as curl", () => curlOf(requestOf(store.state))));
  const show = ({ phase, answer }) => {
    if (phase !== "ready" || !answer) return;
    plan.replaceChildren(planSection(answer.plan), timingsSection(answer.timings));
    showGraph(answer.plan);
  };
  const unsubscribe = searching.subscribe(show);
  show(searching.results);
  const loaded = askJson(ofCollection(store.state.collection, ""), { signal: running.signal }).then(
    (collection) => {
      showGraph = graphSection(store, collection, graph);
      show(searching.results);
    },
    () => {},
  );
  const end = () => {
    unsubscribe();
    running.abort();
  };
  return { ready: Promise.all([loaded, searching.settled()]), end };
}

function planSection({ strategy, ef_search, searched, allowed, generation, certified, certified_at, depth }) {
  const facts = {
    strategy: STRATEGIES[strategy] ?? strategy,
    ...(depth && { "words too": `both to a depth of ${grouped(depth)}` }),
    ...(ef_search && { candidates: grouped(ef_search) }),
    vectors: grouped(searched),
    ...(allowed !== null && { "pass the filter": grouped(allowed) }),
    generation: String(generation),
    ...(certified && { [`recall@${certified_at}`]: `${percent(certified.value)} (${percent(certified.low)} to ${percent(certified.high)})` }),
  };
  const rows = Object.entries(facts).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  return el("section", {}, el("h3", {}, "Plan"), el("dl", { className: "facts" }, ...rows));
}

function timingsSection(timings) {
  const most = Math.max(...Object.values(timings));
  const rows = Object.entries(timings).map(([stage, seconds]) =>
    el(
      "li",
      {},
      el("span", {}, stage),
      el("meter", { value: seconds, max: most || 1, "aria-hidden": "true" }),
      el("span", { className: "number" }, `${(seconds * 1000).toFixed(1)} ms`),
    ),
  );
  return el("section", {}, el("h3", {}, "Time"), el("ul", { className: "timings", role: "list" }, ...rows));
}

/** What the graph was measured to find, and how hard to try; what it returns shows the plan of a search there. */
function graphSection(store, collection, place) {
  if (["empty", "exact"].includes(collection.index)) {
    place.replaceChildren(el("p", { className: "hint" }, "There is no graph yet: all searches are exact, and miss nothing."));
    return () => {};
  }
  const curves = (collection.certificates.image?.curves ?? []).filter(({ selectivity }) => selectivity === 1);
  const curve = el("div");
  const sliders = effort(store, collection, curves);
  const measured = el("section", {}, el("h3", {}, "Recall@10 against time"), curve);
  place.replaceChildren(...(curves.length ? [measured] : []), el("section", {}, el("h3", {}, "Effort"), ...sliders.elements));
  return (plan) => {
    curve.replaceChildren(...recallCurve(curves, plan.ef_search));
    sliders.show(plan);
  };
}
