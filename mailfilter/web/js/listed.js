// Tables that are brought up to date under the eyes of somebody.

import { el } from "./dom.js";
import { fill } from "./fill.js";
import { dataTable, tableRow } from "./parts.js";

/** A part of a page with a table, or with a sentence while there is nothing in it. */
export function listed(title, heads, nothing) {
  const columns = heads.map((head) => (typeof head === "string" ? { text: head } : head));
  const body = el("tbody", {});
  const table = dataTable({ caption: title, heads: columns, rows: [], body });
  const empty = el("p", { class: "nothing" }, "…");
  table.hidden = true;
  return {
    box: el("section", { class: "panel" }, el("h3", {}, title), empty, table),
    show(rows) {
      empty.textContent = nothing;
      empty.hidden = rows.length > 0;
      table.hidden = rows.length === 0;
      const key = JSON.stringify(rows.map((row) => row.map((cell) => (cell instanceof Node ? `${cell.className} ${cell.textContent}` : cell))));
      fill(body, key, () => rows.map((row) => tableRow(columns, row)));
    },
  };
}

/** A state by a word, a colour and a shape; `kind` is good, warn or bad. */
export function light(kind, text) {
  return el("span", { class: `light ${kind}` }, text);
}
