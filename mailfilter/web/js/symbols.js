// Symbols: what each scores, how often it fires, and in which mail; scores can be changed.

import { el } from "./dom.js";
import { api } from "./api.js";
import { session } from "./session.js";
import { field, number, say, score, share } from "./parts.js";

const MOST_SHOWN = 1000;
const COLUMNS = [
  { key: "symbol", text: "Symbol" },
  { key: "group", text: "Group" },
  { key: "weight", text: "Score", isNumber: true },
  { key: "hits", text: "Hits", isNumber: true },
  { key: "spamShare", text: "Spam", isNumber: true },
  { key: "hamShare", text: "Ham", isNumber: true },
  { key: "description", text: "Meaning" },
];

/** The page #/symbols; `query` may name a symbol to begin with. */
export function symbolsPage(query) {
  const view = new SymbolsView(query.get("name") ?? "");
  view.load();
  return view.page;
}

class SymbolsView {
  constructor(name) {
    this.rows = [];
    this.sort = { key: "hits", isUp: false };
    this.notice = el("div", { class: "notice", role: "status" });
    this.body = el("tbody", {});
    this.count = el("p", { class: "count", role: "status" });
    this.name = el("input", { type: "search", name: "name", value: name, autocomplete: "off" });
    this.group = el("select", { name: "group" }, el("option", { value: "" }, "all groups"));
    this.only = el(
      "select",
      { name: "only" },
      el("option", { value: "" }, "all symbols"),
      el("option", { value: "fired" }, "that have fired"),
      el("option", { value: "saved" }, "with a saved score"),
    );
    this.page = this.build();
  }

  build() {
    const form = el(
      "form",
      { class: "search", role: "search", "aria-label": "Filter symbols" },
      field("Name or meaning", this.name),
      field("Group", this.group),
      field("Show", this.only),
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["input", "change"]) form.addEventListener(name, () => this.show());
    this.heads = COLUMNS.map((column) => this.head(column));
    const table = el(
      "table",
      { class: "data symbols" },
      el("caption", {}, "Symbols, with hits since the filter was started"),
      el("thead", {}, el("tr", {}, ...this.heads)),
      this.body,
    );
    const box = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Symbols" }, table);
    return el("div", { class: "symbols" }, el("h2", {}, "Symbols"), form, this.notice, this.count, box);
  }

  head(column) {
    const button = el("button", { type: "button", class: "sort" }, column.text);
    button.addEventListener("click", () => {
      const isSame = this.sort.key === column.key;
      this.sort = { key: column.key, isUp: isSame ? !this.sort.isUp : !column.isNumber };
      this.show();
    });
    const cell = el("th", { scope: "col" }, button);
    if (column.isNumber) cell.className = "number";
    return cell;
  }

  async load() {
    try {
      const told = await api("symbols");
      this.rows = told.symbols.map(readSymbol);
      const groups = [...new Set(this.rows.map((row) => row.group))].sort();
      const chosen = this.group.value;
      this.group.replaceChildren(this.group.options[0], ...groups.map((name) => el("option", { value: name }, name || "(none)")));
      this.group.value = chosen;
      this.show();
    } catch (error) {
      say(this.notice, error.message, "error");
    }
  }

  show() {
    const words = this.name.value.toLowerCase().trim();
    const found = this.rows.filter((row) => this.isShown(row, words));
    found.sort(order(this.sort));
    this.body.replaceChildren(...found.slice(0, MOST_SHOWN).map((row) => this.row(row)));
    const rest = found.length > MOST_SHOWN ? `, the first ${MOST_SHOWN} are shown` : "";
    this.count.textContent = `${number(found.length)} of ${number(this.rows.length)} symbols${rest}`;
    COLUMNS.forEach((column, index) => {
      const isSorted = column.key === this.sort.key;
      this.heads[index].setAttribute("aria-sort", isSorted ? (this.sort.isUp ? "ascending" : "descending") : "none");
    });
  }

  isShown(row, words) {
    if (this.group.value && row.group !== this.group.value) return false;
    if (this.only.value === "fired" && row.hits === 0) return false;
    if (this.only.value === "saved" && !row.isSaved) return false;
    return !words || row.words.includes(words);
  }

  row(symbol) {
    const cells = [
      el("th", { scope: "row" }, el("a", { href: `#/history?symbol=${encodeURIComponent(symbol.symbol)}` }, symbol.symbol)),
      el("td", {}, symbol.group),
      el("td", { class: "number" }, this.scoreCell(symbol)),
      el("td", { class: "number" }, number(symbol.hits)),
      el("td", { class: "number" }, share(symbol.spam, symbol.spam + symbol.ham)),
      el("td", { class: "number" }, share(symbol.ham, symbol.spam + symbol.ham)),
      el("td", {}, symbol.description),
    ];
    cells.forEach((cell, index) => cell.setAttribute("data-label", COLUMNS[index].text));
    return el("tr", {}, ...cells);
  }

  scoreCell(symbol) {
    const box = el("span", { class: "score-cell" });
    const shown = score(symbol.weight);
    if (session().read_only) {
      box.append(shown);
      return box;
    }
    const change = el("button", { type: "button", class: "value", "aria-label": `Change the score of ${symbol.symbol}, ${shown}` }, shown);
    change.addEventListener("click", () => box.replaceChildren(this.editor(symbol, box)));
    box.append(change);
    if (symbol.isSaved) box.append(this.undoButton(symbol));
    return box;
  }

  undoButton(symbol) {
    const label = `Undo the last change of ${symbol.symbol}; by the configuration it is ${score(symbol.configured)}`;
    const button = el("button", { type: "button", class: "undo", "aria-label": label, title: label }, "Undo");
    button.addEventListener("click", () =>
      this.change(symbol, () => api("undo", { method: "POST", json: { keys: [`symbols.${symbol.symbol}.score`] } }), "taken back"),
    );
    return button;
  }

  editor(symbol, box) {
    const input = el("input", { type: "number", step: "any", required: true, value: String(symbol.weight), "aria-label": `Score of ${symbol.symbol}` });
    const form = el("form", { class: "edit" }, input, el("button", { type: "submit", class: "primary" }, "Save"));
    const close = () => {
      box.replaceWith(this.scoreCell(symbol));
    };
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        close();
        this.focus(symbol);
      }
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const changes = { [`symbols.${symbol.symbol}.score`]: Number(input.value) };
      this.change(symbol, () => api("save", { method: "POST", json: { changes } }), `saved as ${score(input.value)}`);
    });
    queueMicrotask(() => input.select());
    return form;
  }

  async change(symbol, act, done) {
    try {
      await act();
      await this.load();
      say(this.notice, `The score of ${symbol.symbol} is ${done}.`);
      this.focus(symbol);
    } catch (error) {
      say(this.notice, error.message, "error");
    }
  }

  focus(symbol) {
    for (const row of this.body.rows) {
      if (row.cells[0].textContent === symbol.symbol) row.querySelector("button")?.focus();
    }
  }
}

function readSymbol(entry) {
  const told = entry.spam + entry.ham;
  return {
    ...entry,
    isSaved: entry.is_saved,
    spamShare: told ? entry.spam / told : -1,
    hamShare: told ? entry.ham / told : -1,
    words: `${entry.symbol} ${entry.description} ${entry.check ?? ""}`.toLowerCase(),
  };
}

function order({ key, isUp }) {
  const sign = isUp ? 1 : -1;
  return (one, other) => {
    return sign * compared(one[key], other[key]) || compared(one.symbol, other.symbol);
  };
}

function compared(one, other) {
  return one < other ? -1 : Number(one > other);
}
