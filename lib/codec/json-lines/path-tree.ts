import type { JsonPath } from './json-path.js';

/** Paths as wasm/json-scanner.ts reads them. */
export interface PathTree {
  /** The tree, for the address that it was laid out for. The root comes first. */
  readonly bytes: Uint8Array;
  /** The field of each path, in their order. Equal paths share one. */
  readonly fields: readonly number[];
  readonly fieldCount: number;
  /** How many objects the longest path leads through. */
  readonly levels: number;
}

/** Three u32: where the children are, their number, and a bit for each length of their names. */
const NODE_BYTES = 12;

/**
 * Six u32: where the name is, its length, the child's own node (0: none), its field (-1: none), and
 * the fields of all paths through it, from the first up to the one after the last.
 */
const CHILD_BYTES = 24;
const NO_FIELD = 0xffffffff;

/** A member that paths lead to. */
class PathNode {
  readonly children = new Map<string, PathNode>();
  isEnd = false;
  field = NO_FIELD;
  fieldsFrom = 0;
  fieldsTo = 0;
  address = 0;

  child(name: string): PathNode {
    const known = this.children.get(name) ?? new PathNode();
    this.children.set(name, known);
    return known;
  }
}

/**
 * Lays out paths as a tree of names.
 *
 * @param address where its bytes will be in the memory of the scanner
 */
export function layOutPaths(paths: readonly JsonPath[], address: number): PathTree {
  const root = new PathNode();
  const ends = paths.map((path) => path.reduce((node, name) => node.child(name), root));
  for (const end of ends) end.isEnd = true;
  const fieldCount = numberFields(root, 0);
  const nodes = listNodes(root);
  let end = address;
  for (const node of nodes) {
    node.address = end;
    end += NODE_BYTES + CHILD_BYTES * node.children.size;
  }
  const names = nodes.flatMap(({ children }) =>
    [...children.keys()].map((key) => Buffer.from(key)),
  );
  const tables = Buffer.alloc(end - address);
  let nameAt = end;
  let next = 0;
  for (const node of nodes) {
    let at = node.address - address;
    tables.writeUInt32LE(node.address + NODE_BYTES, at);
    tables.writeUInt32LE(node.children.size, at + 4);
    tables.writeUInt32LE(lengthsOf(node), at + 8);
    at += NODE_BYTES;
    for (const child of node.children.values()) {
      const nameBytes = names[next++]?.length ?? 0;
      const own = child.children.size === 0 ? 0 : child.address;
      const facts = [nameAt, nameBytes, own, child.field, child.fieldsFrom, child.fieldsTo];
      for (const [i, fact] of facts.entries()) tables.writeUInt32LE(fact, at + 4 * i);
      nameAt += nameBytes;
      at += CHILD_BYTES;
    }
  }
  return {
    bytes: Buffer.concat([tables, ...names]),
    fields: ends.map(({ field }) => field),
    fieldCount,
    levels: Math.max(0, ...paths.map(({ length }) => length)),
  };
}

function lengthsOf({ children }: PathNode): number {
  let bits = 0;
  for (const name of children.keys()) bits |= 1 << (Buffer.byteLength(name) & 31);
  return bits >>> 0;
}

/** Numbers the fields so that those below a node are consecutive. Returns the next number. */
function numberFields(node: PathNode, first: number): number {
  let next = first;
  node.fieldsFrom = first;
  if (node.isEnd) node.field = next++;
  for (const child of node.children.values()) next = numberFields(child, next);
  node.fieldsTo = next;
  return next;
}

/** The root and all nodes that have children. */
function listNodes(root: PathNode): PathNode[] {
  const below = [...root.children.values()].filter(({ children }) => children.size > 0);
  return [root, ...below.flatMap(listNodes)];
}
