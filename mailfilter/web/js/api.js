// Requests to the controller. Paths are relative to the page, so that it works behind a prefix.

const KEPT = "mailfilter-password";
const TIMEOUT_MS = 60_000;
/* What is only looked at is there soon, or the page must say that it is old. */
const LOOK_MS = 10_000;

let onRefused = null;

/** A request that did not do what was asked; `status` is 0 if nothing has answered. */
export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.name = "ApiError";
    this.status = status;
  }
}

/** The password that is sent, or an empty text. It lives as long as the tab. */
export function password() {
  return sessionStorage.getItem(KEPT) ?? "";
}

export function keepPassword(text) {
  if (text) sessionStorage.setItem(KEPT, text);
  else sessionStorage.removeItem(KEPT);
}

/** `handler(error)` is asked when a password is needed; the request is made again once it is done. */
export function whenRefused(handler) {
  onRefused = handler;
}

/**
 * The JSON at `api/PATH`. `json` is sent as JSON, `body` as it is. ApiError tells what the
 * controller said; an AbortError is the caller's own `signal`.
 */
export async function api(path, options = {}) {
  try {
    return await request(path, options);
  } catch (error) {
    if (error.status !== 401 || onRefused === null) throw error;
    await onRefused(error);
    options.signal?.throwIfAborted();
    return request(path, options);
  }
}

/** The same, without anybody being asked for a password. */
export async function request(path, { method, body, json, headers, signal } = {}) {
  const sent = json === undefined ? body : JSON.stringify(json);
  let reply;
  try {
    reply = await fetch(new URL(`../api/${path}`, document.baseURI), {
      method: method ?? (sent === undefined ? "GET" : "POST"),
      body: sent,
      headers: allHeaders(headers, json !== undefined),
      signal: either(signal, sent === undefined ? LOOK_MS : TIMEOUT_MS),
      cache: "no-store",
      redirect: "error",
    });
    return await read(reply);
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError(reply?.status ?? 0, told(error));
  }
}

async function read(reply) {
  const text = await reply.text();
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Something between us and the controller has answered.
  }
  if (!reply.ok) throw new ApiError(reply.status, value?.error || `${reply.status} ${reply.statusText}`);
  if (value === null) throw new ApiError(reply.status, "The answer is not from a controller.");
  return value;
}

function allHeaders(headers, isJson) {
  const all = new Headers({ ...headers, "X-Mailfilter": "1" });
  if (isJson) all.set("Content-Type", "application/json");
  if (password()) all.set("Password", octets(password()));
  return all;
}

/** A header holds octets; those of a password are UTF-8, as in the configuration. */
function octets(text) {
  return Array.from(new TextEncoder().encode(text), (octet) => String.fromCharCode(octet)).join("");
}

function either(signal, milliseconds) {
  const limit = AbortSignal.timeout(milliseconds);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

function told(error) {
  if (error.name === "TimeoutError") return "The filter has not answered in time.";
  return "The filter does not answer. Is it running, and can you reach it?";
}
