/** What the collection is, what is being done to it, and how good it was found to be. */

import { askJson, ofCollection } from "./api.js";
import { el, grouped } from "./dom.js";
import { evaluationsList } from "./evaluations.js";
import { jobsList } from "./jobs.js";

/**
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Searching} searching
 * @returns {import("./panel.js").Content}
 */
export const collectionPanel = (store, searching) => ({
  name: "collection",
  title: "Collection",
  icon: "collection",
  fill: (place) => fill(store, searching, place),
});

function fill(store, searching, place) {
  const running = new AbortController();
  const name = store.state.collection;
  const facts = el("dl", { className: "facts" });
  const jobs = el("div");
  const evaluations = el("div");
  place.append(section(name, facts), section("Jobs", jobs), section("Evaluations", evaluations));
  const refresh = async () => {
    const collection = await askJson(ofCollection(name, ""), { signal: running.signal });
    facts.replaceChildren(...rows(collection));
  };
  const quietly = (work, where) => work.catch((error) => running.signal.aborted || where.replaceChildren(hint(error.message)));
  const changed = () => {
    quietly(refresh(), facts);
    searching.start();
  };
  quietly(refresh(), facts);
  quietly(jobsList(name, jobs, changed, running.signal), jobs);
  quietly(evaluationsList(name, evaluations, running.signal), evaluations);
  return () => running.abort();
}

const section = (title, ...content) => el("section", {}, el("h3", {}, title), ...content);
const hint = (text) => el("p", { className: "hint" }, text);

function rows(collection) {
  const { documents, captions, rejected, model, precision, dim, generation, index, target_recall, disk_bytes } = collection;
  const facts = {
    pictures: grouped(documents),
    captions: grouped(captions),
    rejected: grouped(rejected),
    model,
    vectors: `${dim} dimensions, ${precision}`,
    index: `${index}, generation ${generation}`,
    "recall to reach": target_recall === null ? "none, fixed candidates" : String(target_recall),
    disk: bytes(disk_bytes),
  };
  return Object.entries(facts).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
}

function bytes(count) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1);
  return `${(count / 1024 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}
