/** Pictures that are added to a collection: sent in requests that the server takes, searchable when it has answered. */

import { Refusal, askJson, ofCollection } from "./api.js";
import { counted, el, grouped } from "./dom.js";
import { LIMITS } from "./limits.js";

const HEADERS = 16_384; // bytes that the form around the files may take

/**
 * @param {string} collection
 * @param {File[]} files
 * @param {() => void} changed  called when some are searchable
 */
export async function addPictures(collection, files, changed) {
  const place = document.getElementById("adding");
  const rejected = [];
  let added = 0;
  place.scrollIntoView({ block: "nearest" }); // what is said there is not to be missed
  try {
    for (const batch of batches(files)) {
      place.replaceChildren(line(`Adding ${grouped(added + 1)} of ${counted(files.length, "picture")} …`));
      const form = new FormData();
      for (const file of batch) form.append("images", file);
      const answer = await askJson(ofCollection(collection, "/items"), { form });
      added += answer.indexed.length;
      rejected.push(...answer.rejected);
    }
    place.replaceChildren(summary(collection, added, rejected, place));
  } catch (error) {
    const why = error instanceof Refusal ? error.message : "the server does not answer";
    place.replaceChildren(line(`Added ${grouped(added)} of ${counted(files.length, "picture")}: ${why}.`, closing(place)));
  }
  if (added) changed();
}

/** Files in groups that one request may hold. */
function batches(files) {
  const all = [];
  let bytes = Infinity;
  for (const file of files) {
    if (bytes + file.size > LIMITS.largest_body - HEADERS || all.at(-1).length >= Math.min(LIMITS.most_items, 16)) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1).push(file);
    bytes += file.size;
  }
  return all;
}

function summary(collection, added, rejected, place) {
  const named = rejected.map(({ doc_id, message }) => el("li", {}, `${doc_id}: ${message}`));
  const text = `${counted(added, "picture")} added to ${collection}${rejected.length ? `, ${grouped(rejected.length)} not:` : "."}`;
  return line(text, closing(place), named.length > 0 && el("ul", { className: "rejected" }, ...named));
}

const line = (text, ...more) => el("div", { className: "notice plain" }, el("span", {}, text), ...more);
const closing = (place) => el("button", { type: "button", className: "quiet", onclick: () => place.replaceChildren() }, "Close");
