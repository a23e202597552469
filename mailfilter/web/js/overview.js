// The overview: what goes on now, and what went on in a range of time.

import { api } from "./api.js";
import { announce, el } from "./dom.js";
import { firstSteps } from "./first_steps.js";
import { Charts } from "./overview_charts.js";
import { LatestMessages } from "./overview_latest.js";
import { Tiles } from "./overview_tiles.js";
import { say } from "./parts.js";
import { every } from "./poll.js";
import { Live, readSeries, totals } from "./series.js";
import { loadingState } from "./states.js";

const NOW_SECONDS = 3;
const RANGE_SECONDS = 10;
const RANGES = [
  ["live", "Live"],
  ["hour", "Hour"],
  ["day", "Day"],
  ["week", "Week"],
  ["month", "Month"],
  ["year", "Year"],
];
/** What is remembered while the tab is open, whatever page is looked at. */
const live = new Live();

/** The page #/overview; `query` may name the range. */
export function overviewPage(query, signal) {
  return new Overview(query.get("range") ?? "hour", signal).page;
}

class Overview {
  constructor(range, signal) {
    this.range = RANGES.some(([name]) => name === range) ? range : "hour";
    this.signal = signal;
    this.series = null;
    this.status = null;
    this.notice = el("div", { class: "notice", role: "status" });
    this.pastNotice = el("div", { class: "notice", role: "status" });
    this.tiles = new Tiles();
    this.charts = new Charts(signal);
    this.latest = new LatestMessages(signal);
    this.content = el("div", { class: "content" }, loadingState());
    const head = el("div", { class: "page-head" }, el("h2", {}, "Overview"), this.ranges());
    this.page = el("div", { class: "overview" }, head, this.notice, this.pastNotice, this.tiles.box, this.content);
    const failed = (error) => say(this.notice, error.message, "error");
    every(NOW_SECONDS, () => this.look(), failed, signal);
    const lost = (error) => say(this.pastNotice, error.message, "error");
    this.askRange = every(RANGE_SECONDS, () => this.lookBack(), lost, signal);
  }

  ranges() {
    const choices = RANGES.map(([name, label]) => {
      const input = el("input", { type: "radio", name: "range", value: name, checked: name === this.range });
      input.addEventListener("change", () => this.choose(name, label));
      return el("label", {}, input, el("span", {}, label));
    });
    return el("fieldset", { class: "segments" }, el("legend", { class: "unseen" }, "Range of time"), choices);
  }

  choose(name, label) {
    this.range = name;
    this.series = null;
    // The address tells what is shown, but the way back does not lead through all that was looked at.
    history.replaceState(null, "", `#/overview?range=${name}`);
    announce(`${label} is shown`);
    this.askRange();
  }

  async look() {
    const status = await api("status", { signal: this.signal });
    live.push(status);
    this.status = status;
    this.tiles.show(status, live);
    say(this.notice, "");
    if (this.range === "live") this.series = live.series();
    await this.show();
  }

  async lookBack() {
    const wanted = this.range;
    await this.latest.look();
    if (wanted !== "live") {
      const told = await api(`series?range=${wanted}`, { signal: this.signal });
      if (wanted === this.range) this.series = readSeries(told);
    } else this.series = live.series();
    say(this.pastNotice, "");
    await this.show();
  }

  async show() {
    if (this.status === null || this.series === null || this.signal.aborted) return;
    const isUsed = this.status.counters.scans > 0 || this.latest.hasSome || totals(this.series.actions).length > 0;
    this.put(isUsed ? "used" : "first");
    if (isUsed) await this.charts.show(this.series, this.range, this.status.histograms);
  }

  put(what) {
    if (this.content.dataset.shows === what) return;
    this.content.dataset.shows = what;
    this.content.replaceChildren(...(what === "first" ? [firstSteps(this.status)] : [this.charts.box, this.latest.box]));
  }
}
