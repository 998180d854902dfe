/** An emitter whose events are known by type. */
export interface TypedEvents<Events extends { readonly [Name in keyof Events]: unknown[] }> {
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this;
  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this;
  off<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this;
}
