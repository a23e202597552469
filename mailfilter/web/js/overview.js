// The overview.

import { el } from "./dom.js";
import { emptyState } from "./states.js";

/** The page #/overview. */
export function overviewPage() {
  return el("div", { class: "overview" }, el("h2", {}, "Overview"), emptyState("Nothing yet"));
}
