import { types } from 'node:util';

import { RecordError } from '../../errors/record-error.js';

/**
 * The JSON of a payload. Refuses values that `JSON.stringify` would silently change or leave out:
 * NaN, functions, holes of arrays, and objects whose contents are not properties, of any realm. It
 * leaves out members that are undefined, which JSON has no need to tell from missing ones.
 *
 * @throws RecordError
 */
export function toJson(payload: unknown): string {
  const lost = ownLoss(payload);
  if (lost !== undefined) {
    throw new RecordError('payload', `is ${lost}, expected text, bytes or JSON`);
  }
  let json: string | undefined;
  let loss: Loss | undefined;
  try {
    json = JSON.stringify(payload);
    loss = innerLoss(payload, '');
  } catch (cause) {
    throw new RecordError('payload', `has no JSON: ${String(cause)}`, { cause });
  }
  if (loss?.path === '') {
    throw new RecordError('payload', `is ${loss.what}, expected text, bytes or JSON`);
  }
  if (loss !== undefined) {
    const where = loss.path.length > MOST_PATH ? `${loss.path.slice(0, MOST_PATH)}…` : loss.path;
    throw new RecordError('payload', `has ${loss.what} at ${where}, which JSON cannot hold`);
  }
  if (json === undefined) {
    throw new RecordError('payload', `is ${describe(payload)}, expected text, bytes or JSON`);
  }
  return json;
}

/** A value for a message: its kind, or a short one itself. */
export function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== ''
      ? `a ${name.slice(0, MOST_PATH)}`
      : 'an object without a class';
  }
  if (typeof value === 'function') return 'a function';
  const text = String(value);
  return text.length > MOST_PATH ? `${text.slice(0, MOST_PATH)}…` : text;
}

const MOST_PATH = 80;

/** A value inside a payload that JSON cannot hold. */
interface Loss {
  readonly what: string;
  /** Such as `user.tags[2]`. */
  readonly path: string;
}

/** Describes the value itself, if JSON cannot hold it. The values in it are not looked at. */
function ownLoss(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      // `JSON.stringify` refuses a BigInt, unless the program gave it a `toJSON`.
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : String(value);
    case 'object':
      return value === null ? undefined : objectLoss(value);
    default:
      return describe(value);
  }
}

function objectLoss(object: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null || Array.isArray(object)) {
    return undefined;
  }
  if (types.isDate(object)) {
    return Number.isNaN(Date.prototype.getTime.call(object)) ? 'an invalid Date' : undefined;
  }
  if ('toJSON' in object) return undefined;
  const isOpaque =
    types.isNativeError(object) ||
    ArrayBuffer.isView(object) ||
    types.isMap(object) ||
    types.isSet(object) ||
    types.isPromise(object) ||
    types.isRegExp(object) ||
    types.isAnyArrayBuffer(object);
  if (isOpaque) return describe(object);
  if (types.isNumberObject(object)) return ownLoss(Number(object));
  if (types.isSymbolObject(object)) return describe(object);
  if (types.isBoxedPrimitive(object) || isPlain(prototype)) return undefined;
  // A Headers, a WeakMap, an iterator, a class with private fields: JSON would be `{}`.
  return Object.keys(object).length === 0 ? describe(object) : undefined;
}

/** Whether this is the `Object.prototype` of any realm. */
export function isPlain(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) === null
  );
}

/**
 * The first loss inside a value that `JSON.stringify` took, so that it has no circles.
 *
 * @param key of the member that it is, or the index of the element
 */
function innerLoss(value: unknown, key: string | number): Loss | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('toJSON' in value && typeof value.toJSON === 'function') return convertedLoss(value, key);
  return partLoss(value);
}

/** The first loss in the elements of an array, or the members of an object. */
function partLoss(value: object): Loss | undefined {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (isSafe(value[i])) continue;
      const loss = lossAt(value[i], i);
      if (loss !== undefined) return loss;
    }
    return undefined;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const key in object) {
    const member = object[key];
    if (member === undefined || isSafe(member)) continue;
    // JSON has no inherited members.
    if (!Object.hasOwn(object, key)) continue;
    const loss = lossAt(member, key);
    if (loss !== undefined) return loss;
  }
  return undefined;
}

/**
 * The loss in what an object's `toJSON` gives, which `JSON.stringify` takes as it is: it calls no
 * `toJSON` of that. A member for which it gives undefined is left out, as any other.
 */
function convertedLoss(object: object, key: string | number): Loss | undefined {
  // The most frequent ones, with fixed results.
  if (types.isDate(object) || Buffer.isBuffer(object)) return undefined;
  const json: unknown = Reflect.apply(Reflect.get(object, 'toJSON'), object, [String(key)]);
  if (json === undefined && typeof key === 'string') return undefined;
  const what = types.isDate(json) ? 'a Date' : ownLoss(json);
  if (what !== undefined) return { what: `${what} that toJSON returned`, path: '' };
  return typeof json === 'object' && json !== null ? partLoss(json) : undefined;
}

/** Whether a value is one that JSON holds, and nothing is in it: most are. */
function isSafe(value: unknown): boolean {
  const type = typeof value;
  return type === 'string' || type === 'boolean' || (type === 'number' && Number.isFinite(value));
}

/** @param key of an object's member, or the index of an array's element */
function lossAt(value: unknown, key: string | number): Loss | undefined {
  const what = ownLoss(value);
  const inner = what === undefined ? innerLoss(value, key) : { what, path: '' };
  if (inner === undefined) return undefined;
  const own = typeof key === 'number' ? `[${key}]` : key.slice(0, MOST_PATH);
  const dot = inner.path === '' || inner.path.startsWith('[') ? '' : '.';
  return { what: inner.what, path: `${own}${dot}${inner.path}` };
}
