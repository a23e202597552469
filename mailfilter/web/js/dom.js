// Elements of the page. Texts of strangers get in as text alone: nothing here reads HTML.

const FORBIDDEN = /^(on|style$|srcdoc$)/i;
const AS_PROPERTY = new Set(["value", "checked", "selected", "indeterminate"]);
const LINKS = new Set(["href", "src", "action", "formaction"]);

/**
 * An element. Of `props`, functions named `onclick` and the like become listeners, `true` is an
 * attribute without a value, and `false`, `null` and `undefined` none. Children are nodes, texts,
 * numbers, or lists of these; what is `null`, `undefined` or `false` is left out.
 */
export function el(tag, props, ...children) {
  const made = document.createElement(tag);
  // What has a value by its children must have these first.
  append(made, children);
  for (const [name, value] of Object.entries(props ?? {})) set(made, name, value);
  return made;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function" && name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (FORBIDDEN.test(name)) throw new Error(`no attribute ${name} from here`);
  else if (AS_PROPERTY.has(name)) element[name] = value;
  else element.setAttribute(name, value === true ? "" : safe(name, String(value)));
}

function safe(name, value) {
  // Links lead within the pages or to other pages of the web, never into a script.
  return LINKS.has(name) && !/^(#|\.|[\w-]+(\/|$|\.)|https?:\/\/)/i.test(value) ? "#" : value;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** Tell those who cannot see it what has changed. */
export function announce(text) {
  document.getElementById("live").textContent = text;
}
