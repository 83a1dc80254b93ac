/** How hard a search tries: which recall it is to reach, or else how many candidates it takes from the graph. */

import { NAMES, pointAt } from "./curve.js";
import { el, grouped, percent } from "./dom.js";

const RECALLS = ["", "0.8", "0.9", "0.95", "0.98", "0.99", "0.995"];
const CANDIDATES = ["", "64", "96", "128", "192", "256", "384", "512", "768", "1024", "1536", "2048", "3072", "4096"];

/**
 * @param {import("./store.js").Store} store
 * @param {{target_recall: number | null}} collection
 * @param {{modality: string, points: any[]}[]} curves  none where nothing was measured
 * @returns {{elements: Node[], show: (plan: any) => void}} `show` tells what the plan of the last search certifies
 */
export function effort(store, { target_recall: own }, curves) {
  const certified = el("dl", { className: "facts" });
  const tell = (ef) => certified.replaceChildren(...certifies(curves, ef));
  const recall = slider("Recall to reach", RECALLS, {
    say: (chosen) => (chosen ? percent(Number(chosen)) : own ? `${percent(own)}, the collection’s own` : "none"),
    choose: (chosen) => store.change({ recall: chosen, ef: "" }, { burst: "recall" }),
  });
  const candidates = slider("Candidates (efSearch)", CANDIDATES, {
    say: (chosen) => (chosen ? grouped(Number(chosen)) : "automatic"),
    move: (chosen) => chosen && tell(Number(chosen)),
    choose: (chosen) => store.change({ ef: chosen, recall: "" }, { burst: "ef" }),
  });
  const show = (plan) => {
    recall.show(store.state.recall);
    candidates.show(store.state.ef);
    tell(plan.ef_search);
  };
  return { elements: [recall.element, candidates.element, certified], show };
}

function slider(title, choices, { say, choose, move = () => {} }) {
  const said = el("span", {});
  const input = el("input", { type: "range", min: 0, max: choices.length - 1, step: 1, "aria-label": title });
  const chosen = () => choices[input.value];
  const tell = () => input.setAttribute("aria-valuetext", (said.textContent = say(chosen())));
  input.addEventListener("input", () => (tell(), move(chosen())));
  input.addEventListener("change", () => choose(chosen()));
  const show = (value) => {
    const above = choices.findIndex((choice) => Number(choice) >= Number(value));
    input.value = above < 0 ? choices.length - 1 : above;
    tell();
  };
  return { element: el("div", { className: "slider" }, el("span", {}, title), said, input), show };
}

/** What was measured with so many candidates, or with the next fewer that were. */
function certifies(curves, ef) {
  const known = curves.map(({ modality, points }) => [NAMES[modality] ?? modality, pointAt(points, ef)]);
  return known.flatMap(([name, point]) => point && [el("dt", {}, `by ${name}`), el("dd", {}, recalls(point))]).filter(Boolean);
}

const recalls = ({ at_10, at_100 }) => `${percent(at_10.value)} of 10${at_100 ? `, ${percent(at_100.value)} of 100` : ""}`;
