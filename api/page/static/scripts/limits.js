/** What the server says of itself in the page: the sides of thumbnails in pixels, and the most hits of one search. */

/** @type {{thumbnail_sides: number[], most_hits: number}} */
export const LIMITS = JSON.parse(document.querySelector('meta[name="limits"]').content);
