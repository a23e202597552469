// Workers and health: what runs, what it serves and needs, and what has gone wrong.

import { api } from "./api.js";
import { el } from "./dom.js";
import { age, octets, rate } from "./numbers.js";
import { number, say, when } from "./parts.js";
import { every } from "./poll.js";
import { light, listed } from "./listed.js";
import { certificateRows, errorRows, eventRows, storeRows, trustRows } from "./health_rows.js";

const NOW_SECONDS = 3;
const ERRORS_SECONDS = 15;
const NUMBER = "number";
const STATES = { serving: "good", starting: "warn", draining: "warn", stuck: "bad" };

/** The page #/workers. */
export function workersPage(signal) {
  return new Health(signal).page;
}

class Health {
  constructor(signal) {
    this.notice = el("div", { class: "notice", role: "status" });
    this.about = el("p", { class: "about" }, "…");
    this.last = null;
    this.makeLists();
    const failed = (error) => say(this.notice, error.message, "error");
    every(NOW_SECONDS, async () => this.show(await api("status", { signal })), failed, signal);
    every(ERRORS_SECONDS, async () => this.errors.show(errorRows((await api("errors", { signal })).errors)), failed, signal);
    this.page = el("div", { class: "workers" }, el("h2", {}, "Workers and health"), this.notice, this.about, ...this.boxes());
  }

  makeLists() {
    this.alarms = listed("Alarms", ["Time", { text: "Alarm", class: "words" }], "No alarm since the start.");
    const columns = ["Connections", "Under way", "A second", "Scanned", "Memory", "CPU"].map((text) => ({ text, class: NUMBER }));
    this.workers = listed("Workers", ["Process", "State", "Up", ...columns], "No worker runs.");
    const counts = ["Connections", "Waiting"].map((text) => ({ text, class: NUMBER }));
    this.listeners = listed("Listeners", ["Name", "Protocol", { text: "Address", class: "words" }, ...counts], "There is none.");
    this.store = listed("Store and waiting work", ["What", "State"], "");
    this.events = listed("What happened to processes", ["Event", { text: "Times", class: NUMBER }], "Nothing since the start.");
    this.certificates = listed("Certificates", ["Name", "State", "Expires", { text: "Names", class: "words" }, "Listeners"], "No listener has a certificate.");
    this.trusts = listed("Clients that are trusted", ["Listener", "State", "Authorities", "Lists of revoked"], "");
    const words = { text: "Text", class: "words" };
    this.errors = listed("Last warnings and errors", ["Time", "Level", "Process", "From", "Message", words], "None in the memory of this filter.");
  }

  boxes() {
    const pair = (...some) => el("div", { class: "grid" }, some.map((one) => one.box));
    return [
      this.alarms.box,
      this.workers.box,
      this.listeners.box,
      pair(this.store, this.events),
      this.certificates.box,
      this.trusts.box,
      this.errors.box,
    ];
  }

  show(status) {
    say(this.notice, "");
    const config = status.config ? ` with ${status.config}` : "";
    this.about.textContent = `mailfilter ${status.version} is ${status.state} for ${age(status.uptime)}${config}; generation ${status.generation}, process ${status.pid}.`;
    this.alarms.show(status.alarms.toReversed().map(({ at, text }) => [when(at), text]));
    this.workers.show(status.workers.map((worker) => this.worker(worker, status)));
    this.listeners.show(Object.entries(status.listeners).map(listener));
    this.store.show(storeRows(status, this.last));
    this.events.show(eventRows(status.events));
    this.certificates.show(certificateRows(status.certificates));
    this.trusts.show(trustRows(status.client_trust));
    this.trusts.box.hidden = Object.keys(status.client_trust).length === 0;
    this.last = status;
  }

  worker(worker, status) {
    const before = this.last?.workers.find(({ pid }) => pid === worker.pid);
    const busy = before && status.now > this.last.now ? (worker.cpu - before.cpu) / (status.now - this.last.now) : worker.cpu / Math.max(worker.uptime, 1);
    return [
      String(worker.pid),
      light(STATES[worker.state] ?? "warn", worker.state),
      age(worker.uptime),
      number(worker.connections),
      number(worker.scans),
      rate(worker.rate),
      number(worker.total),
      octets(worker.memory),
      `${(100 * Math.max(busy, 0)).toFixed(0)} %`,
    ];
  }
}

function listener([name, told]) {
  return [name, told.protocol ?? "", told.address, number(told.connections), told.queue === null ? "not known" : number(told.queue)];
}
