import { MAX_MEMBER_ENTRIES } from '../../format/seekable-gzip.js';
import { type MemberEntry, mergeMemberEntries } from './member-entry.js';

/** Gathers the entries of a member index as members are written. At the limit neighbours merge. */
export class MemberIndexBuilder {
  memberBytes = 0;
  rawBytes = 0;
  records = 0;
  #entries: MemberEntry[] = [];
  /** Members that go into one entry; doubles each time the entries run out. */
  #membersPerEntry = 1;
  #membersInLast = 0;
  readonly #maxEntries: number;

  /** @param maxEntries an even number */
  constructor(maxEntries = MAX_MEMBER_ENTRIES) {
    this.#maxEntries = maxEntries;
  }

  get entries(): readonly MemberEntry[] {
    return this.#entries;
  }

  add(entry: MemberEntry): void {
    this.memberBytes += entry.memberBytes;
    this.rawBytes += entry.rawBytes;
    this.records += entry.records;
    const last = this.#entries.at(-1);
    if (last !== undefined && this.#membersInLast < this.#membersPerEntry) {
      this.#entries[this.#entries.length - 1] = mergeMemberEntries(last, entry);
      this.#membersInLast++;
      return;
    }
    if (this.#entries.length === this.#maxEntries) this.#halve();
    this.#entries.push(entry);
    this.#membersInLast = 1;
  }

  #halve(): void {
    const halved: MemberEntry[] = [];
    let first: MemberEntry | undefined;
    for (const entry of this.#entries) {
      if (first !== undefined) halved.push(mergeMemberEntries(first, entry));
      first = first === undefined ? entry : undefined;
    }
    this.#entries = halved;
    this.#membersPerEntry *= 2;
  }
}
