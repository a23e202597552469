// A scan with its trace: whose mail, what decided, what each check did and when.

import { el } from "./dom.js";
import { drawTimeline, duration, kindOf, readRun } from "./timeline.js";
import { actionBadge, dataTable, facts, number, plain, score, when } from "./parts.js";

const MOST_NAMES = 10;
let made = 0;

/** All that is known of a scan; `row` and `detail` are what the history keeps. */
export function traceView(row, detail) {
  const symbols = row.symbols ?? {};
  const scores = new Map(Object.entries(symbols).map(([name, entry]) => [name, Number(entry?.score) || 0]));
  const runs = (detail.checks ?? []).map(readRun);
  return el(
    "article",
    { class: "trace" },
    verdict(row, detail),
    el("div", { class: "columns" }, mail(row, detail), decision(row, detail)),
    symbolTable(symbols),
    timeline(runs, scores),
    notes(detail, runs),
  );
}

function verdict(row, detail) {
  const why = (detail.trace ?? []).filter((entry) => entry.source === "verdict").map((entry) => entry.text);
  return el(
    "header",
    { class: "verdict" },
    el(
      "p",
      { class: "decided" },
      actionBadge(row.action),
      " ",
      el("span", { class: "score" }, `${score(row.score)} of ${score(row.required_score)}`),
    ),
    el("p", { class: "why" }, plain(why.join("; ")) || (row.unscanned ? `not scanned: ${row.unscanned}` : "")),
  );
}

function mail(row, detail) {
  const client = [row.ip, detail.hostname, detail.helo && `helo ${detail.helo}`].filter((one) => one && one !== "unknown");
  return section("Message", [
    facts([
      ["Subject", row.subject],
      ["Sender", row.sender_smtp],
      ["From", row.sender_mime],
      ["Recipients", names(row.rcpt_smtp, detail.recipients)],
      ["To, Cc", names(row.rcpt_mime, 0)],
      ["Message-ID", row["message-id"] === "undef" ? "" : row["message-id"]],
      ["Queue id", detail.queue_id],
      ["Client", client.join(", ")],
      ["User", row.user === "unknown" ? "" : row.user],
      ["Identity", row.identity],
      ["Size", row.size === undefined ? "" : `${number(row.size)} octets`],
      ["Time", row.unix_time ? when(row.unix_time) : ""],
      ["Listener", detail.listener],
      ["Trace id", detail.trace_id && el("code", {}, plain(detail.trace_id))],
    ]),
  ]);
}

function decision(row, detail) {
  const thresholds = Object.entries(detail.thresholds ?? row.thresholds ?? {});
  return section("Decision", [
    facts([
      ["Thresholds", thresholds.map(([name, at]) => `${name} ${score(at)}`).join(", ")],
      ["Forced by", detail.forced_by],
      ["Profiles", detail.profile],
      ["Reply", detail.smtp_message],
      ["New subject", detail.new_subject],
      ["Scan time", detail.elapsed === undefined ? "" : duration(detail.elapsed)],
      ["Note", detail.note],
    ]),
    (detail.edits ?? []).length > 0 &&
      el("div", {}, el("h4", {}, "Changes of the message"), el("ul", { class: "edits" }, ...detail.edits.map((edit) => el("li", {}, plain(edit))))),
  ]);
}

function symbolTable(symbols) {
  const entries = Object.entries(symbols).sort(([, one], [, other]) => other.score - one.score);
  if (entries.length === 0) return section("Symbols", [el("p", { class: "nothing" }, "No symbol fired.")]);
  const rows = entries.map(([name, entry]) => [
    el("a", { href: `#/symbols?name=${encodeURIComponent(name)}` }, plain(name)),
    score(entry.score),
    entry.description ?? "",
    (entry.options ?? []).length > 0 && el("ul", { class: "options" }, ...entry.options.map((option) => el("li", {}, plain(option)))),
  ]);
  return section("Symbols", [
    dataTable({ caption: "Symbols that fired", heads: ["Symbol", { text: "Score", class: "number" }, { text: "Meaning", class: "words" }, { text: "Options", class: "words" }], rows }),
  ]);
}

function timeline(runs, scores) {
  if (runs.length === 0) return section("Checks", [el("p", { class: "nothing" }, "No check has run.")]);
  const box = el("div", { class: "timeline-box" });
  const id = `timeline-${(made += 1)}`;
  const caption = el("p", { id, class: "caption" }, "When each check ran; the table below says the same in words.");
  drawTimeline(box, runs, scores, id);
  const kinds = Object.keys(MEANING).filter((kind) => runs.some((run) => kindOf(run, scores) === kind));
  const legend = el("ul", { class: "legend" }, ...kinds.map((kind) => el("li", { class: kind }, MEANING[kind])));
  return section("Checks", [caption, legend, box, el("details", {}, el("summary", {}, "Checks as a table"), checkTable(runs, scores))]);
}

const MEANING = {
  adds: "added to the score",
  takes: "took from the score",
  notes: "noted something",
  nothing: "found nothing",
  trouble: "gave no answer",
};

function checkTable(runs, scores) {
  const hasReads = runs.some((run) => run.reads.length > 0);
  const rows = runs.map((run) => [
    run.check,
    run.stage || "not run",
    run.stage ? duration(run.at) : "",
    run.stage ? duration(run.took) : "",
    run.trouble || run.symbols.map((name) => found(name, scores)).join(", ") || "nothing",
    ...(hasReads ? [run.reads.join(", ")] : []),
  ]);
  const heads = ["Check", "Stage", { text: "Began at", class: "number" }, { text: "Took", class: "number" }, { text: "Found", class: "words" }];
  if (hasReads) heads.push({ text: "Reads", class: "words" });
  return dataTable({ caption: "Checks, in the order in which they ended", heads, rows });
}

/** A symbol with what it came to; a composite may have taken it, a profile its group. */
function found(name, scores) {
  return scores.has(name) ? `${name} ${score(scores.get(name))}` : `${name} (does not count)`;
}

/** What is said nowhere else: notes, composites, caps, stages that were not run. */
function notes(detail, runs) {
  const said = new Set();
  for (const run of runs) said.add(`${run.check}\n${run.symbols.join(", ")}`).add(`${run.check}\n${run.trouble}`);
  const rest = (detail.trace ?? []).filter((entry) => entry.source !== "verdict" && !said.has(`${entry.source}\n${entry.text}`));
  if (rest.length === 0) return false;
  const rows = rest.map((entry) => [duration(Number(entry.at) || 0), entry.source, entry.text]);
  return section("Also", [dataTable({ caption: "Notes of the scan", heads: [{ text: "At", class: "number" }, "From", { text: "Note", class: "words" }], rows })]);
}

function names(found, told) {
  const all = Array.isArray(found) ? found : [];
  const rest = Math.max(Number(told) || 0, all.length) - Math.min(all.length, MOST_NAMES);
  if (all.length === 0) return told ? `${told} not kept` : "";
  return all.slice(0, MOST_NAMES).join(", ") + (rest > 0 ? `, and ${rest} more` : "");
}

function section(title, children) {
  return el("section", { class: "part" }, el("h3", {}, title), ...children);
}
