// The last messages, each with a link to its trace.

import { api } from "./api.js";
import { el } from "./dom.js";
import { fill } from "./fill.js";
import { actionBadge, dataTable, score, tableRow, when } from "./parts.js";

const SHOWN = 8;
const COLUMNS = [
  { text: "Time" },
  { text: "Action" },
  { text: "Score", class: "number" },
  { text: "From", class: "address" },
  { text: "Subject", class: "words" },
];

export class LatestMessages {
  constructor(signal) {
    this.signal = signal;
    this.hasSome = false;
    this.body = el("tbody", {});
    const table = dataTable({ caption: "The last messages", heads: COLUMNS, rows: [], body: this.body });
    this.box = el("section", { class: "panel latest", hidden: true }, el("h3", {}, "Latest messages"), table, el("p", {}, el("a", { href: "#/history" }, "All messages")));
  }

  async look() {
    const { rows } = await api(`history?limit=${SHOWN}`, { signal: this.signal });
    this.hasSome = rows.length > 0;
    this.box.hidden = !this.hasSome;
    fill(this.body, rows.map((row) => row.trace_id).join(" "), () => rows.map(messageRow));
  }
}

function messageRow(row) {
  const link = el("a", { href: `#/history/${encodeURIComponent(row.trace_id)}` }, row.unix_time ? when(row.unix_time) : row.trace_id);
  const told = row.unscanned ? "not scanned" : `${score(row.score)} / ${score(row.required_score)}`;
  return tableRow(COLUMNS, [link, actionBadge(row.action), told, row.sender_smtp || row.sender_mime || "", row.subject || "(no subject)"]);
}
