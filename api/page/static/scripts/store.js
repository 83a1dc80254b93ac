/**
 * What is shown. All of it is in the address, so that it can be shared and gone back to; everything else follows from it.
 *
 * @typedef {object} State
 * @property {string} collection  "" is the first one
 * @property {string} text  as typed, minus signs included
 * @property {string} picture  id of a picture that this browser keeps (pictures.js)
 * @property {number} share  how much pictures count beside words, 0 to 100
 * @property {string} mode  what ranks words (modes.js)
 * @property {string[]} like  doc_ids to be near to
 * @property {string[]} unlike  doc_ids to be far from
 * @property {string[]} where  clauses of the filters panel (clauses.js)
 * @property {string} filter  as typed, in the server's language
 * @property {string} recall  target recall; "" is the collection's own
 * @property {string} ef  candidates in the graph (efSearch); "" is as many as the recall takes
 * @property {string} item  doc_id that is open
 * @property {string} panel  which panel is open
 * @property {boolean} scores  whether scores are shown
 */

/** @type {Readonly<State>} */
const NOTHING = {
  collection: "",
  text: "",
  picture: "",
  share: 50,
  mode: "",
  like: [],
  unlike: [],
  where: [],
  filter: "",
  recall: "",
  ef: "",
  item: "",
  panel: "",
  scores: false,
};
const NAMES = { collection: "c", text: "q" };
const LOOKED_FOR = ["picture", "like", "unlike"];

/** What an empty query is. */
export const NO_QUERY = { text: "", picture: "", share: 50, like: [], unlike: [] };

/** @param {State} state */
export const isQuery = (state) => LOOKED_FOR.some((name) => state[name].length > 0) || state.text.trim() !== "";

/** @param {State} one @param {State} other @param {string[]} names */
export const differ = (one, other, names) => names.some((name) => String(one[name]) !== String(other[name]));

/** @param {string} search  the part of an address from "?" @returns {State} */
export function parseState(search) {
  const given = new URLSearchParams(search);
  const read = (name, initial) => {
    const values = given.getAll(NAMES[name] ?? name);
    if (Array.isArray(initial)) return values;
    if (!values.length) return initial;
    if (typeof initial === "boolean") return values[0] === "1";
    return typeof initial === "number" ? share(values[0]) : values[0];
  };
  return /** @type {State} */ (
    Object.fromEntries(Object.entries(NOTHING).map(([name, initial]) => [name, read(name, initial)]))
  );
}

/** The address of a state, with what is not as usual only. @param {State} state */
export function addressOf(state) {
  const given = new URLSearchParams();
  for (const [name, initial] of Object.entries(NOTHING)) {
    const values = [state[name]].flat().filter((value) => value !== initial);
    for (const value of values) given.append(NAMES[name] ?? name, value === true ? "1" : String(value));
  }
  const search = given.toString();
  return search ? `?${search}` : location.pathname;
}

/** The state of the page, kept in its address. */
export class Store {
  #listeners = [];
  #burst = "";

  constructor() {
    this.state = parseState(location.search);
    addEventListener("popstate", () => {
      this.#burst = "";
      this.#become(parseState(location.search), true);
    });
  }

  /**
   * @param {(state: State, before: State, isGoneBackTo: boolean) => void} listener  called after every change; the last
   *   is true where the browser goes back or forward
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    this.#listeners.push(listener);
    return () => (this.#listeners = this.#listeners.filter((one) => one !== listener));
  }

  /**
   * @param {Partial<State>} patch
   * @param {{replace?: boolean, burst?: string}} [how]  `replace` makes no entry of the history; of several changes of
   *   one `burst` on end, such as the letters of a word, only the first makes one
   */
  change(patch, { replace = false, burst = "" } = {}) {
    const state = { ...this.state, ...patch };
    const keep = replace || (burst !== "" && burst === this.#burst);
    if (!replace) this.#burst = burst;
    if (addressOf(state) === addressOf(this.state)) return;
    if (keep) history.replaceState(history.state, "", addressOf(state));
    else history.pushState({ within: true }, "", addressOf(state));
    this.#become(state);
  }

  /** Undo the last change if it was made on this page, else make `patch`. @param {Partial<State>} patch */
  leave(patch) {
    if (history.state?.within) history.back();
    else this.change(patch, { replace: true });
  }

  #become(state, isGoneBackTo = false) {
    const before = this.state;
    this.state = state;
    for (const listener of this.#listeners) listener(state, before, isGoneBackTo);
  }
}

function share(text) {
  const number = Number(text);
  return number >= 0 && number <= 100 ? number : NOTHING.share;
}
