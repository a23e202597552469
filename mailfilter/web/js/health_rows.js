// Rows of tables about the health of the filter.

import { el } from "./dom.js";
import { light } from "./listed.js";
import { number, plain, when } from "./parts.js";

const SOON_DAYS = 14;
const STORE = "store/";
const WAITING = { history_waiting: "Messages that wait for the history", series_waiting: "Figures that wait for the store" };

/** Of the store: whether it works, what failed, and what waits for it. */
export function storeRows(status, last) {
  const failing = status.gauges.store_failing ?? 0;
  const rows = [["Store", failing > 0 ? light("bad", `fails in ${number(failing)} workers`) : light("good", "works")]];
  for (const [name, text] of Object.entries(WAITING)) {
    if (name in status.gauges) rows.push([text, number(status.gauges[name])]);
  }
  for (const [name, count] of Object.entries(status.counters)) {
    if (!name.startsWith(STORE) || count === 0) continue;
    const grows = last !== null && count > (last.counters[name] ?? 0);
    rows.push([`Trouble: ${words(name.slice(STORE.length))}`, grows ? light("bad", `${number(count)} times, now`) : `${number(count)} times`]);
  }
  if (status.counters["history/dropped"]) rows.push(["Messages missing in the history", number(status.counters["history/dropped"])]);
  return rows;
}

export function eventRows(events) {
  return Object.entries(events).map(([name, count]) => [words(name), number(count)]);
}

export function certificateRows(certificates) {
  return Object.entries(certificates).map(([name, told]) => {
    const days = told.days;
    return [
      name,
      certificateLight(told),
      days === undefined ? "" : el("span", {}, when(told.expires), ` (${days < 0 ? "over" : `${Math.floor(days)} days`})`),
      (told.names ?? []).join(", "),
      (told.listeners ?? []).join(", "),
    ];
  });
}

function certificateLight(told) {
  if (told.trouble) return light("bad", plain(told.trouble));
  if (told.expired?.length) return light("bad", plain(told.expired.join("; ")));
  return told.days < SOON_DAYS ? light("warn", "expires soon") : light("good", "valid");
}

export function trustRows(trusts) {
  return Object.entries(trusts).map(([name, told]) => {
    const wrong = told.trouble || (told.expired ?? []).join("; ");
    return [
      name,
      wrong ? light("bad", plain(wrong)) : light("good", "valid"),
      told.authorities.map(({ subject }) => subject).join("; "),
      told.lists.map(({ issuer }) => issuer).join("; "),
    ];
  });
}

/** A message that is named leads to its trace. */
export function errorRows(errors) {
  return errors.map((entry) => [
    when(entry.ts),
    light(entry.level === "warn" ? "warn" : "bad", plain(entry.level)),
    `${plain(entry.type)} ${entry.pid}`,
    plain(entry.module),
    entry.id ? el("a", { href: `#/history/${encodeURIComponent(entry.id)}` }, plain(entry.id)) : "",
    plain(entry.message),
  ]);
}

function words(name) {
  return name.replace(/[_/]+/g, " ");
}
