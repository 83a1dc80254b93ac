/** Files that are dragged over the page: where they may be dropped, and what happens then. */

import { el, icon } from "./dom.js";
import { pictureIn } from "./pictures.js";

/**
 * @param {import("./store.js").Store} store
 * @param {(picture: File | null) => void} byPicture
 * @param {(files: File[]) => Promise<void>} add
 */
export function dropping(store, byPicture, add) {
  const veil = document.getElementById("drop");
  const name = el("strong");
  const adding = zone("plus", name);
  veil.append(zone("search", el("strong", {}, "Search by this picture")), adding);
  const show = (shown) => (veil.hidden = !shown);
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    name.textContent = `Add to ${store.state.collection}`;
    show(true);
    for (const one of veil.children) one.classList.toggle("aimed", one.contains(event.target));
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && show(false));
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(false);
    if (adding.contains(event.target)) add([...event.dataTransfer.files]);
    else byPicture(pictureIn(event.dataTransfer));
  });
}

const zone = (picture, name) => el("div", { className: "drop-zone" }, icon(picture), name);
