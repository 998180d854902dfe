import type { IRawProperty } from 'fast-check';

/** A property that a spec checks with 100 inputs, and `fuzz/index.ts` with as many as requested. */
export interface NamedProperty {
  /** A sentence of the contract. */
  readonly name: string;
  readonly property: IRawProperty<unknown>;
}
