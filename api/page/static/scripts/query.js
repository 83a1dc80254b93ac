/** From what is in the page's state to the body of a search. */

const AWAY = -0.5; // texts are so alike for an encoder that a full minus would take most of the query with it
const WORDS = /(?<=^|\s)-(?:"([^"]+)"?|([^\s"]+))/g;

/**
 * 'red dress -leather -"long sleeves"' -> what is looked for, and what is not.
 * @param {string} text
 * @returns {{wanted: string, unwanted: string[]}}
 */
export function parseText(text) {
  const unwanted = [...text.matchAll(WORDS)].map((found) => found[1] ?? found[2]);
  return { wanted: text.replace(WORDS, " ").replace(/\s+/g, " ").trim(), unwanted };
}

/** The text without one of its unwanted words. @param {string} text @param {string} word */
export function without(text, word) {
  return text
    .replace(WORDS, (all, quoted, bare) => ((quoted ?? bare) === word ? "" : all))
    .replace(/\s+/g, " ")
    .trim();
}

/** Whether there are both words and pictures to be near to. @param {import("./store.js").State} state */
export const isMixed = (state) => parseText(state.text).wanted !== "" && pictures(state) > 0;

/**
 * The terms of a search. Words and pictures share a weight of 2, pictures evenly among them.
 * @param {import("./store.js").State} state
 * @param {string | null} image  the chosen picture as a data: URL
 */
export function termsOf(state, image) {
  const { wanted, unwanted } = parseText(state.text);
  const share = isMixed(state) ? state.share / 50 : 1;
  const each = round(isMixed(state) ? share / pictures(state) : 1);
  return [
    ...(wanted ? [{ text: wanted, ...weighing(isMixed(state) ? round(2 - share) : 1) }] : []),
    ...(image ? [{ image, ...weighing(each) }] : []),
    ...state.like.map((doc_id) => ({ doc_id, ...weighing(each) })),
    ...unwanted.map((text) => ({ text, weight: AWAY })),
    ...state.unlike.map((doc_id) => ({ doc_id, weight: AWAY })),
  ];
}

/**
 * The body of a search; a single term as a field of its own, so that the server can judge how good its best hit is.
 * @param {import("./store.js").State} state
 * @param {string | null} image
 */
export function bodyOf(state, image) {
  const terms = termsOf(state, image);
  const single = terms.length === 1 && terms[0].weight === undefined;
  return single ? terms[0] : { terms };
}

/** The document that is all of the query, or null. @param {import("./store.js").State} state */
export function onlyDocument(state) {
  const others = state.text.trim() || state.picture || state.unlike.length;
  return state.like.length === 1 && !others ? state.like[0] : null;
}

const pictures = (state) => state.like.length + (state.picture ? 1 : 0);
const round = (number) => Math.round(number * 100) / 100;
const weighing = (weight) => (weight === 1 ? {} : { weight });
