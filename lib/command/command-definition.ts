import type { OptionMap, ValuesOf } from './options/option.js';
import type { Terminal } from './output/terminal.js';

/** How a command ended: 0 success, 1 failed, damaged or nothing matched, 2 wrong usage. */
export type ExitCode = number;

/** One call of a command. */
export interface CommandCall<Options extends OptionMap> {
  readonly args: readonly string[];
  readonly options: ValuesOf<Options>;
  readonly terminal: Terminal;
  /** Aborts at the first SIGINT or SIGTERM. The second one ends the process. */
  readonly signal: AbortSignal;
}

/** A subcommand: what help shows, and what it does. */
export interface CommandDefinition<Options extends OptionMap> {
  readonly name: string;
  /** Its arguments as help shows them: `<pattern...>`, `[dir]`. */
  readonly args: string;
  readonly summary: string;
  readonly options: Options;
  /** Calls that help shows. */
  readonly examples?: readonly string[];
  /** Throws UsageError for arguments that make no sense together. */
  readonly run: (call: CommandCall<Options>) => Promise<ExitCode>;
}

/** Any subcommand, with its options by name only. */
export type AnyCommand = Omit<CommandDefinition<OptionMap>, 'run'> & {
  readonly run: (call: CommandCall<OptionMap>) => Promise<ExitCode>;
};

/** Subcommands by name. Each is loaded when it is called. */
export type LazyCommands = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<AnyCommand> }>
>;

/** Declares a subcommand; `run` gets the values that its options parse. */
export function defineCommand<Options extends OptionMap>(
  definition: CommandDefinition<Options>,
): AnyCommand {
  const { run } = definition;
  // The values were parsed by the options of this very command.
  return { ...definition, run: (call) => run(call as CommandCall<Options>) };
}
