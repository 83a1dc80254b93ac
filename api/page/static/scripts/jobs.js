/** The latest jobs of a collection; those that run are followed. */

import { askJson } from "./api.js";
import { counted, el, grouped } from "./dom.js";
import { follow } from "./events.js";

const SHOWN = 6;

/**
 * @param {string} collection
 * @param {HTMLElement} place
 * @param {() => void} changed  called when a job has ended that was followed
 * @param {AbortSignal} signal
 */
export async function jobsList(collection, place, changed, signal) {
  const asked = new URLSearchParams({ collection, limit: String(SHOWN) });
  const { jobs } = await askJson(`v1/jobs?${asked}`, { signal });
  const list = el("ul", { className: "entries", role: "list" }, ...jobs.map((job) => entry(job, changed, signal)));
  place.replaceChildren(jobs.length ? list : el("p", { className: "hint" }, "None yet."));
}

function entry(job, changed, signal) {
  const state = el("span", { className: "entry-side" });
  const text = el("p", { className: "hint" });
  const bar = el("progress", { max: 1, "aria-label": `Progress of job ${job.id}` });
  const show = (now) => {
    state.textContent = now.state;
    text.textContent = now.error ?? progressText(now);
    bar.hidden = now.state !== "running";
    if (now.progress?.total) bar.value = now.progress.done / now.progress.total;
  };
  show(job);
  if (["queued", "running", "cancelling"].includes(job.state))
    follow(`v1/jobs/${job.id}/events`, (now, isLast) => (show(now), isLast && changed()), signal).catch(() => {});
  return el("li", {}, el("div", { className: "entry" }, el("span", {}, nameOf(job)), state), bar, text);
}

const NAMES = { index: "Index", evaluation: "Evaluate", maintenance: "Maintain", snapshot: "Snapshot", restore: "Restore" };
const nameOf = ({ kind, config }) => `${NAMES[kind]} ${config.source ?? config.kind ?? ""}`;

function progressText({ progress, result }) {
  if (result?.indexed !== undefined) return resultText(result);
  if (!progress) return "";
  const { stage, done, total, rate, eta_s: left } = progress;
  const parts = [`${stage}: ${grouped(done)}${total ? ` of ${grouped(total)}` : ""}`];
  if (rate) parts.push(`${grouped(Math.round(rate))} a second`);
  if (left > 1) parts.push(`${counted(Math.ceil(left), "second")} left`);
  return parts.join(", ");
}

const rejectText = ({ doc_id, reason }) => `${doc_id} (${reason})`;

function resultText({ indexed, updated, removed, rejected, rejects }) {
  const parts = [`${grouped(indexed)} indexed`];
  if (updated) parts.push(`${grouped(updated)} updated`);
  if (removed) parts.push(`${grouped(removed)} removed`);
  if (rejected) parts.push(`${grouped(rejected)} rejected: ${rejects.map(rejectText).join(", ")}`);
  return parts.join(", ");
}
