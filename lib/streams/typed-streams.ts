import type { Readable, Transform, Writable } from 'node:stream';

import type { EVENTS, EventMap, ReadableEvents, WritableEvents } from './typed-events.js';

/** A callback from Node, called when something is done or has failed. */
export type DoneCallback = (error?: Error | null) => void;

/** How the functions of a Readable work on its items. */
export interface ItemOptions {
  /** How many calls may run at the same time. @default 1 */
  readonly concurrency?: number | undefined;
  /** Ends the work when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

type Signal = Pick<ItemOptions, 'signal'>;

/** A function for all items of a stream, such as an async generator, that makes a stream of others. */
type StreamFunction<Item, Result> = (
  items: AsyncIterable<Item>,
  options?: Signal,
) => AsyncIterable<Result>;

/** A function for each item, which may return a promise. */
type ItemFunction<Item, Result> = (item: Item, options?: Signal) => Result | Promise<Result>;

/**
 * Iterates over the items of a `TypedReadable`. A loop sees `Item`s. To TypeScript it is also an
 * iterator of strings and Buffers, which Node's types expect of every stream: without that,
 * `finished(reader)` and `reader` as a `NodeJS.ReadableStream` would not compile.
 */
export interface ItemIterator<Item> extends NodeJS.AsyncIterator<Item> {
  next(): Promise<ItemResult<Item>>;
  return?(): Promise<ItemResult<Item>>;
  throw?(): Promise<ItemResult<Item>>;
  [Symbol.asyncIterator](): this;
}

/** With `done` of any type, a result also counts as that of an iterator that has ended. */
type ItemResult<Item> =
  | { readonly done: Anything; readonly value: Item }
  | IteratorReturnResult<undefined>;

/** `any`: TypeScript says so of what `JSON.parse` returns. */
type Anything = ReturnType<typeof JSON.parse>;

/**
 * A Readable whose items have a type, in loops, in events and in functions. Node's own types say
 * `any`.
 *
 * @typeParam Events all events of the stream
 */
export interface TypedReadable<
  Item,
  Events extends EventMap<Events> & ReadableEvents<Item> = ReadableEvents<Item>,
> extends Readable {
  readonly [EVENTS]?: Events;
  on<Name extends keyof Events & string>(name: Name, listener: Listener<Events, Name>): this;
  once<Name extends keyof Events & string>(name: Name, listener: Listener<Events, Name>): this;
  off<Name extends keyof Events & string>(name: Name, listener: Listener<Events, Name>): this;
  addListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  removeListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  prependListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  prependOnceListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  removeAllListeners(name?: keyof Events & string): this;
  listenerCount<Name extends keyof Events & string>(
    name: Name,
    listener?: Listener<Events, Name>,
  ): number;
  iterator(options?: { destroyOnReturn?: boolean | undefined }): NodeJS.AsyncIterator<Item>;
  [Symbol.asyncIterator](): ItemIterator<Item>;
  toArray(options?: Signal): Promise<Item[]>;
  compose<Result>(toResults: StreamFunction<Item, Result>, options?: Signal): TypedReadable<Result>;
  compose<Result extends NodeJS.ReadableStream>(stream: Result, options?: Signal): Result;
  filter<Kept extends Item>(
    keeps: (item: Item, options?: Signal) => item is Kept,
    options?: ItemOptions,
  ): TypedReadable<Kept>;
  filter(keeps: ItemFunction<Item, boolean>, options?: ItemOptions): TypedReadable<Item>;
  map<Result>(
    toResult: ItemFunction<Item, Result>,
    options?: ItemOptions,
  ): TypedReadable<Awaited<Result>>;
  flatMap<Result>(
    toResults: ItemFunction<Item, Iterable<Result> | AsyncIterable<Result>>,
    options?: ItemOptions,
  ): TypedReadable<Result>;
  take(limit: number, options?: Signal): TypedReadable<Item>;
  drop(limit: number, options?: Signal): TypedReadable<Item>;
  forEach(use: ItemFunction<Item, void>, options?: ItemOptions): Promise<void>;
  some(test: ItemFunction<Item, boolean>, options?: ItemOptions): Promise<boolean>;
  every(test: ItemFunction<Item, boolean>, options?: ItemOptions): Promise<boolean>;
  find<Found extends Item>(
    test: (item: Item, options?: Signal) => item is Found,
    options?: ItemOptions,
  ): Promise<Found | undefined>;
  find(test: ItemFunction<Item, boolean>, options?: ItemOptions): Promise<Item | undefined>;
  reduce<Result = Item>(
    add: (previous: Item, item: Item, options?: Signal) => Result,
    initial?: undefined,
    options?: Signal,
  ): Promise<Result>;
  reduce<Result>(
    add: (previous: Result, item: Item, options?: Signal) => Result | Promise<Result>,
    initial: Result,
    options?: Signal,
  ): Promise<Result>;
}

/** A Transform whose output has a type. */
export interface TypedTransform<
  Item,
  Events extends EventMap<Events> & ReadableEvents<Item> & WritableEvents,
> extends Transform {
  readonly [EVENTS]?: Events;
  on<Name extends keyof Events & string>(name: Name, listener: Listener<Events, Name>): this;
  once<Name extends keyof Events & string>(name: Name, listener: Listener<Events, Name>): this;
  off<Name extends keyof Events & string>(name: Name, listener: Listener<Events, Name>): this;
  addListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  removeListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  prependListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  prependOnceListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  removeAllListeners(name?: keyof Events & string): this;
  listenerCount<Name extends keyof Events & string>(
    name: Name,
    listener?: Listener<Events, Name>,
  ): number;
  [Symbol.asyncIterator](): ItemIterator<Item>;
  iterator: TypedReadable<Item>['iterator'];
  toArray: TypedReadable<Item>['toArray'];
  compose: TypedReadable<Item>['compose'];
  filter: TypedReadable<Item>['filter'];
  map: TypedReadable<Item>['map'];
  flatMap: TypedReadable<Item>['flatMap'];
  take: TypedReadable<Item>['take'];
  drop: TypedReadable<Item>['drop'];
  forEach: TypedReadable<Item>['forEach'];
  some: TypedReadable<Item>['some'];
  every: TypedReadable<Item>['every'];
  find: TypedReadable<Item>['find'];
  reduce: TypedReadable<Item>['reduce'];
}

/** A Writable whose events have types. */
export interface TypedWritable<Events extends EventMap<Events> & WritableEvents> extends Writable {
  readonly [EVENTS]?: Events;
  // Declared again so that a class may override it by an accessor: TypeScript allows that for a
  // member of an interface. An own accessor would give each stream a hidden class of its own. After
  // a few streams V8 would inline neither `write` nor the getters of a stream, and small records
  // would take 1.4 times as long, records of 2.9 KB 1.2 times.
  readonly writableNeedDrain: boolean;
  on<Name extends keyof Events & string>(name: Name, listener: Listener<Events, Name>): this;
  once<Name extends keyof Events & string>(name: Name, listener: Listener<Events, Name>): this;
  off<Name extends keyof Events & string>(name: Name, listener: Listener<Events, Name>): this;
  addListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  removeListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  prependListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  prependOnceListener<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events, Name>,
  ): this;
  removeAllListeners(name?: keyof Events & string): this;
  listenerCount<Name extends keyof Events & string>(
    name: Name,
    listener?: Listener<Events, Name>,
  ): number;
}

type Listener<Events extends EventMap<Events>, Name extends keyof Events & string> = (
  ...args: Events[Name]
) => void;
