/**
 * A virtual list: hits near the screen are elements, of all others there is the room only, so that thousands take no more
 * memory than a few screens. One hit is a stop of the Tab key; it is always an element, so that the focus stays.
 */

const NEAR = 2; // screens above and below the one that is seen
const STEP = 0.5; // of a screen, after which what is near is looked for anew

/** The elements of hits in a list whose places are known. */
export class VirtualList {
  #list;
  #elementOf;
  #elements = new Map(); // by doc_id
  #hits = [];
  #boxes = [];
  #size = -1;
  #stop = 0;
  #span = { top: 0, bottom: 0 };

  /**
   * @param {HTMLElement} list
   * @param {(hit: any, box: import("./layout.js").Box, element: HTMLElement | undefined) => HTMLElement} elementOf  makes
   *   one, or sets what has changed in the one that there is
   */
  constructor(list, elementOf) {
    this.#list = list;
    this.#elementOf = elementOf;
    list.addEventListener("focusin", (event) => this.#stopAt(this.placeOf(event.target)));
    addEventListener("scroll", () => spanOf(list).top !== this.#span.top && this.#look(), { passive: true });
    addEventListener("resize", () => this.#look());
  }

  /**
   * @param {any[]} hits
   * @param {import("./layout.js").Box[]} boxes  of all of them or of the first
   * @param {number} size  of the whole list; -1 where it is not known
   */
  show(hits, boxes, size) {
    const before = this.#hits[this.#stop]?.doc_id;
    [this.#hits, this.#boxes, this.#size] = [hits, boxes, size];
    const at = hits.findIndex(({ doc_id }) => doc_id === before);
    this.#stop = boxes[at] ? at : 0;
    this.#look();
  }

  /** Keep none of the elements, for what they show is something else now. */
  clear() {
    this.#elements.clear();
  }

  /** The place of the hit that an element is of, or within; -1 for others. @param {Element} target */
  placeOf(target) {
    return this.#hits.findIndex(({ doc_id }) => this.#elements.get(doc_id)?.contains(target));
  }

  /** Give a hit the focus, wherever it is. @param {number} at  its place */
  goTo(at) {
    if (!this.#boxes[at]) return;
    this.#stopAt(at);
    this.#look(); // it may have been no element
    this.#link().focus({ preventScroll: true });
    this.#link().scrollIntoView({ block: "nearest" });
  }

  #look() {
    this.#span = spanOf(this.#list);
    const places = placesWithin(this.#boxes, this.#span);
    if (this.#boxes[this.#stop] && !places.includes(this.#stop)) places.push(this.#stop);
    places.sort((one, other) => one - other);
    const focused = document.activeElement;
    fill(this.#list, places.map((at) => this.#elementAt(at)));
    const present = new Set(places.map((at) => this.#hits[at].doc_id));
    for (const docId of this.#elements.keys()) if (!present.has(docId)) this.#elements.delete(docId);
    this.#stopAt(this.#stop);
    if (focused?.closest(".hit") && focused !== document.activeElement) this.#refocus(focused);
  }

  #elementAt(at) {
    const hit = this.#hits[at];
    const element = this.#elementOf(hit, this.#boxes[at], this.#elements.get(hit.doc_id));
    this.#elements.set(hit.doc_id, element);
    element.ariaPosInSet = String(at + 1);
    element.ariaSetSize = String(this.#size);
    return element;
  }

  #refocus(focused) {
    const next = focused.isConnected ? focused : (this.#link() ?? document.getElementById("text"));
    next.focus({ preventScroll: true });
  }

  #stopAt(at) {
    this.#link()?.setAttribute("tabindex", "-1");
    this.#stop = at;
    this.#link()?.setAttribute("tabindex", "0");
  }

  #link() {
    return this.#elements.get(this.#hits[this.#stop]?.doc_id)?.querySelector(".hit-link");
  }
}

/** The heights in the list between which something may soon be seen; they change by steps. */
function spanOf(list) {
  const step = STEP * innerHeight;
  const top = Math.floor(-list.getBoundingClientRect().top / step) * step;
  return { top: top - NEAR * innerHeight, bottom: top + step + (1 + NEAR) * innerHeight };
}

const placesWithin = (boxes, { top, bottom }) =>
  [...boxes.keys()].filter((at) => boxes[at].top + boxes[at].height > top && boxes[at].top < bottom);

/** What stays is not touched, so that it keeps the focus and its picture. */
function fill(list, wanted) {
  const staying = new Set(wanted);
  for (const child of [...list.children]) if (!staying.has(child)) child.remove();
  wanted.forEach((element, at) => list.children[at] === element || list.insertBefore(element, list.children[at] ?? null));
}
