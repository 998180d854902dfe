/** Enough for one archive that is compressed by as many threads as there may be. */
const MOST_SPARES = 10;

const spares: Buffer[] = [];

/**
 * Gives memory of `bytes` bytes, from members that were compressed before, if any had as much.
 * V8 marks and sweeps its heap for every few MiB of new memory outside of it: with new memory for
 * each archive, shipping archives of 4 KB takes 1.6 times the CPU.
 */
export function takeMemberMemory(bytes: number): Buffer {
  const index = spares.findLastIndex((spare) => spare.length === bytes);
  return spares.splice(index, index === -1 ? 0 : 1)[0] ?? Buffer.allocUnsafeSlow(bytes);
}

/** Takes memory back after its last use. */
export function keepMemberMemory(memory: Buffer): void {
  if (spares.length < MOST_SPARES) spares.push(memory);
}
