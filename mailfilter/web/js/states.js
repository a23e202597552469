// What a page shows in place of what it has not: nothing yet, or an error.

import { el } from "./dom.js";

export function loadingState(text = "Loading …") {
  return el("p", { class: "state loading", role: "status" }, text);
}

export function errorState(text, retry) {
  const button = retry && el("button", { type: "button", onclick: retry }, "Try again");
  return el("div", { class: "state failed", role: "alert" }, el("p", {}, text), button);
}
