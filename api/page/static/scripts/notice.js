/** What is not as it should be, in words, and what can be done about it. */

import { Refusal, Unreachable } from "./api.js";
import { filterOf } from "./clauses.js";
import { el } from "./dom.js";
import { pictureOf } from "./pictures.js";
import { NO_QUERY } from "./store.js";

/**
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Searching} searching
 */
export function notices(store, searching) {
  const place = document.getElementById("notice");
  searching.subscribe((results) => {
    if (results.phase === "loading") return;
    place.replaceChildren(...[noticeOf(store, searching, results)].filter(Boolean));
  });
}

/** @param {Error} error */
export function complain(error) {
  document.getElementById("notice").replaceChildren(notice("That did not work.", sentence(error.message)));
}

function noticeOf(store, searching, { phase, error, answer, hits, wall }) {
  const { state } = store;
  if (state.picture && !pictureOf(state.picture))
    return notice("The picture is missing.", "It stayed in the tab where it was chosen: choose it again.", startOver(store));
  if (phase === "failed") return failure(store, error, () => searching.start());
  if (!hits.length && filterOf(state)) return notice("Nothing passes the filter.", "", withoutFilter(store));
  if (!hits.length && wall)
    return notice("There is nothing here yet.", "Index a folder of pictures, or drop some onto this page.");
  if (!hits.length) return notice("Nothing was found.", "Try other words.", startOver(store));
  if (!wall && answer.match?.weak) return notice("No good match.", beside(answer.match, state));
  return null;
}

function failure(store, error, again) {
  if (error instanceof Unreachable)
    return notice("The server does not answer.", "This page tries again every few seconds.", button("Try again", again));
  if (!(error instanceof Refusal) || error.status >= 500 || error.status === 429)
    return notice("That did not work.", sentence(error.message), button("Try again", again));
  if (error.status === 401)
    return notice("The key is not accepted any more.", "", button("Enter another", () => location.reload()));
  if (error.code === "invalid_filter")
    return notice("The filter cannot be read.", sentence(error.message), withoutFilter(store));
  if (error.status === 404) return notice("This is not here.", sentence(error.message), toTheBeginning());
  return notice("This search is not possible.", sentence(error.message), startOver(store));
}

function beside({ percentile }, { text }) {
  const share = Math.min(99, Math.round((1 - percentile) * 100));
  const others = text.trim() ? "captions" : "pictures";
  return `${share} % of this collection’s own ${others} find something that fits better. Nearest all the same:`;
}

const notice = (title, text, ...buttons) =>
  el("p", { className: "notice" }, el("span", {}, el("strong", {}, title), ` ${text}`), ...buttons);
const button = (text, onclick) => el("button", { type: "button", className: "quiet", onclick }, text);
const withoutFilter = (store) => button("Remove the filter", () => store.change({ where: [], filter: "" }));
const startOver = (store) => button("Start over", () => store.change({ ...NO_QUERY, where: [], filter: "", recall: "", ef: "" }));
/** Without anything that the address says, its collection included. */
const toTheBeginning = () => el("a", { className: "quiet", href: location.pathname }, "Start over");
const sentence = (message) => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
