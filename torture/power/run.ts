import {
  createRandom,
  extremeCuts,
  integer,
  oneOf,
  type PowerCut,
  type Random,
  randomCut,
} from '../../spec/support/power-cut.js';
import type { PowerDisk } from '../../spec/support/power-disk.js';
import {
  checkRecovered,
  checkStore,
  createDisk,
  type PowerPlan,
  Promises,
  randomPlan,
  recover,
  writeRecords,
} from '../../spec/support/power-script.js';

/** How many writers use one disk, one after the other. Each recovers what the last one left. */
const WRITERS_PER_DISK = 5;

/** Few writers make more calls. The power of a writer with fewer calls fails after its last one. */
const MOST_CALLS = 700;

/** A writer has recovered most archives after this many calls. */
const CALLS_OF_RECOVERY = 150;

/** After this many disks with problems, further problems are counted but not printed. */
const MOST_PRINTED = 10;

/** A disk that a stopped writer left, and the promises that the writer had given. */
interface Stop {
  readonly disk: PowerDisk;
  readonly promises: Promises;
  readonly how: string;
}

/**
 * Lets the power of simulated disks fail at random calls of writers with random settings. After
 * each failure another writer recovers the disk, and all records are read and compared with what
 * receipts had promised. Prints a table of the problems, and the seed of each disk that has any.
 *
 * @param seed of the first disk; the next one has the next seed
 * @returns whether no problem was found
 */
export async function torturePower(cuts: number, seed: number): Promise<boolean> {
  const found = new Map<string, number>();
  const kinds = [
    'lost',
    'repeated',
    'altered',
    'disordered',
    'unreadable',
    'damaged',
    'failed',
    'left',
  ];
  for (const kind of kinds) found.set(kind, 0);
  let [done, synced, failedDisks] = [0, 0, 0];
  for (let next = seed; done < cuts; next++) {
    const disk = new TorturedDisk(next);
    await disk.run(Math.min(WRITERS_PER_DISK, cuts - done));
    done += disk.cuts;
    synced += disk.synced;
    if (disk.problems.length === 0) continue;
    failedDisks++;
    for (const problem of disk.problems) {
      const [kind = ''] = problem.split(':');
      found.set(kind, (found.get(kind) ?? 0) + 1);
    }
    if (failedDisks > MOST_PRINTED) continue;
    console.log(`seed ${next}, ${JSON.stringify(disk.plan)}`);
    for (const line of [...disk.stops, ...disk.problems.slice(0, 20)]) console.log(`  ${line}`);
    console.log(`  again: npm run torture -- --power-cuts ${WRITERS_PER_DISK} --seed ${next}`);
  }
  console.table({ 'power cuts': done, 'first seed': seed, synced, ...Object.fromEntries(found) });
  return failedDisks === 0 && synced > 0;
}

/** One disk, from its first writer to its last. */
class TorturedDisk {
  readonly plan: PowerPlan;
  readonly stops: string[] = [];
  readonly problems: string[] = [];
  cuts = 0;
  synced = 0;
  readonly #random: Random;

  constructor(seed: number) {
    this.plan = randomPlan(seed);
    this.#random = createRandom(seed + 2 ** 31);
  }

  async run(writers: number): Promise<void> {
    let stop: Stop = { disk: createDisk(this.plan), promises: new Promises(), how: '' };
    for (let n = 0; n < writers && this.problems.length === 0; n++) {
      stop = await this.#write(stop, n);
      this.cuts++;
      this.stops.push(`writer ${n}: ${stop.how}`);
      await this.#check(stop, writers + n);
    }
    this.synced = stop.promises.synced.size;
  }

  /**
   * Runs a writer until the power fails or the writer is killed. A kill loses nothing, but a later
   * power failure may still take what was not synced.
   */
  async #write({ disk, promises }: Stop, writerNumber: number): Promise<Stop> {
    const isEarly = writerNumber > 0 && this.#random() < 0.5;
    const last = integer(this.#random, 1, isEarly ? CALLS_OF_RECOVERY : MOST_CALLS);
    const isKill = this.#random() < 0.25;
    const cut = this.#anyCut();
    let stop: Stop | undefined;
    const stopHere = (call: string) => {
      const how = isKill ? 'killed' : `power cut (names ${cut.names}, bytes ${cut.bytes})`;
      stop = {
        disk: isKill ? disk.copyRunning() : disk.copyAfter(cut),
        promises: new Promises(promises),
        how: `${how} ${call}`,
      };
      disk.powerOff();
    };
    const failing = integer(this.#random, 1, last);
    disk.calls = 0;
    disk.hook = (call, path, n) => {
      if (n === failing && this.plan.failsSync) disk.failNextSync();
      if (n === last) stopHere(`before call ${n}, ${call} ${path}`);
    };
    const failures = await writeRecords(disk, this.plan, writerNumber, promises);
    if (!this.plan.failsSync) this.problems.push(...failures);
    if (stop === undefined) stopHere('at the end');
    if (stop === undefined) throw new Error('a writer was not stopped');
    return stop;
  }

  async #check({ disk, promises }: Stop, writerNumber: number): Promise<void> {
    const { plan, problems } = this;
    const copy = disk.copyRunning();
    problems.push(...(await checkStore(copy, promises)).problems);
    problems.push(...(await recover(copy, plan, writerNumber)));
    problems.push(...(await checkRecovered(copy, promises, plan)).problems);
  }

  #anyCut(): PowerCut {
    const random = this.#random;
    const [first, ...others] = extremeCuts(random);
    if (first === undefined) throw new Error('there are no cuts');
    return random() < 0.5 ? randomCut(random) : oneOf(random, [first, ...others]);
  }
}
