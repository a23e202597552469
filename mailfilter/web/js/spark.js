// A line as large as a word: how a number went lately.

import { sum } from "./numbers.js";
import { svg } from "./timeline.js";

const WIDTH = 100;
const HEIGHT = 24;
const MOST_POINTS = 40;

/** A picture of some numbers, of which `null` are gaps. What they say must be told beside it. */
export function spark(numbers) {
  const values = thinned(numbers);
  const picture = svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const most = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE);
  const step = WIDTH / Math.max(values.length - 1, 1);
  let path = "";
  let isDrawn = false;
  values.forEach((value, index) => {
    if (value !== null && value !== undefined) {
      const y = HEIGHT - 1 - (value / most) * (HEIGHT - 2);
      path += `${isDrawn ? "L" : "M"}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    }
    isDrawn = value !== null && value !== undefined;
  });
  if (path) picture.append(svg("path", { d: path }));
  return picture;
}

/** As many points as can be told apart, each the average of those that it stands for. */
function thinned(values) {
  const size = Math.ceil(values.length / MOST_POINTS);
  if (size <= 1) return values;
  const parts = Array.from({ length: Math.ceil(values.length / size) }, (_, index) => values.slice(index * size, (index + 1) * size));
  return parts.map((part) => {
    const some = part.filter((value) => value !== null && value !== undefined);
    return some.length ? sum(some) / some.length : null;
  });
}
