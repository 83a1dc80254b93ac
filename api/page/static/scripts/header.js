/** The header stays at the top, over what scrolls; how high it is depends on what is in the query. */

/** Keep `--header` at its height, for the style sheets. */
export function followHeader() {
  const header = document.querySelector(".header");
  const follow = () => document.documentElement.style.setProperty("--header", `${header.offsetHeight}px`);
  new ResizeObserver(follow).observe(header);
}
