// Maps: lists of networks, names and patterns, looked at and changed.

import { el } from "./dom.js";
import { api } from "./api.js";
import { session } from "./session.js";
import { dataTable, facts, field, number, say } from "./parts.js";

/** The page #/maps. */
export function mapsPage() {
  const view = new MapsView();
  view.load();
  return view.page;
}

/** The page #/maps/NAME. */
export function mapPage(name) {
  const view = new MapView(name);
  view.load();
  return view.page;
}

class MapsView {
  constructor() {
    this.notice = el("div", { class: "notice", role: "status" });
    this.list = el("div", {});
    this.page = el("div", { class: "maps" }, el("h2", {}, "Maps"), this.notice, this.list);
  }

  async load() {
    try {
      const { maps } = await api("maps");
      this.list.replaceChildren(maps.length ? mapTable(maps) : el("p", { class: "nothing" }, "The configuration has no maps."));
    } catch (error) {
      say(this.notice, error.message, "error");
    }
  }
}

function mapTable(maps) {
  const rows = maps.map((map) => [
    el("a", { href: `#/maps/${encodeURIComponent(map.name)}` }, map.name),
    map.kind,
    number(map.entries),
    state(map),
    map.file,
    map.description,
  ]);
  const heads = ["Name", "Kind", { text: "Entries", class: "number" }, "State", "File", "Description"];
  return dataTable({ caption: "Maps of the configuration", heads, rows });
}

function state(map) {
  if (map.trouble) return el("span", { class: "error" }, map.trouble);
  if (map.is_saved) return "saved here, in place of its file";
  return map.loaded ? "as its file has it" : "not loaded";
}

class MapView {
  constructor(name) {
    this.name = name;
    this.notice = el("div", { class: "notice", role: "status" });
    this.box = el("div", {});
    this.page = el(
      "div",
      { class: "maps" },
      el("h2", {}, `Map ${name}`),
      el("p", {}, el("a", { href: "#/maps" }, "All maps")),
      this.notice,
      this.box,
    );
  }

  async load() {
    try {
      const [{ maps }, content] = await Promise.all([api("maps"), api(`map?name=${encodeURIComponent(this.name)}`)]);
      const map = maps.find((one) => one.name === this.name);
      this.box.replaceChildren(this.form(map, content));
    } catch (error) {
      say(this.notice, error.message, "error");
    }
  }

  form(map, content) {
    const isLocked = session().read_only || !map.editable || !content.is_exact;
    const area = el("textarea", { name: "content", rows: 20, spellcheck: "false", autocomplete: "off" });
    area.value = content.text;
    area.readOnly = isLocked;
    const save = el("button", { type: "submit", class: "primary" }, "Save");
    const undo = el("button", { type: "button" }, "Undo the last change");
    undo.hidden = !map.is_saved || session().read_only;
    save.hidden = isLocked;
    const about = facts([
      ["Description", map.description],
      ["Kind", map.kind],
      ["Entries", number(map.entries)],
      ["File", map.file],
      ["State", state(map)],
      ["Changes", content.is_exact ? "" : "It is not UTF-8, so it cannot be changed here."],
    ]);
    const form = el(
      "form",
      {},
      about,
      field("Content", area, HINTS[map.kind] ?? ""),
      el("div", { class: "buttons" }, save, undo),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const changes = { [`maps.${this.name}`]: area.value };
      this.act(() => api("save", { method: "POST", json: { changes } }), "The map is saved and in use.");
    });
    undo.addEventListener("click", () =>
      this.act(() => api("undo", { method: "POST", json: { keys: [`maps.${this.name}`] } }), "The last change is taken back."),
    );
    return form;
  }

  /** Do something, and show what is there then; what was typed stays if it fails. */
  async act(work, done) {
    try {
      await work();
    } catch (error) {
      say(this.notice, error.message, "error");
      return;
    }
    await this.load();
    say(this.notice, done);
  }
}

const HINTS = {
  networks: "One network or address a line, such as 192.0.2.0/24; what follows it is its value, # begins a comment.",
  names: "One name a line; .example.org is the domain and all below it; what follows it is its value.",
  patterns: "One regular expression a line, such as /spam/i; what follows it is its value.",
};
