/** A key with a value, or the keys with a common start, by their next digit. */
type Node<Value> = Leaf<Value> | Branch<Value>;
type Branch<Value> = readonly (Node<Value> | undefined)[];

interface Leaf<Value> {
  readonly key: string;
  readonly value: Value;
}

const DIGITS = 16;

/**
 * An immutable map whose keys are hexadecimal texts of one length. A changed map shares all but a
 * few nodes with the one before, so that each record can keep the map of its moment.
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

  /** The map with another value for a key. */
  with(key: string, value: Value): HexMap<Value> {
    return new HexMap(put(this.#root, { key, value }, 0));
  }

  /** Ascending by key. */
  *entries(): Generator<readonly [key: string, value: Value]> {
    yield* entriesOf(this.#root);
  }
}

function put<Value>(node: Node<Value> | undefined, leaf: Leaf<Value>, depth: number): Node<Value> {
  if (!isBranch(node)) {
    if (node === undefined || node.key === leaf.key) return leaf;
    const branch = new Array<Node<Value> | undefined>(DIGITS).fill(undefined);
    branch[digitOf(node.key, depth)] = node;
    return put(branch, leaf, depth);
  }
  const digit = digitOf(leaf.key, depth);
  return node.with(digit, put(node[digit], leaf, depth + 1));
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
