/** Where one can go from a document. Each gives what changes in the state. */

import { NO_QUERY } from "./store.js";

/** Look for the like of it, and for nothing else. @param {string} docId */
export const toSimilar = (docId) => ({ ...NO_QUERY, like: [docId], item: "" });

/** Look for what is more like it. @param {import("./store.js").State} state @param {string} docId */
export const toMoreLike = (state, docId) => ({
  like: [...others(state.like, docId), docId],
  unlike: others(state.unlike, docId),
  item: "",
});

/** Look for what is less like it. @param {import("./store.js").State} state @param {string} docId */
export const toLessLike = (state, docId) => ({
  like: others(state.like, docId),
  unlike: [...others(state.unlike, docId), docId],
  item: "",
});

const others = (list, docId) => list.filter((one) => one !== docId);
