// The frame around all pages: who is logged in, links, colours.

import { password, whenRefused } from "./api.js";
import { el } from "./dom.js";
import { reload, startRouter } from "./router.js";
import { logIn, logOut, onSession, refresh } from "./session.js";
import { errorState } from "./states.js";
import { themeSwitch } from "./theme.js";

const main = document.getElementById("main");

async function start() {
  whenRefused(logIn);
  onSession(showSession);
  try {
    await meet();
  } catch (error) {
    main.replaceChildren(errorState(error.message, () => start()));
    return;
  }
  await startRouter(main, document.getElementById("nav"));
}

function showSession(now) {
  document.getElementById("host").textContent = now.hostname;
  const access = now.read_only ? "looks only" : "may change";
  const account = el("p", { title: `Let in by ${now.how}; version ${now.version}` }, `${now.who} `, el("span", { class: "access" }, access));
  document.getElementById("account").replaceChildren(account, accountButton(now));
}

function accountButton(now) {
  if (password()) return el("button", { type: "button", onclick: leave }, "Log out");
  if (now.read_only) return el("button", { type: "button", onclick: enter }, "Log in");
  return "";
}

async function enter() {
  try {
    await logIn();
  } catch {
    return;
  }
  reload();
}

async function leave() {
  logOut();
  // Nothing of what was shown may stay.
  main.replaceChildren();
  try {
    await meet();
  } catch {
    // The page that comes says why.
  }
  reload();
}

/** Who are we? Where nobody is let in without, ask for a password. */
async function meet() {
  try {
    await refresh();
  } catch (error) {
    if (error.status !== 401) throw error;
    await logIn(error);
  }
}

document.getElementById("theme").append(themeSwitch());
start();
