// Light or dark: as the system has it, or as somebody chose.

import { el } from "./dom.js";

const KEPT = "mailfilter-theme";
const CHOICES = [
  ["auto", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];
const DARK = matchMedia("(prefers-color-scheme: dark)");
const watchers = new EventTarget();

DARK.addEventListener("change", tell);

/** Call `watcher` when colours have changed, until `signal` is aborted. */
export function onTheme(watcher, signal) {
  watchers.addEventListener("change", watcher, { signal });
}

/** The colour that a variable of the style sheets has now, as the browser writes it. */
export function colour(name) {
  const probe = el("span", { hidden: true });
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** The switch. */
export function themeSwitch() {
  const select = el(
    "select",
    { "aria-label": "Colours", title: "Colours" },
    CHOICES.map(([value, label]) => el("option", { value }, label)),
  );
  select.value = document.documentElement.dataset.theme ?? "auto";
  select.addEventListener("change", () => choose(select.value));
  return select;
}

function choose(value) {
  const isChosen = value === "light" || value === "dark";
  if (isChosen) document.documentElement.dataset.theme = value;
  else delete document.documentElement.dataset.theme;
  try {
    if (isChosen) localStorage.setItem(KEPT, value);
    else localStorage.removeItem(KEPT);
  } catch {
    // Then it lasts until the page is loaded again.
  }
  tell();
}

function tell() {
  watchers.dispatchEvent(new Event("change"));
}
