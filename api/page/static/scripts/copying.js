/** Copying to the clipboard, which pages may only do over https and on this machine itself. */

import { el, icon } from "./dom.js";

/** A button that copies a text and says so. @param {string} name @param {() => string} text */
export function copyButton(name, text) {
  const label = el("span", {}, name);
  const button = el("button", { type: "button", className: "quiet" }, icon("copy"), label);
  button.addEventListener("click", async () => {
    label.textContent = (await copied(text(), button)) ? "Copied" : "Cannot copy here";
    document.getElementById("live").textContent = label.textContent;
    setTimeout(() => (label.textContent = name), 1_500);
  });
  return button;
}

async function copied(text, beside) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const area = el("textarea", { value: text, className: "unseen" });
  beside.after(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
