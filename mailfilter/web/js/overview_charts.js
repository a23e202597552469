// What went on in a range of time: messages by action, how long scans took, and symbols.

import { actionBadge, dataTable, number, plain, share, tableRow } from "./parts.js";
import { el } from "./dom.js";
import { rate, span, sum } from "./numbers.js";
import { Plot } from "./plot.js";
import { quantile, totals } from "./series.js";
import { spark } from "./spark.js";
import { colour } from "./theme.js";
import { fill } from "./fill.js";

const ACTIONS = ["no action", "greylist", "soft reject", "add header", "rewrite subject", "quarantine", "reject", "discard"];
const COLUMNS = [{ text: "Messages", class: "number" }, { text: "Share", class: "number" }, { text: "Course", class: "course" }];
const BY_ACTION = [{ text: "Action" }, ...COLUMNS];
const BY_SYMBOL = [{ text: "Symbol" }, ...COLUMNS];
const BY_CHECK = [{ text: "Check" }, { text: "Average", class: "number" }, { text: "95 %", class: "number" }, { text: "Share", class: "number" }];
const BAR = 0.9;
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
    const actions = compact({ caption: "Totals by action", heads: BY_ACTION, rows: [], body: this.actionRows });
    const symbols = compact({ caption: "Totals by symbol", heads: BY_SYMBOL, rows: [], body: this.symbolRows });
    this.checkRows = el("tbody", {});
    const checks = compact({ caption: "Slowest checks since the start", heads: BY_CHECK, rows: [], body: this.checkRows });
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
    fillTotals(this.actionRows, BY_ACTION, series.actions, actions, { all, range, first: actionCell });
    fillTotals(this.symbolRows, BY_SYMBOL, series.symbols, symbols, { all, range, first: symbolCell });
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
        width: series.steps.map((step) => step * BAR * 1000),
        // A bar stands over its step.
        offset: 0,
        marker: { color: colour(`--action-${name.replace(" ", "-")}`) },
        hovertemplate: isLive ? "%{y:.2f}" : "%{y:,}",
      }));
    return this.throughput.plot.draw(traces, `Messages by action in ${IN_WORDS[range]}: ${told || "none"}.`, { ...spanned(series), yTitle: `messages in ${series.per}` });
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
    return this.times.plot.draw(traces, said, { ...spanned(series), yTitle: "milliseconds", showlegend: true });
  }

  drawSymbols(series, sorted, range) {
    const traces = () =>
      sorted.slice(0, SYMBOL_COLOURS).map(([name], index) => ({
        type: "scatter",
        mode: known(series.symbols[name]) < 3 ? "lines+markers" : "lines",
        // Plotly reads some marks in names as layout of its own.
        name: plain(name).replace(/[<>&]/g, ""),
        x: dates(series),
        y: series.symbols[name],
        line: { color: colour(`--c${index}`), width: 1.5 },
        hovertemplate: range === "live" ? "%{y:.2f}" : "%{y:,}",
      }));
    const names = sorted.map(([name]) => name).join(", ");
    const said = `Symbols in ${IN_WORDS[range]}, the most frequent first: ${names || "none"}.`;
    return this.symbols.plot.draw(traces, said, { ...spanned(series), yTitle: `messages in ${series.per}` });
  }
}

/** A table that stays one on a narrow screen. */
function compact(parts) {
  const box = dataTable(parts);
  box.querySelector("table").classList.add("compact");
  return box;
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

function fillTotals(body, columns, counts, sorted, { all, range, first }) {
  const amount = (name, count) => (range === "live" ? `${rate(count / known(counts[name]))}/s` : number(count));
  const rows = () =>
    sorted.map(([name, count], index) => tableRow(columns, [first(name, index), amount(name, count), share(count, all), spark(counts[name])]));
  fill(body, JSON.stringify([range, sorted]), sorted.length ? rows : () => [tableRow(columns, ["none"])]);
}

function actionCell(name) {
  return keyed(`action-${name.replace(" ", "-")}`, link(`#/history?action=${encodeURIComponent(name)}`, actionBadge(name)));
}

function symbolCell(name, index) {
  return keyed(`c${index}`, link(`#/history?symbol=${encodeURIComponent(name)}`, breakable(plain(name))));
}

/** A name that may go on in the next line after each of its words. */
function breakable(name) {
  const words = name.split(/(?<=_)/);
  return words.flatMap((word, index) => (index ? [el("wbr"), word] : [word]));
}

/** With the colour that it has in the plot. */
function keyed(shade, inner) {
  const key = el("span", { class: "key", "aria-hidden": "true" });
  key.style.background = `var(--${shade})`;
  return el("span", { class: "keyed" }, key, inner);
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

/** All of the range, be there anything or not. */
function spanned(series) {
  return { range: [new Date(series.from * 1000), new Date(series.until * 1000)] };
}

function dates(series) {
  return series.times.map((at) => new Date(at * 1000));
}

function known(values) {
  return values.filter((value) => value !== null).length;
}
