/** A key with a value, or the keys with a common start, by their next digit. */
type Node<Value> = Leaf<Value> | Branch<Value>;
type Branch<Value> = (Node<Value> | undefined)[];

interface Leaf<Value> {
  readonly key: string;
  readonly value: Value;
}

const DIGITS = 16;

/**
 * An immutable map whose keys are hexadecimal texts of one length. A changed map shares all nodes but
 * those on the way to a change with the one before, so that each record can keep the map of its
 * moment.
 */
export class HexMap<Value> {
  readonly #root: Node<Value> | undefined;

  constructor(root?: Node<Value>) {
    this.#root = root;
  }

  get(key: string): Value | undefined {
    let node = this.#root;
    for (let depth = 0; isBranch(node); depth++) node = node[digitOf(key, depth)];
    return node?.key === key ? node.value : undefined;
  }

  /** The map with other values for some keys. Copies each node that changes once. */
  with(entries: Iterable<readonly [key: string, value: Value]>): HexMap<Value> {
    const own = new Set<Branch<Value>>();
    let root = this.#root;
    for (const [key, value] of entries) root = put(root, { key, value }, 0, own);
    return new HexMap(root);
  }

  /** Ascending by key. */
  *entries(): Generator<readonly [key: string, value: Value]> {
    yield* entriesOf(this.#root);
  }
}

/** @param own the branches that were made for the new map, and may be changed */
function put<Value>(
  node: Node<Value> | undefined,
  leaf: Leaf<Value>,
  depth: number,
  own: Set<Branch<Value>>,
): Node<Value> {
  if (node === undefined || (!isBranch(node) && node.key === leaf.key)) return leaf;
  const branch = ownBranch(node, depth, own);
  const digit = digitOf(leaf.key, depth);
  branch[digit] = put(branch[digit], leaf, depth + 1, own);
  return branch;
}

/** A branch that may be changed: a copy of a branch, or a new one with a leaf. */
function ownBranch<Value>(
  node: Node<Value>,
  depth: number,
  own: Set<Branch<Value>>,
): Branch<Value> {
  if (isBranch(node) && own.has(node)) return node;
  const branch = isBranch(node) ? [...node] : new Array<Node<Value> | undefined>(DIGITS);
  if (!isBranch(node)) branch.fill(undefined)[digitOf(node.key, depth)] = node;
  own.add(branch);
  return branch;
}

function* entriesOf<Value>(
  node: Node<Value> | undefined,
): Generator<readonly [key: string, value: Value]> {
  if (node === undefined) return;
  if (isBranch(node)) for (const child of node) yield* entriesOf(child);
  else yield [node.key, node.value];
}

function isBranch<Value>(node: Node<Value> | undefined): node is Branch<Value> {
  return Array.isArray(node);
}

function digitOf(key: string, depth: number): number {
  return Number.parseInt(key.charAt(depth), DIGITS);
}
