/** Pictures of documents. An <img> sends no key, so where one is needed they are fetched with it. */

import { addressOf, ask, key, ofCollection } from "./api.js";
import { el } from "./dom.js";
import { LIMITS } from "./limits.js";

const SIDES = [...LIMITS.thumbnail_sides].sort((one, other) => one - other);

/**
 * An image that fills the room that its parent gives it, and marks the parent when it cannot be shown.
 * @param {string} collection
 * @param {string} docId
 * @param {number} side  pixels on the page of its longer side; Infinity is the largest that there is
 * @param {string} alt
 */
export function thumbnail(collection, docId, side, alt = "") {
  const image = el("img", { alt, decoding: "async", draggable: false });
  image.addEventListener("load", () => image.classList.add("loaded"));
  image.addEventListener("error", () => image.parentElement?.classList.add("no-picture"));
  const address = (made) => {
    const asked = new URLSearchParams({ doc_id: docId, side: String(made) });
    return ofCollection(collection, `/thumbnail?${asked}`);
  };
  if (key()) fetchInto(image, address(enough(side)));
  else if (side === Infinity) image.src = addressOf(address(enough(side)));
  else {
    image.loading = "lazy";
    image.sizes = `${side}px`;
    image.srcset = SIDES.map((made) => `${addressOf(address(made))} ${made}w`).join(", "); // "w" of the longer side, too
  }
  return image;
}

/** Let the browser choose anew for another size on the page. @param {HTMLImageElement} image @param {number} side */
export function setSide(image, side) {
  const sizes = `${side}px`;
  if (image.srcset && image.sizes !== sizes) image.sizes = sizes; // which makes it choose, even if it is the same
}

/** The smallest thumbnail with as many pixels as this screen has for it. */
const enough = (side) => SIDES.find((made) => made >= side * devicePixelRatio) ?? SIDES.at(-1);

async function fetchInto(image, path) {
  try {
    const response = await ask(path);
    image.src = URL.createObjectURL(await response.blob());
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  } catch {
    image.dispatchEvent(new Event("error"));
  }
}
