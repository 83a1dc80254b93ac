/** A small distribution; a span of it is chosen by dragging. For the eye and the mouse: the fields below it do the same. */

import { svgElement } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 44;
const GAP = 1.5;

/**
 * @param {{low: any, high: any, count: number}[]} bins
 * @param {{low: any, high: any}} chosen  null is no bound
 * @param {(from: number, to: number) => void} choose  places of bins
 */
export function histogram(bins, chosen, choose) {
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const width = WIDTH / bins.length;
  const within = (bin) => (chosen.low === null || bin.high > chosen.low) && (chosen.high === null || bin.low < chosen.high);
  const bars = bins.map((bin, at) => {
    const height = bin.count ? Math.max(2, (bin.count / most) * HEIGHT) : 0;
    const bar = svgElement("rect", { x: at * width, y: HEIGHT - height, width: Math.max(1, width - GAP), height, rx: 1 });
    bar.classList.toggle("within", within(bin));
    return bar;
  });
  const bounded = chosen.low !== null || chosen.high !== null;
  const box = { class: `histogram ${bounded ? "bounded" : ""}`, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" };
  const svg = svgElement("svg", box, ...bars);
  dragging(svg, bins.length, bars, choose);
  return svg;
}

function dragging(svg, count, bars, choose) {
  let from = null;
  const placeOf = (event) => {
    const box = svg.getBoundingClientRect();
    return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * count)));
  };
  const span = (event) => [Math.min(from, placeOf(event)), Math.max(from, placeOf(event))];
  svg.addEventListener("pointerdown", (event) => {
    from = placeOf(event);
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const [low, high] = span(event);
    svg.classList.add("bounded");
    bars.forEach((bar, at) => bar.classList.toggle("within", at >= low && at <= high));
  });
  svg.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const chosen = span(event);
    from = null;
    choose(...chosen);
  });
}
