/**
 * Makes SIGUSR1 print what `status` returns. Node would open its debugger at the signal if there
 * was no handler for a moment, so the new one comes before the old ones go.
 *
 * @returns restores the earlier handlers
 */
export function answerStatusSignal(status: () => string): () => void {
  const before = process.listeners('SIGUSR1');
  const print = () => process.stderr.write(`${status()}\n`);
  process.on('SIGUSR1', print);
  for (const listener of before) process.off('SIGUSR1', listener);
  return () => {
    for (const listener of before) process.on('SIGUSR1', listener);
    process.off('SIGUSR1', print);
  };
}
