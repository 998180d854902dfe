import { openStore, type Store } from '../index.js';
import { defineCommand } from './command-definition.js';
import { fetchObject } from './fetch/fetch-object.js';
import { localPathOf } from './fetch/local-path.js';
import { flag, type ValuesOf } from './options/option.js';
import { JSON_OPTION, S3_OPTIONS, s3OptionsOf } from './options/shared-options.js';
import { checkUsage, UsageError } from './options/usage-error.js';
import { escapeName } from './output/escape-name.js';
import { findFile } from './output/find-file.js';
import { checkFolder } from './output/output-file.js';
import { Progress } from './output/progress.js';
import { countOf, formatBytes } from './output/quantities.js';
import type { Terminal } from './output/terminal.js';

/** Downloads objects into a directory; an interrupted download continues. */
export const fetch = defineCommand({
  name: 'fetch',
  args: '<url-or-dir...>',
  summary: 'download objects into a directory: URL… DIR',
  options: {
    dryRun: flag('--dry-run', 'say what would be fetched or replaced, and do nothing'),
    ...JSON_OPTION,
    ...S3_OPTIONS,
  },
  examples: ['shoebox fetch s3://bucket/events/2026-11-30 copy'],
  async run({ args, options, signal, terminal }) {
    const urls = args.slice(0, -1);
    const directory = args.at(-1);
    if (directory === undefined || urls.length === 0)
      throw new UsageError('fetch needs URL… and DIR');
    await checkFolder(directory);
    const totals = { objects: 0, present: 0, bytes: 0 };
    for (const url of urls) {
      const source = await openSource(url, options, signal, (key, reason) =>
        terminal.warn(`${escapeName(key)} cannot be fetched, because its key ${reason}`),
      );
      try {
        await fetchAll(source);
      } finally {
        await source.store.close();
      }
    }
    terminal.clearStatus();
    if (options.dryRun) return 0;
    if (options.json) await terminal.printJson({ type: 'summary', ...totals });
    const present =
      totals.present === 0 ? '' : `, ${countOf(totals.present, 'object')} there already`;
    terminal.note(
      `fetched ${countOf(totals.objects, 'object')}, ${formatBytes(totals.bytes)}${present}`,
    );
    return 0;

    async function fetchAll({ objects, store }: Source): Promise<void> {
      const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
      const progress = new Progress(terminal, bytes);
      for (const object of objects) {
        const path = localPathOf(directory ?? '', object.key);
        if (options.dryRun) {
          await foretell(object, path, terminal);
          continue;
        }
        const isNew = await fetchObject(store, object, path, {
          signal,
          onBytes: (count) => progress.add(count, object.key),
        });
        totals[isNew ? 'objects' : 'present']++;
        if (isNew) totals.bytes += object.bytes;
        if (!options.json) continue;
        const facts = { key: object.key, path, bytes: object.bytes, isNew };
        await terminal.printJson({ type: 'object', ...facts });
      }
    }
  },
});

/** Says what fetching an object would do; nothing if its file is there. */
async function foretell(
  { bytes, key }: Source['objects'][number],
  path: string,
  terminal: Terminal,
): Promise<void> {
  const size = (await findFile(path))?.size;
  if (size === bytes) return;
  const what = `${escapeName(path)} (${escapeName(key)}, ${formatBytes(bytes)})`;
  await terminal.printLine(`would ${size === undefined ? 'write' : 'replace'} ${what}`);
}

interface Source {
  readonly store: Store;
  readonly objects: readonly { readonly key: string; readonly bytes: number }[];
}

type OnSkipped = (key: string, reason: string) => void;

/** Everything below a URL, or the one object that it names. */
async function openSource(
  url: string,
  options: ValuesOf<typeof S3_OPTIONS>,
  signal: AbortSignal,
  onSkipped: OnSkipped,
): Promise<Source> {
  const s3 = /^s3:/i.test(url) ? { s3: s3OptionsOf(options) } : {};
  const [, parent, name] = /^(.*[^/:])\/([^/]+)$/.exec(url) ?? [];
  if (parent !== undefined && name !== undefined && !/^s3:$/i.test(parent)) {
    const above = checkUsage(() => openStore(parent, s3));
    const object = await above.head(name, { signal });
    if (object !== null) return { store: above, objects: [object] };
    await above.close();
  }
  const store = checkUsage(() => openStore(url, s3));
  const objects = await listAll(store, signal, onSkipped);
  if (objects.length > 0) return { store, objects };
  await store.close();
  throw new Error(`nothing is stored below ${url}`);
}

async function listAll(store: Store, signal: AbortSignal, onSkipped: OnSkipped) {
  const objects: { key: string; bytes: number }[] = [];
  const listed = store.list('', {
    signal,
    onSkipped: ({ key, reason }) => onSkipped(key, reason),
  });
  for await (const { bytes, key } of listed) objects.push({ key, bytes });
  return objects;
}
