/**
 * The panel beside the results, and the buttons that open it.
 *
 * @typedef {object} Content
 * @property {string} name  in the address
 * @property {string} title
 * @property {string} icon
 * @property {(place: HTMLElement) => {ready: Promise<unknown>, end: () => void}} fill  shows itself
 */

import { el, iconButton } from "./dom.js";

/**
 * @param {import("./store.js").Store} store
 * @param {Content[]} contents
 */
export function panels(store, contents) {
  const panel = document.getElementById("panel");
  const tools = document.getElementById("tools");
  let end = () => {};

  const buttons = contents.map(({ name, title, icon }) =>
    iconButton(icon, title, () => store.change({ panel: store.state.panel === name ? "" : name }, { replace: true }), {
      "aria-controls": "panel",
      "aria-expanded": "false",
    }),
  );
  tools.append(...buttons);

  const close = () => {
    const at = contents.findIndex(({ name }) => name === store.state.panel);
    store.change({ panel: "" }, { replace: true });
    buttons[at]?.focus();
  };
  const render = ({ panel: open }) => {
    end();
    end = () => {};
    const content = contents.find(({ name }) => name === open);
    panel.hidden = !content;
    buttons.forEach((button, at) => button.setAttribute("aria-expanded", String(contents[at] === content)));
    panel.replaceChildren();
    if (!content) return;
    const place = el("div", { className: "panel-content", hidden: true });
    panel.setAttribute("aria-label", content.title);
    panel.append(el("header", { className: "panel-header" }, el("h2", {}, content.title), iconButton("close", "Close", close)), place);
    const filled = content.fill(place);
    end = filled.end;
    filled.ready.finally(() => (place.hidden = false)); // only what is complete is shown, so that nothing moves
  };
  panel.addEventListener("keydown", (event) => event.key === "Escape" && close());
  store.subscribe((state, before) => {
    if (state.panel === before.panel && state.collection === before.collection) return;
    render(state);
    if (state.panel !== before.panel && state.panel) panel.focus();
  });
  render(store.state);
}
