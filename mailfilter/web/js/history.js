// The history: messages that were scanned, searched by what they are found by, page by page.

import { el } from "./dom.js";
import { api } from "./api.js";
import { actionBadge, dataTable, field, plain, score, say, tableRow, when } from "./parts.js";
import { traceView } from "./trace.js";

const ACTIONS = [
  "no action",
  "greylist",
  "add header",
  "rewrite subject",
  "quarantine",
  "soft reject",
  "reject",
  "discard",
];
const LIMIT = 50;
const MOST_SYMBOLS = 4;
const TEXTS = [
  ["address", "Address", "bob@example.org or @example.org"],
  ["symbol", "Symbol", "MISSING_DATE"],
  ["ip", "Client address", "192.0.2.1"],
  ["queue_id", "Queue id", ""],
  ["message_id", "Message-ID", ""],
  ["user", "User", ""],
  ["identity", "Identity", ""],
];
const COLUMNS = [
  { text: "Time" },
  { text: "Action" },
  { text: "Score", class: "number" },
  { text: "From", class: "address" },
  { text: "To", class: "address" },
  { text: "Subject", class: "words" },
  { text: "Symbols", class: "words" },
];

/** The page #/history; `query` are the filters in the address. */
export function historyPage(query) {
  const state = { cursor: null, seen: new Set() };
  const notice = el("div", { class: "notice", role: "status" });
  const body = el("tbody", {});
  const more = el("button", { type: "button", class: "more" }, "Show older messages");
  more.hidden = true;
  const load = async () => {
    more.disabled = true;
    try {
      const page = await api(`history?${asked(query, state.cursor)}`);
      const fresh = page.rows.filter((row) => !state.seen.has(row.trace_id));
      for (const row of fresh) state.seen.add(row.trace_id);
      const rows = fresh.map(messageRow);
      body.append(...rows);
      if (state.cursor !== null) rows[0]?.querySelector("a")?.focus();
      state.cursor = page.cursor;
      more.hidden = page.cursor === null;
      say(notice, told(page, state.seen.size, query));
    } catch (error) {
      say(notice, error.message, "error");
    } finally {
      more.disabled = false;
    }
  };
  more.addEventListener("click", load);
  load();
  return el(
    "div",
    { class: "history" },
    el("h2", {}, "History"),
    searchForm(query),
    notice,
    dataTable({ caption: "Messages, the newest first", heads: COLUMNS, rows: [], body, name: "messages" }),
    more,
  );
}

/** The page #/history/TRACEID. */
export function tracePage(traceId) {
  const notice = el("div", { class: "notice", role: "status" }, el("p", {}, "Loading …"));
  const page = el("div", { class: "history" }, el("h2", {}, "Message"), el("p", {}, el("a", { href: "#/history" }, "All messages")), notice);
  api(`trace?id=${encodeURIComponent(traceId)}`)
    .then(({ row, detail }) => {
      say(notice, "");
      page.append(traceView(row, detail));
    })
    .catch((error) => say(notice, error.message, "error"));
  return page;
}

function asked(query, cursor) {
  const wanted = new URLSearchParams();
  for (const [name] of TEXTS) if (query.get(name)) wanted.set(name, query.get(name));
  if (query.get("action")) wanted.set("action", query.get("action"));
  for (const name of ["since", "until"]) {
    const at = Date.parse(query.get(name) ?? "");
    if (!Number.isNaN(at)) wanted.set(name, String(at / 1000));
  }
  wanted.set("limit", String(LIMIT));
  if (cursor !== null) wanted.set("cursor", cursor);
  // A plus sign is itself to our server, as in addresses.
  return wanted.toString().replaceAll("+", "%20");
}

function told(page, shown, query) {
  if (!page.enabled) return "The history is switched off: new messages are not remembered.";
  const isByAddress = ["address", "message_id", "user"].some((name) => query.get(name));
  if (page.addresses === "dropped" && isByAddress) return "Addresses are not kept: nothing is found by them.";
  if (shown === 0) return page.cursor === null ? "No message found." : "None found yet; there are older messages to look at.";
  return `${shown} ${shown === 1 ? "message" : "messages"}${page.cursor === null ? "" : ", and there are older ones"}.`;
}

function messageRow(row) {
  const href = `#/history/${encodeURIComponent(row.trace_id)}`;
  const subject = row.subject || "(no subject)";
  return tableRow(COLUMNS, [
    row.unix_time ? el("a", { href }, when(row.unix_time)) : el("a", { href }, row.trace_id),
    actionBadge(row.action),
    row.unscanned ? "not scanned" : `${score(row.score)} / ${score(row.required_score)}`,
    address(row.sender_smtp || row.sender_mime || ""),
    people(row.rcpt_smtp, row.rcpt_mime),
    subject,
    strongest(row.symbols ?? {}),
  ]);
}

function people(envelope, header) {
  const all = envelope?.length ? envelope : (header ?? []);
  const first = address(all[0] ?? "");
  if (all.length > 1) first.append(` and ${all.length - 1} more`);
  return first;
}

/** An address, which may go on in another line at its @. */
function address(text) {
  const parts = plain(text).split(/(?=@)/);
  return el("span", {}, parts.flatMap((part, index) => (index ? [el("wbr"), part] : [part])));
}

/** The symbols that mattered most; those without a score alone if there are no others. */
function strongest(symbols) {
  const sorted = Object.entries(symbols).sort(([, one], [, other]) => weight(other) - weight(one));
  const scored = sorted.filter(([, entry]) => weight(entry) > 0);
  const names = (scored.length > 0 ? scored : sorted).slice(0, MOST_SYMBOLS).map(([name]) => name);
  return names.join(", ") + (sorted.length > names.length ? " …" : "");
}

function weight(entry) {
  return Math.abs(Number(entry?.score) || 0);
}

function searchForm(query) {
  const action = el("select", { name: "action" }, el("option", { value: "" }, "any"));
  action.append(...ACTIONS.map((name) => el("option", { value: name }, name)));
  action.value = query.get("action") ?? "";
  const inputs = TEXTS.map(([name, label, placeholder]) =>
    field(label, el("input", { name, type: "search", placeholder, value: query.get(name) ?? "", autocomplete: "off" })),
  );
  const times = [
    ["since", "Not before"],
    ["until", "Before"],
  ].map(([name, label]) => field(label, el("input", { name, type: "datetime-local", value: query.get(name) ?? "" })));
  const trace = field("Trace id", el("input", { name: "trace", type: "search", autocomplete: "off" }), "or a log line or reply that tells it");
  const form = el(
    "form",
    { class: "search", role: "search", "aria-label": "Search messages" },
    ...inputs.slice(0, 2),
    field("Action", action),
    ...times,
    el("details", { class: "wide" }, el("summary", {}, "More filters"), el("div", { class: "fields" }, ...inputs.slice(2), trace)),
    el("div", { class: "buttons" }, el("button", { type: "submit", class: "primary" }, "Search"), el("a", { href: "#/history" }, "Clear")),
  );
  if (TEXTS.slice(2).some(([name]) => query.get(name))) form.querySelector("details").open = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const trace = String(data.get("trace")).trim();
    data.delete("trace");
    location.hash = trace ? `#/history/${encodeURIComponent(trace)}` : searchAddress(data);
  });
  return form;
}

/** The address of a search, which can be kept and passed on. */
function searchAddress(data) {
  const wanted = new URLSearchParams();
  for (const [name, value] of data) if (String(value).trim()) wanted.set(name, String(value).trim());
  const text = wanted.toString();
  return text ? `#/history?${text}` : "#/history";
}
