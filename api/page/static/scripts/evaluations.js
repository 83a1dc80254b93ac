/** The latest evaluations of a collection, with their first figures and a link to the report of each. */

import { addressOf, ask, askJson, key } from "./api.js";
import { el } from "./dom.js";

const SHOWN = 5;
const FIGURES = 3;
const DATE = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** @param {string} collection @param {HTMLElement} place @param {AbortSignal} signal */
export async function evaluationsList(collection, place, signal) {
  const asked = new URLSearchParams({ collection, limit: String(SHOWN) });
  const { evaluations } = await askJson(`v1/evaluations?${asked}`, { signal });
  const entries = evaluations.map((one) => el("li", {}, heading(one)));
  const list = el("ul", { className: "entries", role: "list" }, ...entries);
  place.replaceChildren(entries.length ? list : el("p", { className: "hint" }, "None yet."));
  const whole = await Promise.all(evaluations.map(({ id }) => askJson(`v1/evaluations/${id}`, { signal })));
  whole.forEach(({ metrics }, at) => entries[at].append(...figures(metrics)));
}

function heading({ id, kind, created_at, report }) {
  const address = report.replace(/^\//, "");
  const link = el("a", { href: addressOf(address), target: "_blank", rel: "noopener" }, kind);
  if (key()) {
    link.download = `evaluation-${id}.html`; // opened by its address, it would come without the key
    link.addEventListener("click", (event) => (event.preventDefault(), download(address, link.download)), { once: true });
  }
  return el("div", { className: "entry" }, link, el("span", { className: "entry-side" }, DATE.format(new Date(created_at))));
}

async function download(address, name) {
  const url = URL.createObjectURL(await (await ask(address)).blob());
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The first measures of each task: {task: {served or exact: {measures: {name: {value, low, high}}}}}. */
function figures(metrics) {
  return Object.entries(metrics).flatMap(([task, runs]) => {
    const measures = runs?.served?.measures ?? runs?.exact?.measures;
    if (!measures) return [];
    const shown = Object.entries(measures).slice(0, FIGURES);
    const parts = shown.flatMap(([name, { value }]) => [el("dt", {}, name), el("dd", {}, value.toFixed(3))]);
    return [el("p", { className: "hint" }, task), el("dl", { className: "figures" }, ...parts)];
  });
}
