import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';

/** Of a file that is damaged throughout, so many stretches are named: there may be millions. */
const MOST_NAMED = 1000;

/** Damage of one archive as it is found: all of it counted, the first of it named. */
export class DamageList {
  readonly named: SkippedDamage[] = [];
  stretches = 0;
  /** Where the last of it ends. */
  end = 0;

  add(damage: SkippedDamage): void {
    this.stretches++;
    this.end = damage.end;
    if (this.named.length < MOST_NAMED) this.named.push(damage);
  }
}
