// What went on in a range of time: messages by action, how long scans took, and symbols.

import { actionBadge, dataTable, number, share, tableRow } from "./parts.js";
import { el } from "./dom.js";
import { span, sum } from "./numbers.js";
import { Plot } from "./plot.js";
import { quantile, totals } from "./series.js";
import { spark } from "./spark.js";
import { colour } from "./theme.js";
import { fill } from "./fill.js";

const ACTIONS = ["no action", "greylist", "soft reject", "add header", "rewrite subject", "quarantine", "reject", "discard"];
const COLUMNS = [{ text: "Messages", class: "number" }, { text: "Share", class: "number" }, { text: "Course" }];
const BY_ACTION = [{ text: "Action" }, ...COLUMNS];
const BY_SYMBOL = [{ text: "Symbol" }, ...COLUMNS];
const BY_CHECK = [{ text: "Check" }, { text: "Average", class: "number" }, { text: "95 %", class: "number" }, { text: "Share", class: "number" }];
const CHECK = "check_seconds/";
const SHOWN = 6;
const SYMBOL_COLOURS = 10;
const IN_WORDS = { live: "the last minutes", hour: "the last hour", day: "the last day", week: "the last week", month: "the last month", year: "the last year" };

/** Plots, each with a table that tells the same to those who do not see it, or have no library. */
export class Charts {
  constructor(signal) {
    this.throughput = chart("Messages by action", signal);
    this.times = chart("Scan time", signal);
    this.symbols = chart("Most frequent symbols", signal);
    this.actionRows = el("tbody", {});
    this.symbolRows = el("tbody", {});
    const actions = dataTable({ caption: "Messages by action", heads: BY_ACTION, rows: [], body: this.actionRows });
    const symbols = dataTable({ caption: "Most frequent symbols", heads: BY_SYMBOL, rows: [], body: this.symbolRows });
    this.checkRows = el("tbody", {});
    const checks = dataTable({ caption: "Slowest checks since the start", heads: BY_CHECK, rows: [], body: this.checkRows });
    this.throughput.box.append(actions);
    this.times.box.append(checks);
    this.symbols.box.append(symbols);
    this.box = el("div", { class: "grid charts" }, this.throughput.box, this.times.box, this.symbols.box);
  }

  /** `histograms` are those of the live status. */
  async show(series, range, histograms) {
    fillChecks(this.checkRows, histograms);
    const [actions, symbols] = [totals(series.actions), totals(series.symbols)];
    const all = sum(actions.map(([, count]) => count));
    fillTotals(this.actionRows, series.actions, actions, all, (name) => link(`#/history?action=${encodeURIComponent(name)}`, actionBadge(name)), range);
    fillTotals(this.symbolRows, series.symbols, symbols, all, (name) => link(`#/history?symbol=${encodeURIComponent(name)}`, name), range);
    try {
      await Promise.all([this.drawActions(series, actions, range), this.drawTimes(series, range), this.drawSymbols(series, symbols, range)]);
    } catch (error) {
      for (const one of [this.throughput, this.times, this.symbols]) one.fail(`Not drawn: ${error.message}. The totals tell the rest.`);
    }
  }

  drawActions(series, sorted, range) {
    const told = sorted.map(([name, count]) => `${name} ${count < 10 ? count.toFixed(1) : number(count)}`).join(", ");
    const isLive = range === "live";
    const shown = ACTIONS.filter((name) => sorted.some(([other]) => other === name));
    const traces = () =>
      shown.map((name) => ({
        type: "bar",
        name,
        x: dates(series),
        y: series.actions[name],
        marker: { color: colour(`--action-${name.replace(" ", "-")}`) },
        hovertemplate: isLive ? "%{y:.2f}" : "%{y:,}",
      }));
    return this.throughput.plot.draw(traces, `Messages by action in ${IN_WORDS[range]}: ${told || "none"}.`, { yTitle: `messages in ${series.per}` });
  }

  drawTimes(series, range) {
    const lines = [
      ["95 %", series.p95, "--c1"],
      ["average", series.average, "--c4"],
      ["median", series.p50, "--c0"],
    ];
    const traces = () =>
      lines.map(([name, values, shade]) => ({
        type: "scatter",
        mode: known(values) < 3 ? "lines+markers" : "lines",
        name,
        x: dates(series),
        y: values.map((value) => value && value * 1000),
        line: { color: colour(shade), width: 2 },
        hovertemplate: "%{y:.3~f} ms",
      }));
    const most = Math.max(...series.p95.map((value) => value ?? 0));
    const said = `Time that scans took in ${IN_WORDS[range]}: at most ${span(most)} for 95 of 100 in any step.`;
    return this.times.plot.draw(traces, said, { yTitle: "milliseconds" });
  }

  drawSymbols(series, sorted, range) {
    const traces = () =>
      sorted.slice(0, SYMBOL_COLOURS).map(([name], index) => ({
        type: "scatter",
        mode: known(series.symbols[name]) < 3 ? "lines+markers" : "lines",
        // Plotly reads some marks in names as layout of its own.
        name: name.replace(/[<>&]/g, ""),
        x: dates(series),
        y: series.symbols[name],
        line: { color: colour(`--c${index}`), width: 2 },
        hovertemplate: range === "live" ? "%{y:.2f}" : "%{y:,}",
      }));
    const names = sorted.map(([name]) => name).join(", ");
    const said = `Symbols in ${IN_WORDS[range]}, the most frequent first: ${names || "none"}.`;
    return this.symbols.plot.draw(traces, said, { yTitle: `messages in ${series.per}` });
  }
}

function chart(title, signal) {
  const area = el("div", { class: "plot" });
  const plot = new Plot(area, signal);
  const notice = el("p", { class: "hint" });
  return {
    box: el("section", { class: "panel" }, el("h3", {}, title), area, notice),
    plot,
    fail(text) {
      area.hidden = true;
      notice.textContent = text;
    },
  };
}

function fillTotals(body, counts, sorted, all, first, range) {
  const rows = () =>
    sorted.map(([name, count]) =>
      tableRow(BY_ACTION, [first(name), range === "live" ? "" : number(count), share(count, all), spark(counts[name])]),
    );
  fill(body, JSON.stringify([range, sorted]), sorted.length ? rows : () => [tableRow(BY_ACTION, ["none"])]);
}

/** The checks that take the most time of all scans. */
function fillChecks(body, histograms) {
  const all = Object.entries(histograms).filter(([name]) => name.startsWith(CHECK));
  const total = sum(all.map(([, told]) => told.total));
  const sorted = all.sort(([, one], [, other]) => other.total - one.total).slice(0, SHOWN);
  const rows = sorted.map(([name, told]) => {
    const runs = sum(told.counts);
    return [name.slice(CHECK.length), span(runs ? told.total / runs : null), span(quantile(told, 0.95)), share(told.total, total)];
  });
  fill(body, JSON.stringify(rows), () => rows.map((row) => tableRow(BY_CHECK, row)));
}

function link(href, inner) {
  return el("a", { href }, inner);
}

function dates(series) {
  return series.times.map((at) => new Date(at * 1000));
}

function known(values) {
  return values.filter((value) => value !== null).length;
}
