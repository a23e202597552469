// Workers and health.

import { el } from "./dom.js";
import { emptyState } from "./states.js";

/** The page #/workers. */
export function workersPage() {
  return el("div", { class: "workers" }, el("h2", {}, "Workers and health"), emptyState("Nothing yet"));
}
