/** The search box: words by typing, a picture by choosing, pasting or dropping one. */

import { debounced } from "./dom.js";
import { keep, pictureIn } from "./pictures.js";

const PAUSE_MS = 200;

/**
 * @param {import("./store.js").Store} store
 * @param {(error: Error) => void} complain
 */
export function searchBox(store, complain) {
  const form = document.getElementById("search");
  const input = document.getElementById("text");
  const file = document.getElementById("file");
  const typed = debounced(() => store.change({ text: input.value }, { burst: "typing" }), PAUSE_MS);

  const byPicture = async (picture) => {
    if (!picture) return;
    try {
      store.change({ picture: await keep(picture), item: "" });
    } catch {
      complain(new Error("this picture does not fit into the memory that the browser has for this page"));
    }
  };

  input.value = store.state.text;
  input.addEventListener("input", typed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    typed.cancel();
    store.change({ text: input.value });
  });
  document.getElementById("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    byPicture(file.files[0]);
    file.value = ""; // so that the same one can be chosen again
  });
  document.addEventListener("paste", (event) => byPicture(pictureIn(event.clipboardData)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, textarea, select, dialog")) return;
    event.preventDefault();
    input.select();
  });
  store.subscribe((state, before) => {
    if (state.text === before.text) return;
    typed.cancel();
    if (state.text !== input.value) input.value = state.text;
  });
  return { byPicture };
}
