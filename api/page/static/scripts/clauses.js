/**
 * Filters of the panel, in the server's language: one clause for each attribute, which are joined by `and`.
 *
 * @typedef {{name: string, values: (string | boolean)[]} | {name: string, low: Bound, high: Bound}} Clause
 * @typedef {number | string | null} Bound  numbers include both bounds; of dates `high` is the day after the last one
 */

const NAME = /^(?:[\p{L}_][\p{L}\p{N}_]*(?:[.-][\p{L}\p{N}_]+)*)$/u;
const KEYWORDS = new Set(["and", "or", "not", "in", "contains", "exists", "true", "false", "null"]);
const CLAUSE_NAME = "(`(?:[^`\\\\]|\\\\.)*`|[^\\s`]+)";
const VALUE = '(-?[\\d.e+-]+|"(?:[^"\\\\]|\\\\.)*")';
const ONE_OF = new RegExp(`^${CLAUSE_NAME} in \\((.+)\\)$`, "su");
const BOUND = new RegExp(`^${CLAUSE_NAME} (>=|<=|<) ${VALUE}$`, "su");

/** @param {string} name  of an attribute, in backticks where it needs them */
export function nameText(name) {
  if (NAME.test(name) && !KEYWORDS.has(name.toLowerCase())) return name;
  return `\`${JSON.stringify(name).slice(1, -1).replaceAll('\\"', '"').replaceAll("`", "\\`")}\``;
}

/** @param {Clause} clause @returns {string} "" where it asks for nothing */
export function clauseText(clause) {
  const name = nameText(clause.name);
  if ("values" in clause) return clause.values.length ? `${name} in (${clause.values.map(json).join(", ")})` : "";
  const below = typeof clause.high === "string" ? "<" : "<=";
  const bounds = [bound(name, ">=", clause.low), bound(name, below, clause.high)];
  return bounds.filter(Boolean).join(" and ");
}

/** What `clauseText` made; null for what somebody else wrote. @param {string} text @returns {Clause | null} */
export function parseClause(text) {
  try {
    const listed = text.match(ONE_OF);
    if (listed) return { name: plain(listed[1]), values: JSON.parse(`[${listed[2]}]`) };
    const bounds = text.split(/ and (?=[^"]*(?:"[^"]*"[^"]*)*$)/).map((part) => part.match(BOUND));
    if (!bounds.every((found) => found && found[1] === bounds[0][1])) return null;
    const at = (low) => bounds.find((found) => (found[2] === ">=") === low)?.[3];
    return { name: plain(bounds[0][1]), low: value(at(true)), high: value(at(false)) };
  } catch {
    return null;
  }
}

/** A clause in words. @param {string} text */
export function inWords(text) {
  const clause = parseClause(text);
  if (!clause) return text;
  if ("values" in clause) return `${clause.name}: ${clause.values.join(", ")}`;
  const high = typeof clause.high === "string" ? dayBefore(clause.high) : clause.high;
  if (clause.low === null) return `${clause.name}: up to ${high}`;
  return high === null ? `${clause.name}: from ${clause.low}` : `${clause.name}: ${clause.low} to ${high}`;
}

/** The filter of a search. @param {import("./store.js").State} state */
export function filterOf({ where, filter }) {
  return [...where, ...(filter && where.length ? [`(${filter})`] : [filter])].filter(Boolean).join(" and ");
}

/** @param {string} day  "2026-03-01" -> "2026-02-28" */
export const dayBefore = (day) => dayAfter(day, -1);

/** @param {string} day @param {number} [days] */
export function dayAfter(day, days = 1) {
  const date = new Date(`${day.slice(0, 10)}T00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

const json = (one) => JSON.stringify(one);
const bound = (name, sign, limit) => (limit === null ? "" : `${name} ${sign} ${json(limit)}`);
const value = (text) => (text === undefined ? null : JSON.parse(text));
const plain = (text) => (text.startsWith("`") ? JSON.parse(`"${text.slice(1, -1).replaceAll("\\`", "`").replaceAll('"', '\\"')}"`) : text);
