/** The listener methods of an emitter, typed by its map of events. */
export interface TypedEvents<Events extends { readonly [Name in keyof Events]: unknown[] }> {
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this;
  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this;
  off<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this;
}
