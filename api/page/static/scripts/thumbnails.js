/** Pictures of documents. An <img> sends no key, so where one is needed they are fetched with it. */

import { addressOf, ask, key, ofCollection } from "./api.js";
import { el } from "./dom.js";
import { LIMITS } from "./limits.js";

const SIDES = [...LIMITS.thumbnail_sides].sort((one, other) => one - other);

/**
 * An image that fills the room that its parent gives it, and marks the parent when it cannot be shown.
 * @param {string} collection
 * @param {string} docId
 * @param {string} sizes  its width on the page, as the attribute `sizes`; "full" is the largest that there is
 * @param {string} alt
 */
export function thumbnail(collection, docId, sizes, alt = "") {
  const image = el("img", { alt, decoding: "async", draggable: false });
  image.addEventListener("load", () => image.classList.add("loaded"));
  image.addEventListener("error", () => image.parentElement?.classList.add("no-picture"));
  const address = (side) => {
    const asked = new URLSearchParams({ doc_id: docId, side: String(side) });
    return ofCollection(collection, `/thumbnail?${asked}`);
  };
  const large = SIDES.at(-1);
  if (key()) fetchInto(image, address(sizes === "full" ? large : nearest(sizes)));
  else if (sizes === "full") image.src = addressOf(address(large));
  else {
    image.loading = "lazy";
    image.sizes = sizes;
    image.srcset = SIDES.map((side) => `${addressOf(address(side))} ${side}w`).join(", ");
  }
  return image;
}

/** The smallest side that covers a width in CSS pixels on this screen. @param {string} sizes  such as "240px" */
function nearest(sizes) {
  const wanted = parseInt(sizes, 10) * devicePixelRatio;
  return SIDES.find((side) => side >= wanted) ?? SIDES.at(-1);
}

async function fetchInto(image, path) {
  try {
    const response = await ask(path);
    image.src = URL.createObjectURL(await response.blob());
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  } catch {
    image.dispatchEvent(new Event("error"));
  }
}
