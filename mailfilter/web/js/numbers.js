// Amounts as people read them, with their units.

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];
const TWO = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });
const THREE = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

/** Messages a second. */
export function rate(value) {
  return value >= 100 ? Math.round(value).toLocaleString() : TWO.format(value || 0);
}

/** How long something takes: 0.00123 is 1.23 ms. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.001) return `${THREE.format(seconds * 1e6)} µs`;
  return seconds < 1 ? `${THREE.format(seconds * 1e3)} ms` : `${THREE.format(seconds)} s`;
}

/** How long something has been: 4000 is 1 h 6 min. */
export function age(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/** Octets. */
export function octets(count) {
  let [rest, unit] = [Number(count) || 0, 0];
  while (rest >= 1024 && unit < SIZES.length - 1) [rest, unit] = [rest / 1024, unit + 1];
  return `${THREE.format(rest)} ${SIZES[unit]}`;
}

/** The sum of what is known. */
export function sum(values) {
  return values.reduce((total, value) => total + (value ?? 0), 0);
}
