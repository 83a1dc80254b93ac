/** What the collection is, what is being done to it, and how good it was found to be. */

import { askJson, ofCollection } from "./api.js";
import { el, grouped, icon } from "./dom.js";
import { evaluationsList } from "./evaluations.js";
import { jobsList } from "./jobs.js";
import { rejectsList } from "./rejects.js";

/**
 * @param {import("./store.js").Store} store
 * @param {import("./searching.js").Searching} searching
 * @param {(files: File[]) => Promise<void>} add
 * @returns {import("./panel.js").Content}
 */
export const collectionPanel = (store, searching, add) => ({
  name: "collection",
  title: "Collection",
  icon: "collection",
  fill: (place) => fill(store, searching, add, place),
});

function fill(store, searching, add, place) {
  const running = new AbortController();
  const name = store.state.collection;
  const facts = el("dl", { className: "facts" });
  const jobs = el("div");
  const evaluations = el("div");
  const rejects = el("div");
  const adding = addButton(async (files) => {
    await add(files);
    quietly(refresh(), facts);
  });
  place.append(section(name, facts, adding), section("Jobs", jobs), section("Evaluations", evaluations), section("Not indexed", rejects));
  const refresh = async () => {
    const collection = await askJson(ofCollection(name, ""), { signal: running.signal });
    facts.replaceChildren(...rows(collection));
  };
  const quietly = (work, where) => work.catch((error) => running.signal.aborted || where.replaceChildren(hint(error.message)));
  const changed = () => {
    quietly(refresh(), facts);
    quietly(rejectsList(name, rejects, running.signal), rejects);
    searching.start();
  };
  const ready = Promise.all([
    quietly(refresh(), facts),
    quietly(jobsList(name, jobs, changed, running.signal), jobs),
    quietly(evaluationsList(name, evaluations, running.signal), evaluations),
    quietly(rejectsList(name, rejects, running.signal), rejects),
  ]);
  return { ready, end: () => running.abort() };
}

function addButton(add) {
  const input = el("input", { type: "file", accept: "image/*", multiple: true, hidden: true });
  input.addEventListener("change", () => add([...input.files]));
  const button = el("button", { type: "button", className: "button", onclick: () => input.click() }, icon("plus"), "Add pictures");
  return el("div", { className: "actions" }, button, input);
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
