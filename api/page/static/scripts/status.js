/** The line above the grid: how many hits, of how many, and whether scores are shown. The same is read aloud. */

import { counted, debounced, el, grouped } from "./dom.js";
import { modeChooser } from "./modes.js";
import { parseText } from "./query.js";
import { isQuery } from "./store.js";

/**
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Searching} searching
 */
export function statusLine(store, searching) {
  const line = document.getElementById("status");
  const text = el("p", { className: "status-text" });
  const scores = el(
    "button",
    { type: "button", className: "quiet", onclick: () => store.change({ scores: !store.state.scores }, { replace: true }) },
    "Scores",
  );
  const suggestions = el("p", { className: "suggestions" });
  line.append(text, suggestions, el("div", { className: "status-tools" }, modeChooser(store), scores));
  const aloud = debounced((message) => (document.getElementById("live").textContent = message), 500);

  const render = (results) => {
    scores.hidden = !isQuery(store.state);
    scores.setAttribute("aria-pressed", String(store.state.scores));
    if (results.phase !== "ready") return;
    text.textContent = summary(results);
    suggestions.replaceChildren(...(results.wall ? suggested(store, results.hits) : []));
    aloud(text.textContent);
    document.title = titleOf(store.state);
  };
  searching.subscribe(render);
  store.subscribe(() => render(searching.results));
}

function summary({ hits, answer, wall }) {
  const { searched, allowed } = answer.plan;
  const among = allowed === null ? counted(searched, "picture") : `${grouped(allowed)} filtered`;
  if (wall) return `Some of ${among}.`;
  return hits.length ? `The best ${grouped(hits.length)} of ${among}.` : "Nothing found.";
}

/** A few short captions of what there is, to begin with. */
function suggested(store, hits) {
  const short = hits.map((hit) => [...hit.captions].sort((one, other) => one.length - other.length)[0]).filter(Boolean);
  const chosen = short.sort((one, other) => one.length - other.length).slice(0, 3);
  const buttons = chosen.map((text) =>
    el("button", { type: "button", className: "suggestion", onclick: () => store.change({ text }) }, text),
  );
  return buttons.length ? ["Try", ...buttons] : [];
}

function titleOf(state) {
  const { wanted } = parseText(state.text);
  return wanted || (isQuery(state) ? "Similar pictures" : "Image search");
}
