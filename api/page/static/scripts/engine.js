/** How the last search was run, what it cost, and what recall may be asked for instead. */

import { askJson, ofCollection } from "./api.js";
import { copyButton } from "./copying.js";
import { curlOf } from "./curl.js";
import { recallCurve } from "./curve.js";
import { el, grouped } from "./dom.js";
import { requestOf } from "./searching.js";

const STRATEGIES = {
  exact: "exact: every vector is compared",
  hnsw: "a walk through the graph (HNSW)",
  words: "words of captions (BM25)",
};
const RECALLS = ["0.8", "0.9", "0.95", "0.98", "0.99", "0.995"];

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
  const curve = el("div");
  place.append(plan, curve, copyButton("Copy the search as curl", () => curlOf(requestOf(store.state))));
  let collection = null;
  const show = ({ phase, answer }) => {
    if (phase !== "ready" || !answer) return;
    plan.replaceChildren(planSection(answer.plan), timingsSection(answer.timings));
    if (!collection) return;
    const focused = curve.contains(document.activeElement);
    curve.replaceChildren(...recallSection(store, collection, answer.plan));
    if (focused) curve.querySelector("input")?.focus();
  };
  const unsubscribe = searching.subscribe(show);
  show(searching.results);
  askJson(ofCollection(store.state.collection, ""), { signal: running.signal }).then(
    (found) => {
      collection = found;
      show(searching.results);
    },
    () => {},
  );
  return () => {
    unsubscribe();
    running.abort();
  };
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

function recallSection(store, collection, plan) {
  const certificate = collection.certificates.image;
  if (!certificate)
    return [el("p", { className: "hint" }, "There is no graph yet: all searches are exact, and miss nothing.")];
  const whole = certificate.curves.filter(({ selectivity }) => selectivity === 1);
  return [
    el("section", {}, el("h3", {}, "Recall against time"), ...recallCurve(whole, plan)),
    el("section", {}, el("h3", {}, "Recall to reach"), slider(store, collection)),
  ];
}

function slider(store, { target_recall: own }) {
  const choices = ["", ...RECALLS];
  const said = el("output", {});
  const input = el("input", { type: "range", min: 0, max: choices.length - 1, step: 1, "aria-label": "Recall to reach" });
  const show = () => {
    const chosen = choices[input.value];
    said.textContent = chosen ? percent(Number(chosen)) : `the collection’s own${own ? `, ${percent(own)}` : ""}`;
    input.setAttribute("aria-valuetext", said.textContent);
  };
  input.value = Math.max(0, choices.indexOf(store.state.recall));
  input.addEventListener("input", show);
  input.addEventListener("change", () => store.change({ recall: choices[input.value] }, { burst: "recall" }));
  show();
  return el("label", { className: "slider" }, input, said);
}

const percent = (share) => `${Math.round(share * 1000) / 10} %`;
