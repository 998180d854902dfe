import { readFile } from 'node:fs/promises';

import { optionName } from './option.js';
import { systemCodeOf } from './system-code.js';
import { UsageError } from './usage-error.js';

/** The file that is read from the current directory if it exists. */
export const USUAL_CONFIG_FILE = 'shoebox.config.json';

/** Names of all options of all commands, by which misspelt ones are found. */
export type KnownOptions = ReadonlyMap<string, ReadonlySet<string>>;

/** An option in a configuration file. */
interface ConfiguredOption {
  readonly texts: readonly string[];
  /** The file and the key. */
  readonly origin: string;
}

/**
 * Options in a JSON file. Its top level holds options of all commands, and a section for each
 * command: `{ "s3Endpoint": "…", "record": { "roll": "100MiB" } }`. Names are written as properties
 * (`s3Endpoint`) or as on the command line (`s3-endpoint`).
 */
export class ConfigFile {
  readonly #path: string;
  readonly #given = new Map<string, ConfiguredOption>();

  /**
   * @param known the options of each command
   * @throws UsageError that names the file and the key
   */
  constructor(path: string, text: string, known: KnownOptions) {
    this.#path = path;
    const all = new Set([...known.values()].flatMap((names) => [...names]));
    for (const [key, value] of entriesOf(parseJson(path, text), path)) {
      const section = known.get(key);
      if (section === undefined) {
        this.#add(key, value, all, '');
        continue;
      }
      const inner = entriesOf(value, `${path}: ${key}`);
      for (const [name, each] of inner) this.#add(name, each, section, `${key}.`);
    }
  }

  /** The option of the command's section, else that of the top level. */
  find(command: string, property: string): ConfiguredOption | undefined {
    return this.#given.get(`${command}.${property}`) ?? this.#given.get(property);
  }

  #add(key: string, value: unknown, known: ReadonlySet<string>, section: string): void {
    const property = [...known].find((name) => key === name || key === optionName(name));
    const origin = `${this.#path}: ${section}${key}`;
    if (property === undefined) {
      throw new UsageError(
        `${origin} is no option of ${section === '' ? 'any command' : section.slice(0, -1)}`,
      );
    }
    this.#given.set(section + property, { texts: textsOf(value, origin), origin });
  }
}

/**
 * Reads the file that `--config` names, or the usual one if it exists.
 *
 * @throws UsageError if a named file cannot be read, or if any file is wrong
 */
export async function readConfigFile(
  named: string | undefined,
  loadKnown: () => Promise<KnownOptions>,
): Promise<ConfigFile | undefined> {
  const path = named ?? USUAL_CONFIG_FILE;
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = systemCodeOf(error) ?? 'unreadable';
    if (named === undefined && code === 'ENOENT') return undefined;
    throw new UsageError(`the configuration file ${path} cannot be read: ${code}`);
  }
  return new ConfigFile(path, decode(path, bytes), await loadKnown());
}

/** Editors and shells of Windows write a byte order mark, or UTF-16. */
function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${path} is not UTF-8: save it in that encoding`);
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path} is no JSON: ${reason}`);
  }
}

function entriesOf(value: unknown, what: string): [key: string, value: unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value);
  }
  throw new UsageError(`${what} is no object of options`);
}

function textsOf(value: unknown, origin: string): string[] {
  const texts = Array.isArray(value) ? value : [value];
  return texts.map((each) => {
    if (['string', 'number', 'boolean'].includes(typeof each)) return String(each);
    throw new UsageError(`${origin} is ${JSON.stringify(each)}: expected text, a number or true`);
  });
}
