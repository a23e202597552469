// The checks of a scan along the time they took, as a picture. Everything in it is also in a table.

import { plain } from "./parts.js";

const SPACE = "http://www.w3.org/2000/svg";
const ROW = 23;
const BAR = 15;
const HEAD = 24;
const LABELS = 190;
const NARROW = 560;
const LETTER = 7.4;
const GAP = 6;
const MOST_ROWS = 400;

/** An element of SVG. Attributes only: the page's policy forbids styles in place. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** A check with numbers where the history leaves out what is nothing. */
export function readRun(run) {
  return {
    check: String(run.check ?? ""),
    stage: String(run.stage ?? ""),
    at: Number(run.at) || 0,
    took: Number(run.took) || 0,
    symbols: Array.isArray(run.symbols) ? run.symbols.map(String) : [],
    reads: Array.isArray(run.reads) ? run.reads.map(String) : [],
    trouble: run.trouble ? String(run.trouble) : "",
  };
}

/** How a check fared: "adds" to the score, "takes" from it, "notes" what scores 0, "nothing", "trouble". */
export function kindOf(run, scores) {
  if (run.trouble) return "trouble";
  if (run.symbols.length === 0) return "nothing";
  const sum = run.symbols.reduce((total, name) => total + (scores.get(name) ?? 0), 0);
  return sum > 0 ? "adds" : sum < 0 ? "takes" : "notes";
}

/** Seconds as people read them. */
export function duration(seconds) {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  if (seconds >= 0.01) return `${(seconds * 1000).toFixed(0)} ms`;
  return seconds === 0 ? "0" : `${Number((seconds * 1000).toFixed(2))} ms`;
}

/** Round places along an axis, of which there are about so many. */
export function ticks(end, wanted) {
  const rough = end / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const found = [];
  for (let place = 0; place <= end * 1.0001; place += step) found.push(place);
  return found;
}

/** Draw runs (see `readRun`) into an element, anew whenever its width changes. */
export function drawTimeline(box, runs, scores, labelledBy) {
  const drawn = runs
    .filter((run) => run.stage !== "")
    .sort((one, other) => one.at - other.at)
    .slice(0, MOST_ROWS);
  let width = 0;
  const draw = () => {
    if (box.clientWidth === width || box.clientWidth === 0) return;
    width = box.clientWidth;
    box.replaceChildren(picture(drawn, scores, width, labelledBy));
  };
  new ResizeObserver(draw).observe(box);
  draw();
}

function picture(runs, scores, width, labelledBy) {
  const isNarrow = width < NARROW;
  const left = isNarrow ? 0 : LABELS;
  const row = isNarrow ? ROW + 14 : ROW;
  const end = Math.max(1e-5, ...runs.map((run) => run.at + run.took));
  const place = (seconds) => left + 4 + (seconds / end) * (width - left - 12);
  const height = HEAD + runs.length * row + 4;
  const made = svg("svg", {
    class: "timeline",
    role: "img",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    "aria-labelledby": labelledBy,
  });
  for (const at of ticks(end, isNarrow ? 3 : 6)) made.append(...tick(at, place(at), height, width));
  runs.forEach((run, index) => made.append(line(run, scores, HEAD + index * row, { left, width, isNarrow, place })));
  return made;
}

function tick(at, x, height, width) {
  const anchor = at === 0 ? "start" : x > width - 40 ? "end" : "middle";
  return [
    svg("line", { class: "tick", x1: x, x2: x, y1: HEAD - 6, y2: height }),
    svg("text", { class: "axis", x, y: HEAD - 10, "text-anchor": anchor }, duration(at)),
  ];
}

function line(run, scores, top, { left, width, isNarrow, place }) {
  const kind = kindOf(run, scores);
  const said = run.trouble || run.symbols.join(", ");
  const x = place(run.at);
  const below = isNarrow ? top + 14 : top + (ROW - BAR) / 2;
  const group = svg(
    "g",
    { class: `run ${kind}` },
    svg("title", {}, `${run.check} (${run.stage}): ${duration(run.took)} at ${duration(run.at)}. ${plain(said)}`),
    svg("rect", {
      class: "bar",
      x,
      y: below,
      width: Math.max(2, place(run.at + run.took) - x),
      height: BAR,
      rx: 2,
    }),
  );
  if (!isNarrow && said) group.append(words(said, run, { top, left, width, place }));
  const name = isNarrow && said ? `${run.check}: ${said}` : run.check;
  group.append(
    svg(
      "text",
      { class: "name", x: isNarrow ? 2 : left - 6, y: isNarrow ? top + 11 : top + 15, "text-anchor": isNarrow ? "start" : "end" },
      shortened(name, isNarrow ? 46 : 26),
    ),
  );
  return group;
}

/** What a check said: behind its bar, else before it, else within it, where there is room. */
function words(said, run, { top, left, width, place }) {
  const [start, end] = [place(run.at), Math.max(place(run.at + run.took), place(run.at) + 2)];
  const text = shortened(said, 48);
  const needed = text.length * LETTER + 2 * GAP;
  const where =
    width - end > needed
      ? { class: "said", x: end + GAP, "text-anchor": "start" }
      : start - left > needed
        ? { class: "said", x: start - GAP, "text-anchor": "end" }
        : { class: "within", x: start + GAP, "text-anchor": "start" };
  return svg("text", { ...where, y: top + 15 }, text);
}

function shortened(text, most) {
  const characters = [...plain(text)];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : text;
}
