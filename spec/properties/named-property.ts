import type { IRawProperty } from 'fast-check';

/** A property that a spec checks a few hundred times, and `fuzz/index.ts` as often as it is told. */
export interface NamedProperty {
  /** A sentence of the contract. */
  readonly name: string;
  readonly property: IRawProperty<unknown>;
}
