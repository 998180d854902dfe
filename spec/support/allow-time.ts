/** Gives a spec or suite more time than the default. `--timeout 0` on the command line still lifts every limit. */
export function allowTime(
  context: { timeout(): number; timeout(ms: number): unknown },
  ms: number,
): void {
  if (context.timeout() > 0) context.timeout(ms);
}
