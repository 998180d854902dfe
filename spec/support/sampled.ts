/** Whether specs try every case: with `SPEC_CASES=all`, as in the gate. Otherwise they try samples. */
const TRIES_ALL = process.env.SPEC_CASES === 'all';

/** The step from one case to the next: 1 if all are tried. */
export function everyNth(step: number): number {
  return TRIES_ALL ? 1 : step;
}

/** How many random cases to try. */
export function runs(sample: number, all: number): number {
  return TRIES_ALL ? all : sample;
}
