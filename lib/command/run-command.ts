import { Command, CommanderError, Option as CommanderOption } from 'commander';

import type { AnyCommand, ExitCode } from './command-definition.js';
import { COMMANDS, loadKnownOptions } from './commands.js';
import { handleSignals } from './handle-signals.js';
import { readConfigFile } from './options/config-file.js';
import { GENERAL_OPTIONS } from './options/general-options.js';
import { type Option, type OptionMap, optionName } from './options/option.js';
import { resolveSettings } from './options/settings.js';
import { UsageError } from './options/usage-error.js';
import { type Host, isClosedOutput, Terminal } from './output/terminal.js';
import { VERSION } from './version.js';

const NAME = 'shoebox';

/** A subcommand's arguments and options on the command line. */
interface ParsedLine {
  readonly command: AnyCommand;
  readonly args: readonly string[];
  readonly texts: ReadonlyMap<string, readonly string[]>;
  /** How to show the command's help. */
  readonly help: string;
}

/**
 * Runs the command that the arguments name.
 *
 * @param argv the arguments after the program's name
 * @param host the process that the command runs in
 * @returns the exit code
 */
export async function runCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  try {
    if (argv[0] === 'complete' && argv[1] === '--') {
      await (await import('./completion.js')).completeWords(argv.slice(2), COMMANDS);
      return 0;
    }
    const line = await parseLine(argv, host);
    return line === undefined ? 0 : await runLine(line, host);
  } catch (error) {
    // Commander has said everything.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError)) throw error;
    host.stderr.write(`${NAME}: ${error.message}\n`);
    return 2;
  }
}

async function runLine({ args, command, help, texts }: ParsedLine, host: Host): Promise<ExitCode> {
  const options = { ...GENERAL_OPTIONS, ...command.options };
  const named = texts.get('config')?.at(-1) ?? host.env.SHOEBOX_CONFIG;
  const config = await readConfigFile(named === '' ? undefined : named, loadAllOptions);
  const sources = { commandLine: texts, environment: host.env, config };
  const { lines, values } = resolveSettings(command.name, options, sources);
  const general = resolveSettings(command.name, GENERAL_OPTIONS, sources).values;
  const terminal = new Terminal(host, { isQuiet: general.quiet, isDebug: general.debug });
  if (general.printConfig) {
    for (const line of lines) await terminal.printLine(line);
    return 0;
  }
  const signals = handleSignals(host);
  try {
    return await command.run({ args, options: values, terminal, signal: signals.signal });
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${error.message}\nsee ${help}`);
    if (isClosedOutput(error)) return 0;
    if (signals.exitCode !== undefined && isAbort(error)) return signals.exitCode;
    // Loads the library, which a call for help or the version does not need.
    const { describeError, isMisuse } = await import('./output/describe-error.js');
    const text = await describeError(error);
    if (isMisuse(error)) throw new UsageError(`${text}\nsee ${help}`);
    terminal.fail(error, text);
    return 1;
  } finally {
    terminal.clearStatus();
    signals.stop();
  }
}

/** Finds the command and parses its line; undefined if there is nothing left to do. */
async function parseLine(argv: readonly string[], host: Host): Promise<ParsedLine | undefined> {
  const program = new Command(NAME)
    .description('A binary archive for streams of records')
    .version(VERSION, '-V, --version')
    .helpOption('-h, --help')
    .addHelpText('after', `\nRun ${NAME} COMMAND --help for the options of a command.`)
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error:/, `${NAME}:`)),
    })
    .exitOverride();
  let parsed: ParsedLine | undefined;
  const [named] = argv;
  for (const [name, { load, summary }] of Object.entries(COMMANDS)) {
    const sub = program.command(name).summary(summary).exitOverride();
    if (name !== named && !(named === 'help' && argv[1] === name)) continue;
    const command = await load();
    // Nothing is run, so that nothing must be named.
    const isPrint = argv.includes('--print-config');
    declare(sub, isPrint ? { ...command, args: '[arguments...]' } : command);
    sub.action((_args: unknown, _options: unknown) => {
      const help = `${NAME} ${name} --help`;
      parsed = { command, args: sub.args, texts: textsOf(sub.opts()), help };
    });
  }
  if (argv.length === 0) {
    program.outputHelp({ error: true });
    throw new CommanderError(2, 'shoebox.noCommand', 'no command');
  }
  await program.parseAsync([...argv], { from: 'user' });
  return parsed;
}

/** Declares arguments and options; their texts are parsed later, with those of other origins. */
function declare(sub: Command, { args, examples, options, summary }: AnyCommand): void {
  sub.description(summary).arguments(args).allowExcessArguments(false).showHelpAfterError(false);
  for (const [property, option] of Object.entries(options)) addOption(sub, property, option);
  for (const [property, option] of Object.entries(GENERAL_OPTIONS)) {
    addOption(sub, property, option);
  }
  if (examples !== undefined) {
    sub.addHelpText('after', ['', 'Examples:', ...examples.map((each) => `  ${each}`)].join('\n'));
  }
}

function addOption(sub: Command, property: string, option: Option<unknown>): void {
  const usual = option.usual === undefined ? '' : ` (default: ${option.usual})`;
  const declared = new CommanderOption(option.flags, option.description + usual);
  if (option.kind === 'flag') {
    sub.addOption(declared);
    // Switches off what the environment or the configuration file switches on, or the reverse.
    const name = optionName(property);
    const isNegated = option.flags.startsWith('--no-');
    sub.addOption(new CommanderOption(isNegated ? `--${name}` : `--no-${name}`).hideHelp());
    return;
  }
  const collect = (text: string, before: unknown) =>
    Array.isArray(before) ? [...before, text] : [text];
  sub.addOption(declared.argParser(collect));
}

function textsOf(values: Readonly<Record<string, unknown>>): Map<string, readonly string[]> {
  return new Map(
    Object.entries(values).map(([property, value]) => [
      property,
      Array.isArray(value) ? value.map(String) : [String(value)],
    ]),
  );
}

async function loadAllOptions(): Promise<Map<string, ReadonlySet<string>>> {
  const known = await loadKnownOptions();
  const general = Object.keys(GENERAL_OPTIONS satisfies OptionMap);
  return new Map([...known].map(([name, names]) => [name, new Set([...names, ...general])]));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
