/**
 * Makes SIGUSR1 call `print`, which prints the status. Node would open its debugger at the signal if there
 * was no handler for a moment, so the new one comes before the old ones go.
 *
 * @returns restores the earlier handlers
 */
export function answerStatusSignal(print: () => void): () => void {
  const before = process.listeners('SIGUSR1');
  process.on('SIGUSR1', print);
  for (const listener of before) process.off('SIGUSR1', listener);
  return () => {
    for (const listener of before) process.on('SIGUSR1', listener);
    process.off('SIGUSR1', print);
  };
}
