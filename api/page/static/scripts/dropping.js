/** Files that are dragged over the page: where they may be dropped, and what happens then. */

import { el, icon } from "./dom.js";
import { pictureIn } from "./pictures.js";

/** @param {(picture: File | null) => void} byPicture */
export function dropping(byPicture) {
  const veil = document.getElementById("drop");
  veil.append(el("div", { className: "drop-zone" }, icon("picture"), el("strong", {}, "Search by this picture")));
  const show = (shown) => (veil.hidden = !shown);
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && show(false));
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(false);
    byPicture(pictureIn(event.dataTransfer));
  });
}
