/** Where the server requires a key: a field for it, instead of the page. */

import { Refusal, setKey } from "./api.js";
import { el } from "./dom.js";

/**
 * Do `work`, asking for a key as often as it is refused for one.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withKey(work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      await askForKey(error.code === "invalid_key" ? "This key is not one of this server’s, or was revoked." : "");
    }
  }
}

function askForKey(why) {
  const header = document.querySelector(".header");
  const input = el("input", { type: "password", autocomplete: "current-password", required: true, id: "key" });
  return new Promise((entered) => {
    const form = el(
      "form",
      {},
      el("label", { htmlFor: "key" }, "This server asks for a key"),
      el("div", { className: "key-row" }, input, el("button", { className: "button" }, "Enter")),
      el("p", { className: "hint", role: "status" }, why || "It is forgotten when this tab is closed."),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      setKey(input.value.trim());
      main.remove();
      header.hidden = false;
      entered();
    });
    const main = el("main", { className: "key" }, el("h1", { className: "unseen" }, "Image search"), form);
    header.hidden = true;
    header.after(main);
    input.focus();
  });
}
