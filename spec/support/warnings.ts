export type Warning = Error & { readonly code?: string };

/** Collects the warnings of Shoebox that the process emits meanwhile. */
export async function warningsOf(act: () => unknown): Promise<Warning[]> {
  const warnings: Warning[] = [];
  const listener = (warning: Warning) => {
    if (warning.name === 'ShoeboxWarning') warnings.push(warning);
  };
  process.on('warning', listener);
  await act();
  // Node emits a warning in a tick of its own.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listener);
  return warnings;
}
