// The configuration: thresholds, what is saved over it, and every key with where it comes from.

import { el } from "./dom.js";
import { api } from "./api.js";
import { session } from "./session.js";
import { dataTable, field, number, plain, say, score, when } from "./parts.js";

const MOST_SHOWN = 500;
const THRESHOLDS = [
  ["reject", "Reject"],
  ["rewrite_subject", "Rewrite subject"],
  ["add_header", "Add header"],
  ["greylist", "Greylist"],
];

/** The page #/config; `query` may hold what to look for. */
export function configPage(query) {
  const view = new ConfigView(query.get("search") ?? "");
  view.load();
  return view.page;
}

class ConfigView {
  constructor(words) {
    this.entries = [];
    this.notice = el("div", { class: "notice", role: "status" });
    this.thresholds = el("div", {});
    this.saved = el("div", {});
    this.body = el("tbody", {});
    this.count = el("p", { class: "count", role: "status" });
    this.words = el("input", { type: "search", name: "search", value: words, autocomplete: "off" });
    this.only = el(
      "select",
      { name: "only" },
      el("option", { value: "" }, "all keys"),
      el("option", { value: "set" }, "that somebody has set"),
      el("option", { value: "saved" }, "saved here"),
    );
    this.page = this.build();
  }

  build() {
    const form = el("form", { class: "search", role: "search", "aria-label": "Search the configuration" }, field("Key, value or origin", this.words), field("Show", this.only));
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["input", "change"]) form.addEventListener(name, () => this.show());
    return el(
      "div",
      { class: "config" },
      el("h2", {}, "Configuration"),
      this.notice,
      el("section", { class: "part" }, el("h3", {}, "Thresholds"), this.thresholds),
      el("section", { class: "part" }, el("h3", {}, "Saved over the configuration"), this.saved),
      el(
        "section",
        { class: "part" },
        el("h3", {}, "All keys"),
        form,
        this.count,
        dataTable({ caption: "The configuration as it holds now", heads: [{ text: "Key", class: "words" }, { text: "Value", class: "words" }, { text: "From", class: "words" }], rows: [], body: this.body }),
      ),
    );
  }

  async load() {
    try {
      const [told, saved] = await Promise.all([api("config"), api("saved")]);
      this.entries = told.entries.map(readEntry);
      this.thresholds.replaceChildren(this.thresholdForm());
      this.saved.replaceChildren(this.savedTable(saved.entries));
      this.show();
    } catch (error) {
      say(this.notice, error.message, "error");
    }
  }

  show() {
    const words = this.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.entries.filter((entry) => this.isShown(entry, words));
    this.body.replaceChildren(...found.slice(0, MOST_SHOWN).map(configRow));
    const rest = found.length > MOST_SHOWN ? `, the first ${MOST_SHOWN} are shown` : "";
    this.count.textContent = `${number(found.length)} of ${number(this.entries.length)} keys${rest}`;
  }

  isShown(entry, words) {
    if (this.only.value === "saved" && !entry.isSaved) return false;
    if (this.only.value === "set" && entry.origin === "default") return false;
    return words.every((word) => entry.words.includes(word));
  }

  thresholdForm() {
    const isLocked = session().read_only;
    const values = new Map(this.entries.map((entry) => [entry.key, entry.value]));
    const inputs = THRESHOLDS.map(([name, label]) => {
      const held = Number.parseFloat(values.get(`actions.${name}`) ?? "");
      const input = el("input", { type: "number", step: "any", name, placeholder: "off", value: Number.isNaN(held) ? "" : String(held) });
      input.disabled = isLocked;
      input.dataset.held = input.value;
      return [label, input];
    });
    const button = el("button", { type: "submit", class: "primary" }, "Save thresholds");
    button.hidden = isLocked;
    const form = el(
      "form",
      { class: "thresholds" },
      el("div", { class: "fields" }, ...inputs.map(([label, input]) => field(label, input))),
      el("p", { class: "hint" }, "The highest that a score reaches counts; an empty one is off."),
      button,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.saveThresholds(inputs.map(([, input]) => input));
    });
    return form;
  }

  async saveThresholds(inputs) {
    const changed = inputs.filter((input) => input.value !== input.dataset.held);
    if (changed.length === 0) {
      say(this.notice, "Nothing was changed.");
      return;
    }
    const values = changed.map((input) => [`actions.${input.name}`, input.value === "" ? null : Number(input.value)]);
    const changes = Object.fromEntries(values);
    await this.act(() => api("save", { method: "POST", json: { changes } }), "The thresholds are saved.");
  }

  savedTable(entries) {
    if (entries.length === 0) return el("p", { class: "nothing" }, "Nothing is saved: the files of the configuration hold.");
    const rows = entries.map((entry) => [
      entry.key,
      valueText(entry.value),
      valueText(entry.configured),
      entry.by,
      when(entry.at),
      this.undoButton(entry.key),
    ]);
    return dataTable({ caption: "Saved values, the newest of each", heads: ["Key", "Saved", "Configured", "By", "Time", "Undo"], rows });
  }

  undoButton(key) {
    if (session().read_only) return "";
    const button = el("button", { type: "button", "aria-label": `Undo the last change of ${key}` }, "Undo");
    button.addEventListener("click", () =>
      this.act(() => api("undo", { method: "POST", json: { keys: [key] } }), `The last change of ${key} is taken back.`),
    );
    return button;
  }

  async act(work, done) {
    try {
      await work();
      await this.load();
      say(this.notice, done);
    } catch (error) {
      say(this.notice, error.message, "error");
    }
  }
}

/** An entry with texts to show and to search in. */
function readEntry(entry) {
  const origin = originText(entry.origin);
  const value = entry.value ?? "";
  return { key: entry.key, value, origin, isSaved: entry.is_saved, words: `${entry.key} ${value} ${origin}`.toLowerCase() };
}

function originText(origin) {
  if (origin === null || origin === undefined) return "default";
  if (typeof origin === "string") return origin;
  if (origin.text) return origin.text;
  return origin.line ? `${origin.file}:${origin.line}` : (origin.file ?? "default");
}

function configRow(entry) {
  const row = el(
    "tr",
    {},
    el("th", { scope: "row", class: "words" }, el("code", {}, entry.key)),
    el("td", { class: "words" }, entry.value === "" ? el("span", { class: "nothing" }, "not set") : el("code", {}, plain(entry.value))),
    el("td", { class: "words" }, entry.origin),
  );
  if (entry.isSaved) row.className = "saved";
  ["Key", "Value", "From"].forEach((label, index) => row.cells[index].setAttribute("data-label", label));
  return row;
}

/** A value that was saved, or that the configuration has. */
function valueText(value) {
  if (value === null || value === undefined) return "off";
  if (typeof value === "number") return score(value);
  if (typeof value === "object") return `${number(value.octets)} octets`;
  return String(value);
}
