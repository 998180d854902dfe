import type { ConfigFile } from './config-file.js';
import { type OptionMap, optionName, type ValuesOf, variableName } from './option.js';
import { UsageError } from './usage-error.js';

/** The texts given for an option, and their origin. */
interface GivenOption {
  readonly texts: readonly string[];
  /** Where it was given, as messages show it. */
  readonly origin: string;
}

/** The three places where options are given. */
export interface OptionSources {
  /** By property: the texts of the command line. */
  readonly commandLine: ReadonlyMap<string, readonly string[]>;
  readonly environment: NodeJS.ProcessEnv;
  readonly config: ConfigFile | undefined;
}

/** The options of one call: their values, and where each comes from. */
export interface Settings<Options extends OptionMap> {
  readonly values: ValuesOf<Options>;
  /** A line per option: its name, its value and its origin. */
  readonly lines: readonly string[];
}

/**
 * Finds the value of each option. The command line wins over the environment, the environment over
 * the section of the command in the configuration file, and that over the file's top level.
 *
 * @throws UsageError for a value that is wrong; its message names the origin
 */
export function resolveSettings<Options extends OptionMap>(
  command: string,
  options: Options,
  sources: OptionSources,
): Settings<Options> {
  const values: Record<string, unknown> = {};
  const lines: string[] = [];
  for (const [property, option] of Object.entries(options)) {
    const given = findGiven(command, property, sources);
    try {
      values[property] = option.parse(given?.texts ?? []);
    } catch (error) {
      const text = given?.texts
        .map((each) => JSON.stringify(hideSecret(each, property)))
        .join(', ');
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(`${given?.origin ?? optionName(property)} is ${text}: ${reason}`);
    }
    const shown =
      given?.texts.map((text) => hideSecret(text, property)).join(', ') ?? option.usual ?? '';
    lines.push(`${optionName(property)}\t${shown}\t${given?.origin ?? 'default'}`);
  }
  // Each property has the value that its own option parsed.
  return { values: values as ValuesOf<Options>, lines };
}

/** Replaces user and password of a URL, and the value of a header, which may be a token. */
function hideSecret(text: string, property: string): string {
  if (property === 'header') return text.replace(/[:\s].*$/s, ': ***');
  return text.replace(/(:\/\/)[^/?#\s]*@/, '$1***@');
}

function findGiven(
  command: string,
  property: string,
  { commandLine, config, environment }: OptionSources,
): GivenOption | undefined {
  const texts = commandLine.get(property);
  if (texts !== undefined) return { texts, origin: `--${optionName(property)}` };
  const variable = variableName(property);
  const text = environment[variable];
  if (text !== undefined && text !== '') return { texts: [text], origin: variable };
  return config?.find(command, property);
}
