// Ask again and again, but not while nobody looks.

const LONGEST_MS = 60_000;

/**
 * Call `ask` now and `seconds` after each end of it, until `signal` is aborted. While the page is
 * hidden nothing is asked. After errors it waits longer each time, up to a minute; `failed` is told
 * of each error.
 */
export function every(seconds, ask, failed, signal) {
  let timer = 0;
  let errors = 0;
  let isAsking = false;
  const turn = async () => {
    clearTimeout(timer);
    if (isAsking || document.hidden || signal.aborted) return;
    isAsking = true;
    try {
      await ask();
      errors = 0;
    } catch (error) {
      if (signal.aborted) return;
      errors += 1;
      failed(error);
    } finally {
      isAsking = false;
    }
    if (!signal.aborted) timer = setTimeout(turn, Math.min(seconds * 1000 * 2 ** errors, LONGEST_MS));
  };
  document.addEventListener("visibilitychange", turn, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  turn();
  return turn;
}
