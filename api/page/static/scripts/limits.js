/**
 * What the server says of itself in the page: the sides of thumbnails in pixels, the most hits of one search, the most
 * pictures of one upload, and the bytes of the largest body.
 *
 * @type {{thumbnail_sides: number[], most_hits: number, most_items: number, largest_body: number}}
 */
export const LIMITS = JSON.parse(document.querySelector('meta[name="limits"]').content);
