// What to do while there has been no mail yet.

import { el } from "./dom.js";
import { dataTable } from "./parts.js";

const USES = {
  milter: ["Milter", "Postfix, Sendmail, Stalwart"],
  scan: ["Scan over HTTP", "Exim, Haraka, OpenSMTPD, rspamc, James"],
  spamd: ["spamd", "Exim, spamc"],
};
const TOOLS = ["postfix", "sendmail", "stalwart", "axigen", "exim", "haraka", "opensmtpd"];

/** By the listeners of the live status. */
export function firstSteps(status) {
  const all = Object.entries(status.listeners);
  const rows = all
    .filter(([, told]) => told.protocol in USES)
    .map(([name, told]) => [name, USES[told.protocol][0], el("code", {}, told.address), USES[told.protocol][1]]);
  const milter = all.find(([, told]) => told.protocol === "milter");
  return el(
    "div",
    { class: "grid first" },
    el(
      "section",
      { class: "panel whole" },
      el("h3", {}, "No mail yet"),
      el("p", {}, "The filter is running and waits for mail. Point your mail server at one of these listeners:"),
      dataTable({ caption: "Listeners for mail", heads: ["Listener", "Protocol", "Address", "For"], rows }),
    ),
    milter && postfix(milter[1].address),
    el(
      "section",
      { class: "panel" },
      el("h3", {}, "Other mail servers"),
      el("p", {}, "What goes into the configuration of yours is printed by"),
      el("pre", {}, el("code", {}, "mailfilteradm mta NAME")),
      el("p", { class: "about" }, "NAME is one of ", TOOLS.join(", "), "."),
    ),
    el(
      "section",
      { class: "panel" },
      el("h3", {}, "Try it"),
      el("p", {}, el("a", { href: "#/scan" }, "Scan a message"), " that you paste or drop, and see what the filter makes of it."),
      el("p", { class: "about" }, "Plots and the last messages appear here as soon as there is mail."),
    ),
  );
}

function postfix(address) {
  const text = `smtpd_milters = ${address.startsWith("/") ? "unix" : "inet"}:${address}\nmilter_default_action = accept`;
  return el(
    "section",
    { class: "panel" },
    el("h3", {}, "Postfix"),
    el("p", {}, "In ", el("code", {}, "main.cf"), ", then ", el("code", {}, "postfix reload"), ":"),
    el("pre", {}, el("code", {}, text)),
  );
}
