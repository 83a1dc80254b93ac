/**
 * Rows of pictures that fill a width exactly, each row of one height and each picture in its own proportions.
 *
 * Broken like the lines of a paragraph, all of them together (D. E. Knuth, M. F. Plass, "Breaking paragraphs into
 * lines", 1981): of all ways the one with the least sum of badness. The badness of a row is the squared logarithm of its
 * height over the one aimed at, so that twice and half as high are equally bad.
 *
 * @typedef {{left: number, top: number, width: number, height: number}} Box  in whole pixels
 * @typedef {{width: number, target: number, gap: number}} Frame  whole width, height of rows aimed at, space between
 */

const NARROWEST = 9 / 16; // there is room for the buttons of a hit
const WIDEST = 3;
const CROWDED = 0.5; // of the target: no row is lower than that, unless by a single picture
const RAGGED = Math.log(1.3) ** 2; // a last row that would become worse keeps to the target and does not fill the width

/** Width over height of a picture, within bounds beyond which it is cropped; a square where it is not known. */
export function ratioOf({ width, height }) {
  return width && height ? Math.min(WIDEST, Math.max(NARROWEST, width / height)) : 1;
}

/** A height of rows that shows enough of a picture and enough pictures. @param {number} width  of the whole */
export const targetHeight = (width) => Math.round(Math.min(280, Math.max(132, 100 + 0.08 * width)));

/**
 * Where pictures are.
 * @param {number[]} ratios  width over height of each
 * @param {Frame} frame
 * @param {{open?: boolean, top?: number}} [how]  `open`: more pictures will follow, and those that do not fill a row get
 *   no box until then; `top`: where the first row is
 * @returns {Box[]}  of the first pictures, or of all
 */
export function justified(ratios, frame, { open = false, top = 0 } = {}) {
  const boxes = [];
  let start = 0;
  for (const end of ends(ratios, frame, open)) {
    const row = ratios.slice(start, end);
    const fitted = fittedHeight(row, frame);
    const isRagged = end === ratios.length && !open && isTooHigh(fitted, frame);
    const height = isRagged ? frame.target : fitted;
    boxes.push(...boxesOf(row, height, frame.gap, top));
    top += Math.round(height) + frame.gap;
    start = end;
  }
  return boxes;
}

/** Where they end. @param {Box[]} boxes */
export const bottomOf = (boxes) => (boxes.length ? boxes.at(-1).top + boxes.at(-1).height : 0);

/** The place that a key leads to from place `at`: -1 is above the first row, null for other keys. */
export function placeFrom(key, at, boxes) {
  const last = boxes.length - 1;
  const above = boxes.findLast(({ top }) => top < boxes[at].top);
  const below = boxes.find(({ top }) => top > boxes[at].top);
  const places = {
    ArrowLeft: () => Math.max(at - 1, 0),
    ArrowRight: () => Math.min(at + 1, last),
    ArrowUp: () => (above ? nearest(boxes, above.top, boxes[at]) : -1),
    ArrowDown: () => (below ? nearest(boxes, below.top, boxes[at]) : last),
    Home: () => 0,
    End: () => last,
  };
  return places[key]?.() ?? null;
}

/** Where the rows of the best breaking end, ascending. */
function ends(ratios, frame, open) {
  const count = ratios.length;
  const best = [{ cost: 0, start: 0 }]; // of all ways to break the first n pictures
  for (let end = 1; end <= count; end += 1) {
    best[end] = { cost: Infinity, start: 0 };
    for (let start = end - 1, sum = 0; start >= 0; start -= 1) {
      sum += ratios[start];
      const height = (frame.width - frame.gap * (end - start - 1)) / sum;
      if (height < CROWDED * frame.target && start < end - 1) break;
      const bad = end === count && !open && isTooHigh(height, frame) ? RAGGED : badness(height, frame);
      if (best[start].cost + bad < best[end].cost) best[end] = { cost: best[start].cost + bad, start };
    }
  }
  const found = [];
  for (let end = open ? openEnd(ratios, frame, best) : count; end > 0; end = best[end].start) found.unshift(end);
  return found;
}

/** The best end of rows after which what is left does not fill another one. */
function openEnd(ratios, frame, best) {
  let chosen = ratios.length;
  for (let end = ratios.length - 1; end >= 0; end -= 1) {
    if (fittedHeight(ratios.slice(end), frame) <= frame.target) break;
    if (best[end].cost <= best[chosen].cost) chosen = end;
  }
  return chosen;
}

const fittedHeight = (row, { width, gap }) => (width - gap * (row.length - 1)) / row.reduce((sum, ratio) => sum + ratio, 0);
const badness = (height, { target }) => Math.log(height / target) ** 2;
const isTooHigh = (height, frame) => height > frame.target && badness(height, frame) > RAGGED;

/** Edges are rounded, and not widths: so the last one is where it should be. */
function boxesOf(row, height, gap, top) {
  let right = -gap;
  return row.map((ratio) => {
    const left = right + gap;
    right = left + ratio * height;
    return { left: Math.round(left), top, width: Math.round(right) - Math.round(left), height: Math.round(height) };
  });
}

/** Of the row at `top`, the place whose middle is nearest to that of a box. */
function nearest(boxes, top, from) {
  const middle = ({ left, width }) => left + width / 2;
  const away = (place) => Math.abs(middle(boxes[place]) - middle(from));
  const row = [...boxes.keys()].filter((place) => boxes[place].top === top);
  return row.reduce((best, place) => (away(place) < away(best) ? place : best));
}
