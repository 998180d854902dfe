import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

import { collectGarbage } from '../spec/support/collect-garbage.js';
import type { CountingClock } from './counting-clock.js';

const MIB = 2 ** 20;

/** The longest time between two measurements. A line has the largest values since the last line. */
const LONGEST_INTERVAL_MS = 1000;
const MEASUREMENTS_PER_LINE = 4;

/** Where Linux lists a process's open descriptors. */
const DESCRIPTORS = '/proc/self/fd';

/**
 * How much each quantity may exceed its value in the second line. The heap is measured after a
 * garbage collection and varies little: 2 MiB in the 8 minutes after the second line are about 15
 * bytes for each record. Resident memory also depends on when the allocator returns pages. Writing,
 * sealing, shipping and reading each use a few descriptors and timers, but not all the time.
 */
const TOLERANCE = { rss: 48 * MIB, heap: 2 * MIB, descriptors: 8, timers: 8 } as const;

type Quantity = keyof typeof TOLERANCE;

/** Null for what this system does not show. */
export type Line = Readonly<Record<Quantity, number | null>>;

/** Before this line the process still compiles code and fills its pools. */
const BASE_LINE = 1;

/** Measures the process again and again. */
export class Measurements {
  readonly lines: Line[] = [];
  readonly #clock: CountingClock;
  readonly #lineMs: number;

  constructor(clock: CountingClock, lineMs: number) {
    this.#clock = clock;
    this.#lineMs = lineMs;
  }

  /** @param onLine called with each line as text */
  async until(isOver: () => boolean, onLine: (line: string) => void): Promise<void> {
    const begin = performance.now();
    const intervalMs = Math.min(LONGEST_INTERVAL_MS, this.#lineMs / MEASUREMENTS_PER_LINE);
    let largest: Line | undefined;
    while (!isOver()) {
      await setTimeout(intervalMs);
      const line = await this.#measure();
      largest = largest === undefined ? line : largestOf(largest, line);
      const passedMs = performance.now() - begin;
      if (passedMs < (this.lines.length + 1) * this.#lineMs) continue;
      this.lines.push(largest);
      onLine(`${(passedMs / 60_000).toFixed(2)} min: ${textOf(largest)}`);
      largest = undefined;
    }
  }

  async #measure(): Promise<Line> {
    collectGarbage();
    const { arrayBuffers, heapUsed, rss } = process.memoryUsage();
    // Without the one that lists them.
    const descriptors = existsSync(DESCRIPTORS) ? (await readdir(DESCRIPTORS)).length - 1 : null;
    const held = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    return { rss, heap: heapUsed + arrayBuffers, descriptors, timers: held + this.#clock.pending };
  }
}

/** Names each quantity that has grown since the second line. */
export function growthOf(lines: readonly Line[]): string[] {
  const base = lines[BASE_LINE];
  if (base === undefined) return ['there are fewer than two measurements'];
  return quantities().flatMap((quantity) => {
    const most = Math.max(...lines.slice(BASE_LINE).map((line) => line[quantity] ?? 0));
    const before = base[quantity] ?? 0;
    if (most <= before + TOLERANCE[quantity]) return [];
    return [`${quantity} grew from ${show(quantity, before)} to ${show(quantity, most)}`];
  });
}

/** The tolerance in words. */
export function toleranceText(): string {
  const limits = quantities().map(
    (quantity) => `${quantity} ${show(quantity, TOLERANCE[quantity])}`,
  );
  return `nothing exceeds its value of the second line by more than ${limits.join(', ')}`;
}

function textOf(line: Line): string {
  return quantities()
    .map((quantity) => `${quantity} ${show(quantity, line[quantity])}`)
    .join(', ');
}

function show(quantity: Quantity, value: number | null): string {
  if (value === null) return 'unknown';
  const isBytes = quantity === 'rss' || quantity === 'heap';
  return isBytes ? `${(value / MIB).toFixed(1)} MiB` : String(value);
}

function largestOf(one: Line, other: Line): Line {
  const largest = (quantity: Quantity) => {
    const [a, b] = [one[quantity], other[quantity]];
    return a === null || b === null ? null : Math.max(a, b);
  };
  return {
    rss: largest('rss'),
    heap: largest('heap'),
    descriptors: largest('descriptors'),
    timers: largest('timers'),
  };
}

function quantities(): readonly Quantity[] {
  return ['rss', 'heap', 'descriptors', 'timers'];
}
