/** Filters made from the collection's own attributes, and a field for what they cannot say. */

import { Refusal, askJson, ofCollection } from "./api.js";
import { clauseText, filterOf, parseClause } from "./clauses.js";
import { el } from "./dom.js";
import { facetElement } from "./facet.js";
import { differ } from "./store.js";

const LISTED = 12;
const FEW = 40;

/**
 * @param {import("./store.js").Store} store
 * @returns {import("./panel.js").Content}
 */
export const filtersPanel = (store) => ({ name: "filters", title: "Filters", icon: "filter", fill: (place) => fill(store, place) });

function fill(store, place) {
  const facets = el("div", { className: "facets" });
  place.append(facets, typed(store));
  let running = new AbortController();
  let counted = []; // facets as last counted
  const opened = new Set(); // attributes of which all values are asked for

  const render = () => show(facets, counted, store, (name) => (opened.add(name), load()));
  const load = async () => {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    try {
      counted = await counts(store.state, opened, signal);
      render();
    } catch (error) {
      if (!signal.aborted && !facets.children.length) facets.append(el("p", { className: "hint" }, error.message));
    }
  };
  const unsubscribe = store.subscribe((state, before) => {
    if (!differ(state, before, ["where", "filter"])) return;
    if (counted.length) render(); // what is chosen, at once; the new counts may take a while
    load();
  });
  const end = () => {
    unsubscribe();
    running.abort();
  };
  return { ready: load(), end };
}

async function counts(state, opened, signal) {
  const asked = (more) => {
    const filter = filterOf(state);
    const parameters = new URLSearchParams({ ...(filter && { filter }), ...more });
    return askJson(ofCollection(state.collection, `/facets?${parameters}`), { signal });
  };
  const all = (await asked({ values: LISTED })).facets;
  const longer = await Promise.all([...opened].map((name) => asked({ facets: name, values: 200 })));
  const long = new Map(longer.map(({ facets: [facet] }) => [facet.attribute, facet]));
  return all.map((facet) => long.get(facet.attribute) ?? facet);
}

function show(place, facets, store, openAll) {
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  const chosen = new Map(store.state.where.map(parseClause).filter(Boolean).map((clause) => [clause.name, clause]));
  const set = (clause) => {
    const others = store.state.where.filter((text) => parseClause(text)?.name !== clause.name);
    store.change({ where: [...others, clauseText(clause)].filter(Boolean) });
  };
  const useful = facets.filter((facet) => isUseful(facet) || chosen.has(facet.attribute)).sort(byKind);
  place.replaceChildren(
    ...useful.map((facet) => facetElement(facet, chosen.get(facet.attribute), set, () => openAll(facet.attribute))),
  );
  if (!useful.length) place.append(el("p", { className: "hint" }, "No attributes to filter by."));
  if (focused) document.getElementById(focused)?.focus();
}

/** Titles and other texts that nearly every document has its own of make no filter. */
const isUseful = ({ numbers, dates, distinct, documents }) =>
  numbers || dates || (distinct > 0 && (distinct <= FEW || distinct < documents / 4));

const byKind = (one, other) => Number(one.distinct === 0) - Number(other.distinct === 0);

function typed(store) {
  const input = el("textarea", { id: "filter", rows: 2, spellcheck: false, placeholder: 'price < 50 and not colour = "red"' });
  const said = el("p", { className: "hint", role: "status" }, "Enter applies it.");
  input.value = store.state.filter;
  input.setAttribute("aria-describedby", "filter-said");
  said.id = "filter-said";
  input.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    const filter = input.value.trim();
    const wrong = filter && (await mistakeIn(store.state.collection, filter));
    input.setAttribute("aria-invalid", String(Boolean(wrong)));
    said.textContent = wrong || "Enter applies it.";
    if (!wrong) store.change({ filter });
  });
  return el("div", { className: "facet" }, el("label", { className: "facet-name", htmlFor: "filter" }, "In words of your own"), input, said);
}

/** What the server has against a filter; "" for nothing. */
async function mistakeIn(collection, filter) {
  try {
    await askJson(ofCollection(collection, `/facets?${new URLSearchParams({ filter, values: "1" })}`));
    return "";
  } catch (error) {
    return error instanceof Refusal ? error.message : "the server does not answer";
  }
}
