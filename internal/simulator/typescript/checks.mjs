// Checks that print one line each, and what they compare.

/** Checks counts what held and what did not, in one world. */
export class Checks {
  constructor(world) {
    this.world = world;
    this.passed = 0;
    this.failed = 0;
  }

  /** that notes one fact; detail says what was found where it does not hold. */
  that(name, holds, detail = "") {
    if (holds) {
      this.passed++;
      console.log(`ok    ${this.world}: ${name}`);
      return;
    }
    this.failed++;
    console.log(`FAIL  ${this.world}: ${name}${detail === "" ? "" : `: ${show(detail)}`}`);
  }

  /** same compares two values as JSON. */
  same(name, got, want) {
    this.that(name, JSON.stringify(got) === JSON.stringify(want), `got ${show(got)}, want ${show(want)}`);
  }

  /** none wants an empty list of complaints. */
  none(name, complaints) {
    this.that(name, complaints.length === 0, complaints.slice(0, 5).join("; "));
  }

  /** section runs checks; an exception in them is a failed check of its own. */
  async section(name, run) {
    try {
      await run();
    } catch (error) {
      this.that(`${name} without an exception`, false, error.stack ?? error);
    }
  }
}

function show(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** unread lists where the client could not read an answer by its specification. */
export function unread(value, path = "answer") {
  if (value === null || typeof value !== "object") {
    return [];
  }
  if (value.constructor?.name === "UnparsedObject") {
    return [`${path} is ${JSON.stringify(value._data)}`];
  }
  const found = [];
  for (const [key, part] of Object.entries(value)) {
    if (key === "_unparsed") {
      // Only the outermost trace of something that lies further inside.
      continue;
    }
    found.push(...unread(part, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`));
  }
  if (value._unparsed && found.length === 0) {
    found.push(`${path} is marked as unparsed`);
  }
  return found;
}

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
export const isSecond = (value) => Number.isInteger(value) && value > 1e9 && value < 1e10;
export const isMillisecond = (value) => Number.isInteger(value) && value > 1e12 && value < 1e13;
export const isText = (value) => typeof value === "string" && value !== "";
export const total = (values) => values.reduce((sum, v) => sum + (v ?? 0), 0);

/** transitions lists what is wrong with a history of pairs [second, state]. */
export function transitions(name, history) {
  if (!Array.isArray(history)) {
    return [`${name}: the history is ${history}`];
  }
  const wrong = [];
  history.forEach((pair, i) => {
    if (!Array.isArray(pair) || pair.length !== 2 || !isSecond(pair[0]) || ![0, 1, 2].includes(pair[1])) {
      wrong.push(`${name}: transition ${i} is ${JSON.stringify(pair)}`);
    } else if (i > 0 && pair[0] <= history[i - 1][0]) {
      wrong.push(`${name}: transition ${i} is not after the one before it`);
    }
  });
  return wrong;
}

/**
 * uptime is the share of [from, to) in percent that was not down, as Datadog
 * gives it: computed in double precision, then a single-precision number.
 * It is undefined where the history has time without data, which counts by the
 * settings of the monitor.
 */
export function uptime(history, from, to) {
  let up = 0;
  let counted = 0;
  for (const [i, [at, state]] of history.entries()) {
    const end = Math.min(to, i + 1 < history.length ? history[i + 1][0] : to);
    const seconds = Math.max(0, end - Math.max(from, at));
    if (state === 2 && seconds > 0) {
      return undefined;
    }
    counted += seconds;
    up += state === 0 ? seconds : 0;
  }
  return counted === 0 ? undefined : Math.fround((100 * up) / counted);
}
