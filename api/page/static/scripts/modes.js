/** What ranks a search by words: how pictures look, what their captions say, or both. */

import { el } from "./dom.js";
import { isMixed, parseText } from "./query.js";

const MODES = { "": "By look", lexical: "By caption", hybrid: "By both" };

/** The modes that a search may have; none without words. @param {import("./store.js").State} state */
function possible(state) {
  if (!parseText(state.text).wanted) return [];
  const wordsAlone = !isMixed(state) && !state.unlike.length;
  return Object.keys(MODES).filter((mode) => wordsAlone || mode !== "lexical");
}

/** The mode that a search is made in. @param {import("./store.js").State} state */
export const modeOf = (state) => (possible(state).includes(state.mode) ? state.mode : "");

/** @param {import("./store.js").Store} store */
export function modeChooser(store) {
  const select = el("select", { className: "quiet", "aria-label": "What ranks" });
  select.addEventListener("change", () => store.change({ mode: select.value }));
  const show = (state) => {
    const modes = possible(state);
    select.replaceChildren(...modes.map((mode) => el("option", { value: mode }, MODES[mode])));
    select.value = modeOf(state);
    select.hidden = modes.length === 0;
  };
  store.subscribe(show);
  show(store.state);
  return select;
}
