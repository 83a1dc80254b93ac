/** One attribute in the filters: its values with counts, or the distribution of its numbers or dates. */

import { dayAfter, dayBefore } from "./clauses.js";
import { el, grouped } from "./dom.js";
import { histogram } from "./histogram.js";

/**
 * @param {any} facet  as the server counts it
 * @param {import("./clauses.js").Clause | undefined} chosen
 * @param {(clause: import("./clauses.js").Clause) => void} set
 * @param {() => void} openAll
 */
export function facetElement(facet, chosen, set, openAll) {
  const name = facet.attribute;
  const parts = [];
  if (facet.values.length || chosen?.values?.length) parts.push(values(facet, chosen?.values ?? [], set));
  if (facet.distinct > facet.values.length) parts.push(moreButton(facet, openAll));
  if (facet.numbers) parts.push(range(name, numbersOf(facet.numbers), chosen, set));
  else if (facet.dates) parts.push(range(name, datesOf(facet.dates), chosen, set));
  return el("fieldset", { className: "facet" }, el("legend", { className: "facet-name" }, name), ...parts);
}

function values(facet, chosen, set) {
  const counts = new Map(facet.values.map(({ value, count }) => [value, count]));
  for (const value of chosen) if (!counts.has(value)) counts.set(value, null);
  const toggle = (value) => {
    const kept = chosen.filter((one) => one !== value);
    set({ name: facet.attribute, values: kept.length < chosen.length ? kept : [...chosen, value] });
  };
  const option = ([value, count]) =>
    el(
      "button",
      {
        type: "button",
        className: "value",
        id: idOf(facet.attribute, value),
        "aria-pressed": String(chosen.includes(value)),
        onclick: () => toggle(value),
      },
      el("span", { className: "value-name" }, String(value)),
      count !== null && el("span", { className: "value-count" }, grouped(count)),
    );
  return el("div", { className: "values" }, ...[...counts].map(option));
}

function moreButton(facet, openAll) {
  const text = `${grouped(facet.distinct - facet.values.length)} more`;
  if (facet.values.length >= 200) return el("p", { className: "hint" }, text);
  return el("button", { type: "button", className: "quiet", id: idOf(facet.attribute, "", "more"), onclick: openAll }, text);
}

/** The same for the same thing when it is shown anew, so that it keeps the focus. */
const idOf = (...names) => ["facet", ...names].map(encodeURIComponent).join("/");

const numbersOf = ({ min, max, bins }) => ({
  type: "number",
  bins,
  min,
  max,
  shown: (bound) => bound ?? "",
  low: (text) => (text === "" ? null : Number(text)),
  high: (text) => (text === "" ? null : Number(text)),
  ofBins: (low, high) => [low, high],
});

const datesOf = ({ min, max, bins }) => ({
  type: "date",
  bins,
  min: min.slice(0, 10),
  max: max.slice(0, 10),
  shown: (bound, isHigh) => (bound ? (isHigh ? dayBefore(bound) : bound) : ""),
  low: (text) => text || null,
  high: (text) => (text ? dayAfter(text) : null),
  ofBins: (low, high) => [low, high],
});

function range(name, kind, chosen, set) {
  const { low = null, high = null } = chosen ?? {};
  const field = (isHigh) => {
    const input = el("input", {
      type: kind.type,
      id: idOf(name, "", isHigh ? "high" : "low"),
      "aria-label": `${name} ${isHigh ? "at most" : "at least"}`,
      placeholder: String(isHigh ? kind.max : kind.min),
      value: kind.shown(isHigh ? high : low, isHigh),
    });
    if (kind.type === "number") input.step = "any";
    input.addEventListener("change", () =>
      set(isHigh ? { name, low, high: kind.high(input.value) } : { name, low: kind.low(input.value), high }),
    );
    return input;
  };
  const choose = (from, to) => {
    const [first, last] = kind.ofBins(kind.bins[from].low, kind.bins[to].high);
    set({ name, low: first, high: last });
  };
  return el("div", { className: "range" }, histogram(kind.bins, { low, high }, choose), el("div", { className: "bounds" }, field(false), "–", field(true)));
}
