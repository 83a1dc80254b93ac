/**
 * Runs the search that the state asks for: the newest one only, page by page.
 *
 * @typedef {object} Hit
 * @property {string} doc_id
 * @property {number} score
 * @property {number} rank
 * @property {number | null} width  of the picture, in pixels; null where it is not known
 * @property {number | null} height
 * @property {string[]} captions
 * @property {Record<string, any>} attributes
 *
 * @typedef {object} Results
 * @property {"loading" | "ready" | "failed"} phase
 * @property {Hit[]} hits  of the last answer while the next one loads
 * @property {any} answer  the last answer
 * @property {any} error
 * @property {boolean} wall  a mixed view, for nothing is looked for
 * @property {boolean} complete  there are no further hits
 * @property {boolean} fresh  of another search than was shown before, and not gone back to: it is seen from its top
 */

import { Unreachable, askJson, ofCollection } from "./api.js";
import { filterOf } from "./clauses.js";
import { LIMITS } from "./limits.js";
import { modeOf } from "./modes.js";
import { pictureOf } from "./pictures.js";
import { bodyOf, onlyDocument } from "./query.js";
import { differ, isQuery } from "./store.js";

const PAGE = Math.min(60, LIMITS.most_hits);
const RETRY_MS = 3_000;
const BUSY = [429, 503, 504];
const ASKED = ["collection", "text", "picture", "share", "mode", "like", "unlike", "where", "filter", "recall", "ef"];
const DIVERSITY = 0.8;
const KEPT = 8; // results that can be gone back to

/** What a search that says nothing more than `state` asks the server. @param {import("./store.js").State} state */
export function requestOf(state) {
  const { collection, recall, ef } = state;
  const filter = filterOf(state);
  const mode = modeOf(state);
  const effort = ef ? { ef_search: Number(ef) } : recall ? { target_recall: Number(recall) } : {};
  const options = { ...(filter && { filter }), ...(mode && { mode }), ...(mode !== "lexical" && effort) };
  const only = onlyDocument(state);
  if (only === null) {
    return { path: ofCollection(collection, "/search"), json: { ...soughtIn(state, mode), ...options } };
  }
  return { path: ofCollection(collection, `/similar?${new URLSearchParams({ doc_id: only, ...options })}`) };
}

/** The results of the page's search. */
export class Searching {
  /** @type {Results} */
  results = { phase: "loading", hits: [], answer: null, error: null, wall: false, complete: false, fresh: false };
  #past = new Map(); // results by the part of the state that they are of
  #listeners = [];
  #running = new AbortController();
  #retry = 0;

  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.store = store;
    store.subscribe((state, before, isGoneBackTo) => {
      if (!differ(state, before, ASKED)) return;
      const past = isGoneBackTo && this.#past.get(askedIn(state));
      if (past) return this.#show(past);
      if (state.collection !== before.collection) this.results = { ...this.results, hits: [], answer: null };
      this.#ask(null, !isGoneBackTo);
    });
    addEventListener("online", () => this.results.phase === "failed" && this.start());
  }

  /** @param {(results: Results) => void} listener @returns {() => void} ends it */
  subscribe(listener) {
    this.#listeners.push(listener);
    return () => (this.#listeners = this.#listeners.filter((one) => one !== listener));
  }

  /** Resolves when nothing is under way. @returns {Promise<void>} */
  settled() {
    if (this.results.phase !== "loading") return Promise.resolve();
    return new Promise((done) => {
      const end = this.subscribe(({ phase }) => {
        if (phase === "loading") return;
        end();
        done();
      });
    });
  }

  /** Search anew: what there is to be found has changed. */
  start() {
    this.#past.clear();
    this.#ask(null);
  }

  /** Get the next page, unless something is under way or there is none. */
  more() {
    if (this.results.phase === "ready" && !this.results.complete) this.#ask(this.results.answer.next_cursor);
  }

  /** Results that were shown before, as far as they had been scrolled. */
  #show(past) {
    this.#running.abort();
    clearTimeout(this.#retry);
    this.#become(past);
  }

  #keep(asked) {
    this.#past.delete(asked); // so that it becomes the latest
    this.#past.set(asked, { ...this.results, fresh: false });
    if (this.#past.size > KEPT) this.#past.delete(this.#past.keys().next().value);
  }

  /** @param {string | null} cursor  where the page before ended; null is the first one @param {boolean} fresh */
  async #ask(cursor, fresh = false) {
    this.#running.abort();
    clearTimeout(this.#retry);
    const running = (this.#running = new AbortController());
    const { state } = this.store;
    const wall = !isQuery(state);
    this.#become({ phase: "loading", error: null, fresh });
    try {
      const answer = wall ? await variety(state, running.signal) : await page(requestOf(state), cursor, running.signal);
      if (cursor) answer.match = this.results.answer.match; // told of the best hit, which is on the first page
      const shown = answer.hits.filter((hit) => !state.like.includes(hit.doc_id));
      const hits = cursor ? [...this.results.hits, ...shown] : shown;
      this.#become({ phase: "ready", hits, answer, wall, complete: wall || !answer.next_cursor });
      this.#keep(askedIn(state));
    } catch (error) {
      if (running.signal.aborted) return;
      if (error instanceof Unreachable || BUSY.includes(error.status)) this.#retry = setTimeout(() => this.#ask(cursor), RETRY_MS);
      this.#become({ phase: "failed", error });
    }
  }

  #become(patch) {
    this.results = { ...this.results, ...patch };
    for (const listener of this.#listeners) listener(this.results);
  }
}

const askedIn = (state) => JSON.stringify(ASKED.map((name) => state[name]));

function soughtIn(state, mode) {
  if (!isQuery(state)) return { text: "a picture", diversity: DIVERSITY };
  return mode === "lexical" ? { text: state.text } : bodyOf(state, pictureOf(state.picture)); // the server knows -words
}

function page({ path, json }, cursor, signal) {
  const part = { k: PAGE, ...(cursor && { cursor }) };
  if (json) return askJson(path, { json: { ...json, ...part }, signal });
  return askJson(`${path}&${new URLSearchParams(part)}`, { signal });
}

/** A mixed view around a text that says little; around a document where vectors were made elsewhere. */
async function variety(state, signal) {
  const request = requestOf(state);
  try {
    return await page(request, null, signal);
  } catch (error) {
    if (error.code !== "invalid_input") throw error;
    const { items } = await askJson(ofCollection(state.collection, "/items?limit=1"), { signal });
    if (!items.length) throw error;
    const { text, ...json } = request.json;
    return page({ ...request, json: { ...json, doc_id: items[0].doc_id } }, null, signal);
  }
}
