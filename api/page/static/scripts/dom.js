/** Elements, icons and timing. */

const ICONS = new URL("../icons.svg", import.meta.url).href;

/**
 * An element. `on…` properties become listeners, names with a dash and `role` attributes, all others properties.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || !(name in element)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child || child === ""));
  return element;
}

/** A picture from the sprite, for the eye only: what holds it has the name. @param {string} name */
export function icon(name) {
  const svg = svgElement("svg", { class: "icon", "aria-hidden": "true" });
  svg.append(svgElement("use", { href: `${ICONS}#${name}` }));
  return svg;
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...Node | string} children */
export function svgElement(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** A button that shows an icon only. @param {string} picture @param {string} name @param {(event: Event) => void} onclick */
export function iconButton(picture, name, onclick, properties = {}) {
  return el(
    "button",
    { type: "button", className: "icon-button", title: name, "aria-label": name, onclick, ...properties },
    icon(picture),
  );
}

/** @param {(...args: any[]) => void} act @param {number} milliseconds */
export function debounced(act, milliseconds) {
  let timer = 0;
  const later = (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...args), milliseconds);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

const NUMBERS = new Intl.NumberFormat("en");

/** 2000 -> "2,000" @param {number} number */
export const grouped = (number) => NUMBERS.format(number);

/** 0.9812 -> "98.1 %" @param {number} share */
export const percent = (share) => `${Math.round(share * 1000) / 10} %`;

/** "1 picture", "2,000 pictures" @param {number} number @param {string} noun */
export const counted = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
