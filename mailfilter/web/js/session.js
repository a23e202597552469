// Who we are to the controller, and the window that asks for a password.

import { keepPassword, password, request } from "./api.js";
import { announce, el } from "./dom.js";

const NOBODY = Object.freeze({ version: "", who: "", how: "", read_only: true, hostname: "" });

let current = NOBODY;
let asked = null;
const watchers = new Set();

/** What /api/session said last: `who`, `how`, `read_only`, `hostname`, `version`. */
export function session() {
  return current;
}

/** Call `watcher` with each new session. */
export function onSession(watcher) {
  watchers.add(watcher);
}

/** Ask the controller who we are. */
export async function refresh() {
  current = Object.freeze(await request("session"));
  for (const watcher of watchers) watcher(current);
  return current;
}

/** Forget the password. What is shown then asks for another where one is needed. */
export function logOut() {
  keepPassword("");
  current = NOBODY;
}

/**
 * Ask for a password until it is right; one window however many ask. `error` is why, and nothing
 * when somebody only wants to be more than they are, who may then also turn back.
 */
export function logIn(error) {
  asked ??= ask(error).finally(() => {
    asked = null;
  });
  return asked;
}

function ask(error) {
  const before = password();
  return new Promise((resolve, reject) => {
    const input = el("input", { type: "password", name: "password", autocomplete: "current-password", required: true });
    const notice = el("p", { class: "error", role: "alert" });
    const submit = el("button", { type: "submit", class: "primary" }, "Log in");
    const cancel = el("button", { type: "button" }, "Cancel");
    const dialog = el(
      "dialog",
      { class: "login", "aria-labelledby": "login-title" },
      el(
        "form",
        { method: "dialog" },
        el("h2", { id: "login-title" }, "Log in"),
        el("p", { class: "about" }, "Enter the password of the controller: the one for looking, or the one for changes."),
        el("label", { class: "field" }, el("span", { class: "label" }, "Password"), input),
        notice,
        el("div", { class: "buttons" }, submit, error === undefined && cancel),
      ),
    );
    const turnBack = () => {
      keepPassword(before);
      dialog.remove();
      reject(new DOMException("not logged in", "AbortError"));
    };
    if (error !== undefined && before) notice.textContent = `The password was refused: ${error.message}`;
    cancel.addEventListener("click", turnBack);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (error === undefined) turnBack();
    });
    dialog.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      notice.textContent = "";
      try {
        keepPassword(input.value);
        await refresh();
        dialog.remove();
        announce("Logged in");
        resolve();
      } catch (refused) {
        keepPassword(before);
        notice.textContent = refused.status === 401 ? `That password is not right: ${refused.message}` : refused.message;
        input.select();
      } finally {
        submit.disabled = false;
      }
    });
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}
