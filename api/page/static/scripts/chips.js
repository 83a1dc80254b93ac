/** Everything that is in the query beside the words in the box, each removable; and how much pictures count. */

import { inWords } from "./clauses.js";
import { el, icon } from "./dom.js";
import { pictureOf } from "./pictures.js";
import { isMixed, parseText, without } from "./query.js";
import { thumbnail } from "./thumbnails.js";

/** @param {import("./store.js").Store} store */
export function chips(store) {
  const row = document.getElementById("query");
  const balance = balanceOf(store);

  const render = (state) => {
    const shown = [...chipsOf(store, state), ...(isMixed(state) ? [balance.element] : [])];
    balance.show(state.share);
    const focused = [...row.children].findIndex((child) => child.contains(document.activeElement));
    row.hidden = shown.length === 0;
    if (!row.contains(balance.element) || !balance.element.contains(document.activeElement)) {
      row.replaceChildren(...shown);
      if (focused >= 0) refocus(row, focused);
    }
  };
  store.subscribe(render);
  render(store.state);
}

function chipsOf(store, state) {
  const { collection } = state;
  const leaving = (name, docId) => () => store.change({ [name]: state[name].filter((one) => one !== docId) });
  const small = (docId) => thumbnail(collection, docId, 24);
  return [
    ...(state.picture ? [chip(chosen(state.picture), "Your picture", () => store.change({ picture: "" }))] : []),
    ...state.like.map((docId) => chip(small(docId), `Like ${docId}`, leaving("like", docId))),
    ...parseText(state.text).unwanted.map((word) =>
      chip(icon("minus"), `Not ${word}`, () => store.change({ text: without(state.text, word) })),
    ),
    ...state.unlike.map((docId) => chip(small(docId), `Unlike ${docId}`, leaving("unlike", docId), "unlike")),
    ...state.where.map((clause) =>
      chip(icon("filter"), inWords(clause), () => store.change({ where: state.where.filter((one) => one !== clause) })),
    ),
    ...(state.filter ? [chip(icon("filter"), state.filter, () => store.change({ filter: "" }))] : []),
  ];
}

function chosen(id) {
  const url = pictureOf(id);
  return url ? el("img", { src: url, alt: "" }) : icon("picture");
}

function chip(picture, text, remove, kind = "") {
  return el(
    "span",
    { className: `chip ${kind}` },
    el("span", { className: "chip-picture" }, picture),
    el("span", { className: "chip-text", title: text }, text),
    el("button", { type: "button", "aria-label": `Remove: ${text}`, title: "Remove", onclick: remove }, icon("close")),
  );
}

function balanceOf(store) {
  const input = el("input", {
    type: "range",
    min: 5,
    max: 95,
    step: 5,
    "aria-label": "How much pictures count beside words",
    oninput: () => store.change({ share: Number(input.value) }, { burst: "share" }),
  });
  const show = (share) => {
    input.value = share;
    input.setAttribute("aria-valuetext", `${share} % pictures, ${100 - share} % words`);
  };
  return { element: el("label", { className: "balance" }, "Words", input, "Picture"), show };
}

function refocus(row, place) {
  const near = row.children[Math.min(place, row.children.length - 1)]?.querySelector("button");
  (near ?? document.getElementById("text")).focus();
}
