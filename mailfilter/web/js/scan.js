// Scan a message that is pasted or dropped, and see what the filter makes of it and why.

import { el } from "./dom.js";
import { api } from "./api.js";
import { field, say } from "./parts.js";
import { traceView } from "./trace.js";

const LARGEST_SHOWN = 512 * 1024;
const FIELDS = [
  ["From", "Sender", "alice@example.net", ""],
  ["Rcpt", "Recipients", "bob@example.org, carol@example.org", "separated by commas"],
  ["IP", "Client address", "192.0.2.1", ""],
  ["Helo", "HELO", "mail.example.net", ""],
  ["Hostname", "Client's host name", "mail.example.net", ""],
  ["User", "Logged in as", "", ""],
];

/** The page #/scan. */
export function scanPage() {
  const view = new ScanView();
  return view.page;
}

class ScanView {
  constructor() {
    this.file = null;
    this.notice = el("div", { class: "notice", role: "status" });
    this.result = el("div", { class: "result" });
    this.text = el("textarea", { name: "message", rows: 12, spellcheck: "false", autocomplete: "off", placeholder: "From: …" });
    this.picker = el("input", { type: "file", accept: ".eml,message/rfc822,text/plain" });
    this.inputs = FIELDS.map(([name, , placeholder]) => el("input", { name, type: "text", placeholder, autocomplete: "off" }));
    this.isUnlogged = el("input", { type: "checkbox", name: "unlogged" });
    this.button = el("button", { type: "submit", class: "primary" }, "Scan");
    this.page = el("div", { class: "scan" }, el("h2", {}, "Scan a message"), this.form(), this.notice, this.result);
  }

  form() {
    const drop = el(
      "div",
      { class: "drop" },
      field("Message with its header", this.text, "Paste it here, or drop a file."),
      field("or a file", this.picker),
    );
    const envelope = el(
      "fieldset",
      { class: "envelope" },
      el("legend", {}, "Envelope"),
      el("div", { class: "fields" }, ...FIELDS.map(([, label, , hint], index) => field(label, this.inputs[index], hint))),
      el("label", { class: "check" }, this.isUnlogged, " Do not log or remember this scan"),
    );
    const form = el("form", {}, drop, envelope, el("div", { class: "buttons" }, this.button));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.scan();
    });
    this.picker.addEventListener("change", () => this.take(this.picker.files[0]));
    this.text.addEventListener("input", () => this.forget());
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      this.take(event.dataTransfer.files[0] ?? null, event.dataTransfer.getData("text"));
    });
    return form;
  }

  /** Take a file, whose octets are sent as they are; its text is only shown. */
  async take(file, text = "") {
    if (!file) {
      if (text) this.text.value = text;
      this.forget();
      return;
    }
    this.file = file;
    if (file.size <= LARGEST_SHOWN) this.text.value = new TextDecoder("latin1").decode(await file.arrayBuffer());
    else this.text.value = "";
    say(this.notice, `${file.name}: ${file.size} octets, sent as they are.`);
  }

  /** What is typed counts from now on. */
  forget() {
    if (this.file) say(this.notice, "");
    this.file = null;
    this.picker.value = "";
  }

  async scan() {
    const body = this.file ?? new Blob([this.text.value]);
    if (body.size === 0) {
      say(this.notice, "There is no message to scan yet.", "error");
      this.text.focus();
      return;
    }
    this.button.disabled = true;
    say(this.notice, "Scanning …");
    try {
      const told = await api("scan", { method: "POST", body, headers: this.headers() });
      this.show(told);
    } catch (error) {
      this.result.replaceChildren();
      say(this.notice, error.message, "error");
    } finally {
      this.button.disabled = false;
    }
  }

  headers() {
    const headers = { "Content-Type": "application/octet-stream" };
    FIELDS.forEach(([name], index) => {
      const value = this.inputs[index].value.trim();
      if (value) headers[name] = octets(value);
    });
    if (this.isUnlogged.checked) headers.Log = "no";
    return headers;
  }

  show({ row, detail, result }) {
    const heading = el("h3", { tabindex: "-1" }, "Result");
    const raw = el("details", {}, el("summary", {}, "The reply of /checkv2"), el("pre", { tabindex: "0" }, JSON.stringify(result, null, 2)));
    this.result.replaceChildren(heading, traceView(row, detail), raw);
    say(this.notice, `${row.action}, score ${row.score}`);
    heading.focus();
  }
}

/** UTF-8 with a character for each octet, as headers of fetch are sent. */
function octets(text) {
  return Array.from(new TextEncoder().encode(text), (octet) => String.fromCharCode(octet)).join("");
}
