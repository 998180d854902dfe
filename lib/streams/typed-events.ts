import { once as onceUntyped } from 'node:events';
import type { Readable } from 'node:stream';

/** Which arguments each event of an emitter has. */
export type EventMap<Events> = { readonly [Name in keyof Events]: unknown[] };

/**
 * The listener methods of an emitter, typed by its map of events. A name that is not in the map
 * does not compile.
 */
export interface TypedEvents<Events extends EventMap<Events>> {
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this;
  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this;
  off<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this;
  addListener<Name extends keyof Events>(
    name: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
  removeListener<Name extends keyof Events>(
    name: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
  prependListener<Name extends keyof Events>(
    name: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
  prependOnceListener<Name extends keyof Events>(
    name: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
}

/** An event without arguments; `new Promise((resolve) => writer.on('close', resolve))` compiles. */
export type NoArguments = [nothing?: undefined];

/** The events of every Readable of `Item`s. */
export interface ReadableEvents<Item> {
  readonly close: NoArguments;
  readonly data: [item: Item];
  readonly end: NoArguments;
  readonly error: [error: Error];
  readonly pause: NoArguments;
  readonly readable: NoArguments;
  readonly resume: NoArguments;
}

/** The events of every Writable. */
export interface WritableEvents {
  readonly close: NoArguments;
  readonly drain: NoArguments;
  readonly error: [error: Error];
  readonly finish: NoArguments;
  readonly pipe: [source: Readable];
  readonly unpipe: [source: Readable];
}

/** Holds the events of an emitter in its type. No emitter has such a property. */
export declare const EVENTS: unique symbol;

/** An emitter whose type says which events it has. */
export interface EventedEmitter<Events> extends NodeJS.EventEmitter {
  readonly [EVENTS]?: Events;
}

/**
 * `once` of `node:events`, typed by the events of a writer or a reader: Node's own types leave the
 * arguments untyped, and accept any name.
 *
 * @returns the arguments of the next event of that name
 * @throws what the emitter's event `error` has, if that comes first; `AbortError` when `signal`
 *   aborts
 */
export async function once<Events extends EventMap<Events>, Name extends keyof Events & string>(
  emitter: EventedEmitter<Events>,
  name: Name,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Events[Name]> {
  // The emitter's type says which arguments it emits.
  return (await onceUntyped(emitter, name, options)) as Events[Name];
}
