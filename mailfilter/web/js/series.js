// What was scanned when: by the server's own steps of a range, or as it happens, from poll to poll.
//
// Both in one form: `from` and `until` (Unix time), `times` at which steps begin, `steps` with the
// seconds that they have, `per` (what a count is counted over, in words), `actions` and `symbols`
// (name -> counts), `p50`, `p95`, `average` (seconds). What is not known is null.

import { sum } from "./numbers.js";

const MOST_SAMPLES = 120;
const LIVE_SECONDS = 300;
const GAP_SECONDS = 15;
const MOST_SYMBOLS = 10;
const STEPS = { 60: "a minute", 300: "5 minutes", 1800: "30 minutes", 7200: "2 hours", 86400: "a day" };

/** The answer of /api/series. */
export function readSeries(told) {
  return {
    from: told.start,
    until: told.start + told.points * told.step,
    times: Array.from({ length: told.points }, (_, index) => told.start + index * told.step),
    steps: Array.from({ length: told.points }, () => told.step),
    per: STEPS[told.step] ?? `${told.step} s`,
    actions: told.actions,
    symbols: told.symbols,
    ...told.seconds,
  };
}

/** How many of each there are, the most first; without those of which there are none. */
export function totals(counts) {
  const pairs = Object.entries(counts).map(([name, values]) => [name, sum(values)]);
  return pairs.filter(([, total]) => total > 0).sort(([, one], [, other]) => other - one);
}

/** The last minutes, from the counters of /api/status. */
export class Live {
  constructor() {
    this.last = null;
    this.samples = [];
  }

  /** Take another look; what is older than the window goes. */
  push(status) {
    const last = this.last;
    this.last = status;
    if (last === null || status.pid !== last.pid || status.now <= last.now) return;
    const seconds = status.now - last.now;
    const gap = seconds > GAP_SECONDS;
    this.samples.push({ at: status.now, seconds, ...(gap ? nothing() : difference(status, last, seconds)) });
    if (this.samples.length > MOST_SAMPLES) this.samples.shift();
  }

  /** Messages a second, oldest first. */
  rates() {
    return this.samples.map(({ actions }) => actions && sum(Object.values(actions)));
  }

  series() {
    const top = totals(this.column("symbols")).slice(0, MOST_SYMBOLS);
    const symbols = this.column("symbols");
    return {
      from: (this.last?.now ?? 0) - LIVE_SECONDS,
      until: this.last?.now ?? 0,
      times: this.samples.map(({ at, seconds }) => at - seconds),
      steps: this.samples.map(({ seconds }) => seconds),
      per: "a second",
      actions: this.column("actions"),
      symbols: Object.fromEntries(top.map(([name]) => [name, symbols[name]])),
      p50: this.samples.map(({ p50 }) => p50),
      p95: this.samples.map(({ p95 }) => p95),
      average: this.samples.map(({ average }) => average),
    };
  }

  column(kind) {
    const names = new Set(this.samples.flatMap((sample) => Object.keys(sample[kind] ?? {})));
    const values = (name) => this.samples.map((sample) => sample[kind] && (sample[kind][name] ?? 0));
    return Object.fromEntries(Array.from(names, (name) => [name, values(name)]));
  }
}

function nothing() {
  return { actions: null, symbols: null, p50: null, p95: null, average: null };
}

function difference(now, before, seconds) {
  const more = (prefix) => {
    const found = {};
    for (const [name, count] of Object.entries(now.counters)) {
      // A worker that has gone takes nothing with it: its counts stay in the sum.
      const added = count - (before.counters[name] ?? 0);
      if (name.startsWith(prefix) && added > 0) found[name.slice(prefix.length)] = added / seconds;
    }
    return found;
  };
  const times = subtract(now.histograms.scan_seconds, before.histograms.scan_seconds);
  const scans = sum(times.counts);
  return {
    actions: more("action/"),
    symbols: more("symbol/"),
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    average: scans > 0 ? times.total / scans : null,
  };
}

function subtract(now, before) {
  return {
    bounds: now.bounds,
    counts: now.counts.map((count, index) => count - (before?.counts[index] ?? 0)),
    total: now.total - (before?.total ?? 0),
  };
}

/** The time that so large a part of a histogram does not exceed, as if each class were filled evenly. */
export function quantile({ bounds, counts }, part) {
  const wanted = sum(counts) * part;
  if (wanted <= 0) return null;
  let below = 0;
  for (let index = 0; index < bounds.length; index += 1) {
    const count = counts[index];
    const floor = index ? bounds[index - 1] : 0;
    if (count > 0 && below + count >= wanted) return floor + ((bounds[index] - floor) * (wanted - below)) / count;
    below += count;
  }
  return bounds.at(-1);
}
