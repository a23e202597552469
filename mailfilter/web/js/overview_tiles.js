// The numbers of this moment.

import { el } from "./dom.js";
import { age, rate, span, sum } from "./numbers.js";
import { number, share } from "./parts.js";
import { quantile } from "./series.js";
import { spark } from "./spark.js";

const SHOWN = 60;

/** A row of numbers that are brought up to date. */
export class Tiles {
  constructor() {
    this.rate = tile("Messages a second");
    this.time = tile("Scan time, 95 %");
    this.scans = tile("Scanned since start");
    this.spam = tile("Spam since start");
    this.workers = tile("Workers");
    this.alarms = tile("Alarms");
    const all = [this.rate, this.time, this.scans, this.spam, this.workers, this.alarms];
    this.box = el("dl", { class: "tiles" }, all.map((one) => one.box));
  }

  show(status, live) {
    const { counters } = status;
    const samples = live.samples.slice(-SHOWN);
    this.rate.show(rate(status.rate), `${number(status.scans_under_way)} under way`, spark(live.rates().slice(-SHOWN)));
    const times = status.scan_times.filter((time) => time !== null);
    const [half, most] = [exact(times, 0.5), exact(times, 0.95)];
    const all = status.histograms.scan_seconds;
    this.time.show(
      span(most ?? quantile(all, 0.95)),
      half === null ? "no scan yet" : `median ${span(half)}`,
      spark(samples.map(({ p95 }) => p95)),
    );
    this.scans.show(number(counters.scans), `up ${age(status.uptime)}`);
    const [spam, ham] = [counters.spam ?? 0, counters.ham ?? 0];
    this.spam.show(share(spam, spam + ham) || "–", `${number(spam)} of ${number(spam + ham)}`);
    this.showHealth(status);
  }

  showHealth(status) {
    const serving = status.workers.filter(({ state }) => state === "serving").length;
    const link = (text) => el("a", { href: "#/workers" }, text);
    const open = sum(status.workers.map(({ connections }) => connections));
    this.workers.show(link(`${serving} serving`), `${number(open)} connections`);
    this.workers.mark(serving === 0 ? "bad" : "");
    const last = status.alarms.at(-1);
    this.alarms.show(link(number(status.alarms.length)), last ? `last ${age(status.now - last.at)} ago` : "nothing wrong");
    this.alarms.mark(last ? "warn" : "good");
  }
}

function tile(label) {
  const value = el("dd", { class: "value" });
  const about = el("dd", { class: "about" });
  const line = el("dd", { class: "line", hidden: true });
  const box = el("div", { class: "tile" }, el("dt", {}, label), value, about, line);
  let shown = "";
  return {
    box,
    mark: (kind) => (box.dataset.kind = kind),
    show(text, more, picture) {
      const words = text instanceof Node ? text.textContent : text;
      // What has the focus stays where it is.
      if (words !== shown) value.replaceChildren(text);
      shown = words;
      about.textContent = more;
      line.hidden = !picture;
      if (picture) line.replaceChildren(picture);
    },
  };
}

function exact(times, part) {
  if (times.length === 0) return null;
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}
