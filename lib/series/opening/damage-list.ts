import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';

/** How many damaged stretches are kept: a file that is damaged throughout may have millions. */
const MOST_NAMED = 1000;

/** Collects the damage of one archive: counts all stretches and keeps the first ones. */
export class DamageList {
  readonly named: SkippedDamage[] = [];
  stretches = 0;
  /** The offset at which the last stretch ends. */
  end = 0;

  add(damage: SkippedDamage): void {
    this.stretches++;
    this.end = damage.end;
    if (this.named.length < MOST_NAMED) this.named.push(damage);
  }
}
