// Which page is shown: the one that the address names behind its #.

import { announce, el } from "./dom.js";
import { PAGES } from "./pages.js";
import { errorState, loadingState } from "./states.js";

const LOADING_AFTER_MS = 200;

let leaving = new AbortController();

/** Show pages in `main` from now on, with links to them in `nav`. */
export function startRouter(main, nav) {
  nav.append(el("ul", {}, PAGES.map((page) => el("li", {}, el("a", { href: `#/${page.name}` }, page.label)))));
  addEventListener("hashchange", () => {
    // The link that skips to the content leads to no page.
    if (location.hash === "#main") main.focus();
    else show(main, nav, true);
  });
  return show(main, nav, false);
}

/** Make the page that is shown anew. */
export function reload() {
  return show(document.getElementById("main"), document.getElementById("nav"), false);
}

/** Name, further parts and filters of an address such as `#/history/ID?limit=3`. */
export function readAddress(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [name, ...args] = path.split("/").filter(Boolean).map(decoded);
  return { name: name ?? "", args, query: new URLSearchParams(search) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function show(main, nav, isMove) {
  leaving.abort();
  const mine = (leaving = new AbortController());
  const address = readAddress(location.hash === "#main" ? "" : location.hash);
  const page = address.name ? PAGES.find((one) => one.name === address.name) : PAGES[0];
  mark(nav, page);
  document.title = `${page?.label ?? "No such page"} · mailfilter`;
  const loading = setTimeout(() => main.replaceChildren(loadingState()), LOADING_AFTER_MS);
  let made;
  try {
    if (page === undefined) throw new Error(`There is no page ${address.name}.`);
    made = await page.open({ ...address, signal: mine.signal });
  } catch (error) {
    made = errorState(error.message);
  } finally {
    clearTimeout(loading);
  }
  if (mine.signal.aborted) return;
  main.replaceChildren(made);
  if (!isMove) return;
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
  announce(page?.label ?? "No such page");
}

function mark(nav, page) {
  for (const link of nav.querySelectorAll("a")) {
    if (link.hash === `#/${page?.name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const current = nav.querySelector("[aria-current]");
  // On a narrow screen the links scroll sideways.
  if (current) nav.scrollTo({ left: current.offsetLeft - nav.clientWidth / 2 + current.clientWidth / 2 });
}
