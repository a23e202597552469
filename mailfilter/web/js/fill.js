// Put other rows into a table while somebody uses it.

/** `rows()` takes the place of what is in `body`, if `key` is another one; the focus stays. */
export function fill(body, key, rows) {
  if (body.dataset.key === key) return;
  body.dataset.key = key;
  const focused = body.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  body.replaceChildren(...rows());
  if (focused === null) return;
  for (const link of body.querySelectorAll("a")) if (link.getAttribute("href") === focused) return link.focus();
}
