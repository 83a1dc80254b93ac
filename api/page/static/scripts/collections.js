/** The chooser of the collection. */

import { el } from "./dom.js";
import { NO_QUERY } from "./store.js";

/**
 * @param {import("./store.js").Store} store
 * @param {{name: string}[]} collections
 */
export function chooser(store, collections) {
  const select = document.getElementById("collection");
  select.append(...collections.map(({ name }) => el("option", { value: name }, name)));
  select.hidden = collections.length < 2;
  select.value = store.state.collection;
  select.addEventListener("change", () => {
    const words = { ...NO_QUERY, text: store.state.text }; // the rest belongs to the collection before
    store.change({ ...words, collection: select.value, where: [], filter: "", ef: "", item: "" });
  });
  store.subscribe((state) => (select.value = state.collection));
}
