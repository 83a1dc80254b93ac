/** Requests to the service, and the key that they may need. */

const KEY = "retrieval-key";

/** What the server answered instead, in its own words. */
export class Refusal extends Error {
  /** @param {number} status @param {{code: string, message: string, detail?: any}} error */
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.detail = error.detail;
  }
}

/** No answer at all. */
export class Unreachable extends Error {}

/** @param {string} path  relative to the page, which may be under a prefix */
export const addressOf = (path) => new URL(path, document.baseURI).href;

/** @param {string} collection @param {string} rest */
export const ofCollection = (collection, rest) => `v1/collections/${encodeURIComponent(collection)}${rest}`;

export const key = () => sessionStorage.getItem(KEY);

/** @param {string} text  kept until the tab is closed */
export const setKey = (text) => sessionStorage.setItem(KEY, text);

/**
 * @param {string} path
 * @param {{method?: string, json?: any, form?: FormData, signal?: AbortSignal}} [how]
 * @returns {Promise<Response>} of a status below 400. Rejects with `Refusal`, `Unreachable`, or the signal's AbortError.
 */
export async function ask(path, { method, json, form, signal } = {}) {
  const headers = key() ? { Authorization: `Bearer ${key()}` } : {};
  if (json) headers["Content-Type"] = "application/json";
  const body = json ? JSON.stringify(json) : form;
  let response;
  try {
    response = await fetch(addressOf(path), { method: method ?? (body ? "POST" : "GET"), headers, body, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable("the server does not answer");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => null);
  throw new Refusal(response.status, answer?.error ?? { code: "", message: `the server answered ${response.status}` });
}

/** The same for answers in JSON. @param {string} path @param {Parameters<typeof ask>[1]} [how] @returns {Promise<any>} */
export async function askJson(path, how) {
  return (await ask(path, how)).json();
}
