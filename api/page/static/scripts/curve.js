/** Recall over time for a search, as it was measured when the graph was built. */

import { el, svgElement } from "./dom.js";

const WIDTH = 280;
const HEIGHT = 140;
const LEFT = 34;
const BOTTOM = 20;
const TOP = 6;

/** What queries are called that are made of a modality. */
export const NAMES = { text: "words", image: "pictures" };

/**
 * @param {{modality: string, points: any[]}[]} curves  of queries that are words and that are pictures
 * @param {number | null} ef  candidates of the last search, whose points are marked
 * @returns {Node[]}
 */
export function recallCurve(curves, ef) {
  const points = curves.flatMap((curve) => curve.points);
  if (!points.length) return [];
  const x = logScale(points.map(({ seconds }) => seconds * 1000), LEFT, WIDTH - 8);
  const worst = Math.min(...points.map(({ at_10 }) => at_10.low), 0.95);
  const y = (recall) => TOP + ((1 - recall) / (1 - worst)) * (HEIGHT - BOTTOM - TOP);
  const svg = svgElement("svg", { class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": inWords(curves) });
  svg.append(...axes(points, x, y, worst), ...curves.flatMap((curve) => line(curve, x, y, ef)));
  const legend = curves.map(({ modality }) => el("li", { className: `key-${modality}` }, NAMES[modality] ?? modality));
  return [svg, el("ul", { className: "legend", role: "list" }, ...legend)];
}

/** The point that speaks for so many candidates: measured with them, or with the next fewer. */
export const pointAt = (points, ef) => (ef ? points.findLast(({ ef_search }) => ef_search <= ef) : undefined);

function axes(points, x, y, worst) {
  const recalls = [1, (1 + worst) / 2, worst];
  const times = points.map(({ seconds }) => seconds * 1000);
  const ends = [Math.min(...times), Math.max(...times)];
  const text = (at, content, anchor) => svgElement("text", { ...at, "text-anchor": anchor }, content);
  return [
    ...recalls.map((recall) => svgElement("line", { x1: LEFT, x2: WIDTH, y1: y(recall), y2: y(recall) })),
    ...recalls.map((recall) => text({ x: LEFT - 5, y: y(recall) + 3.5 }, recall.toFixed(2), "end")),
    text({ x: x(ends[0]), y: HEIGHT - 5 }, milliseconds(ends[0]), "start"),
    text({ x: x(ends[1]), y: HEIGHT - 5 }, milliseconds(ends[1]), "end"),
  ];
}

function line({ modality, points }, x, y, ef) {
  const places = points.map(({ seconds, at_10 }) => [x(seconds * 1000), y(at_10.value)]);
  const path = svgElement("polyline", { class: `line-${modality}`, points: places.map((place) => place.join(",")).join(" ") });
  const chosen = pointAt(points, ef);
  const dots = points.map((point, at) => {
    const { ef_search, at_10, seconds } = point;
    const marked = point === chosen;
    const dot = svgElement("circle", { class: `dot-${modality}`, cx: places[at][0], cy: places[at][1], r: marked ? 5.5 : 2.5 });
    dot.classList.toggle("marked", marked);
    dot.append(svgElement("title", {}, `${ef_search} candidates: recall@10 ${at_10.value.toFixed(3)}, ${milliseconds(seconds * 1000)}`));
    return dot;
  });
  return [path, ...dots];
}

function logScale(values, from, to) {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  return (value) => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from);
}

const milliseconds = (value) => `${value < 1 ? value.toFixed(2) : value.toFixed(1)} ms`;

function inWords(curves) {
  const ends = curves.map(({ modality, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return `${NAMES[modality] ?? modality} from ${first.at_10.value.toFixed(3)} to ${last.at_10.value.toFixed(3)}`;
  });
  return `Recall against time: ${ends.join("; ")}`;
}
