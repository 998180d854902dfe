export interface BenchCase {
  readonly name: string;
  /** Does the work once; `prepare` and what comes after are not measured. */
  run(): Promise<void> | void;
  prepare?(): Promise<void> | void;
}

export interface Measurement {
  readonly name: string;
  readonly bestMs: number;
  readonly medianMs: number;
}

/**
 * Runs all cases in turn, again and again, so that what the machine does beside falls on all of them.
 * The first round warms up and does not count.
 */
export async function measure(cases: readonly BenchCase[], rounds: number): Promise<Measurement[]> {
  const times = cases.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, bench] of cases.entries()) {
      await bench.prepare?.();
      const start = performance.now();
      await bench.run();
      if (round > 0) times[i]?.push(performance.now() - start);
    }
  }
  return cases.map(({ name }, i) => {
    const sorted = (times[i] ?? []).sort((a, b) => a - b);
    return { name, bestMs: sorted[0] ?? 0, medianMs: sorted[sorted.length >> 1] ?? 0 };
  });
}
