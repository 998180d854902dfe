/** An edge of a graph: `from` depends on `to`. */
export type Edge = readonly [from: string, to: string];

/**
 * The groups of nodes that depend on each other in a circle, each group sorted. Uses Tarjan's
 * algorithm for strongly connected components (SIAM Journal on Computing 1 (2), 1972).
 */
export function cyclesIn(edges: readonly Edge[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const [from, to] of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  const indexes = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];

  /** The lowest index of a node on the stack that `node` reaches. */
  function visit(node: string): number {
    const index = indexes.size;
    let lowest = index;
    indexes.set(node, index);
    stack.push(node);
    for (const to of targets.get(node) ?? []) {
      if (!indexes.has(to)) lowest = Math.min(lowest, visit(to));
      else if (stack.includes(to)) lowest = Math.min(lowest, indexes.get(to) ?? lowest);
    }
    if (lowest === index) {
      const group = stack.splice(stack.indexOf(node));
      if (group.length > 1) cycles.push(group.sort());
    }
    return lowest;
  }

  for (const node of targets.keys()) if (!indexes.has(node)) visit(node);
  return cycles;
}
