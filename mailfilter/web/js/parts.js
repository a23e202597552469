// Parts of pages that several have: tables, lists of facts, numbers and times as people read them.

import { el } from "./dom.js";

// Controls but tab and line feed, and marks of direction.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const NUMBER = new Intl.NumberFormat();
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** 1234567 with marks between thousands. */
export function number(value) {
  return NUMBER.format(Number(value) || 0);
}

/** A score with as many places as it has, two at most. */
export function score(value) {
  const read = Number(value) || 0;
  return (Math.round(read * 100) / 100).toString();
}

/** A part of a whole, in per cent. */
export function share(part, whole) {
  return whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : "";
}

/** A text of strangers, with what would turn or hide parts of it shown as escapes. */
export function plain(text) {
  return String(text ?? "").replace(UNSEEN, (found) => `\\u{${found.codePointAt(0).toString(16)}}`);
}

/** A moment (Unix time) in the time zone of whoever looks. */
export function when(unix) {
  const date = new Date(Number(unix) * 1000);
  if (Number.isNaN(date.getTime())) return "";
  return el("time", { datetime: date.toISOString() }, TIME.format(date));
}

/** What is done with a message, by a word and a colour. */
export function actionBadge(action) {
  const name = String(action ?? "");
  return el("span", { class: `action ${name.toLowerCase().replace(/[^a-z]+/g, "-")}` }, plain(name));
}

/** A list of names and values; those without a value are left out. */
export function facts(pairs) {
  const list = el("dl", { class: "facts" });
  for (const [name, value] of pairs) {
    if (value === undefined || value === null || value === "" || value === false) continue;
    list.append(el("dt", {}, name), el("dd", {}, value instanceof Node ? value : plain(value)));
  }
  return list;
}

/**
 * A table. `heads` are texts, or {text, class}; rows are lists of texts or nodes, in `body` if it is
 * given. `name` is a class by which it looks otherwise on a narrow screen.
 */
export function dataTable({ caption, heads, rows, body, name = "" }) {
  const columns = heads.map((head) => (typeof head === "string" ? { text: head } : head));
  const head = el(
    "tr",
    {},
    ...columns.map((column) => {
      const cell = el("th", { scope: "col" }, column.text);
      if (column.class) cell.className = column.class;
      return cell;
    }),
  );
  const filled = body ?? el("tbody", {});
  filled.append(...rows.map((row) => tableRow(columns, row)));
  const table = el("table", { class: `data ${name}`.trim() }, el("caption", {}, caption), el("thead", {}, head), filled);
  return el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": caption }, table);
}

/** A row; on a narrow screen each cell shows the head of its column. */
export function tableRow(columns, cells) {
  const row = el("tr", {});
  cells.forEach((value, index) => {
    const column = columns[index];
    const cell = el(index === 0 ? "th" : "td", index === 0 ? { scope: "row" } : {});
    if (value instanceof Node) cell.append(value);
    else if (value !== undefined && value !== null && value !== false) cell.append(plain(value));
    cell.setAttribute("data-label", column.text);
    if (column.class) cell.className = column.class;
    row.append(cell);
  });
  return row;
}

/** A field of a form with its label. */
export function field(label, control, hint) {
  return el("label", { class: "field" }, el("span", { class: "label" }, label), control, hint && el("span", { class: "hint" }, hint));
}

/** Put one thing in place of all in a box, and say so to those who cannot see it. */
export function say(box, text, kind = "note") {
  box.replaceChildren(text ? el("p", { class: kind }, text) : "");
}
