import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A command of the guide, with what the page says that it prints. */
export interface GuideCommand {
  /** The line of the page, from 1. */
  readonly line: number;
  readonly command: string;
  readonly output: readonly string[];
}

/** A file that the reader saves: a block of code whose info string ends with its name. */
export interface GuideFile {
  readonly name: string;
  readonly text: string;
}

export type GuideStep = GuideCommand | GuideFile;

/** The reader's own installation: `.ci/package` installs the package from a file instead. */
const INSTALLATION = 'npm install --global shoebox-archive';

/** Follows each command's output; no command of the guide prints it. */
const END = '\u001e';

/** The steps of a page: its files, and the lines that begin with `$` in its `console` blocks. */
export function stepsOf(page: string): GuideStep[] {
  const steps: GuideStep[] = [];
  const lines = page.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const [, language, name] = /^```(\w+)(?: (\S+))?$/.exec(lines[at] ?? '') ?? [];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    const block = lines.slice(at + 1, end);
    if (language === 'console') steps.push(...commandsOf(block, at + 2));
    else if (name !== undefined) steps.push({ name, text: `${block.join('\n')}\n` });
    at = end;
  }
  return steps;
}

function commandsOf(block: readonly string[], firstLine: number): GuideCommand[] {
  const commands: { line: number; command: string; output: string[] }[] = [];
  for (const [i, text] of block.entries()) {
    if (text.startsWith('$ ')) {
      commands.push({ line: firstLine + i, command: text.slice(2), output: [] });
    } else {
      const last = commands.at(-1);
      if (last === undefined) throw new Error(`line ${firstLine + i}: output before any command`);
      last.output.push(text);
    }
  }
  return commands;
}

/** Where the guide is followed. */
export interface GuideSetting {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** The value to use for each name of the page: the bucket, the port. */
  readonly actual: ReadonlyMap<string, string>;
}

/**
 * Does everything that the page says in one shell, in `directory`, and resolves with the output of
 * each command: stdout and stderr as a terminal shows them.
 */
export async function follow(
  steps: readonly GuideStep[],
  { directory, env, actual }: GuideSetting,
): Promise<Map<GuideCommand, string[]>> {
  const shell = spawn('bash', ['--noprofile', '--norc'], {
    cwd: directory,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(shell, 'close');
  shell.stdin.write('exec 2>&1\n');
  shell.stdout.setEncoding('utf8');
  const outputs = new Map<GuideCommand, string[]>();
  const named = new Map([...actual].map(([name, value]) => [value, name]));
  try {
    const chunks: AsyncIterator<string> = shell.stdout.iterator({ destroyOnReturn: false });
    for (const step of steps) {
      if ('name' in step) {
        await writeFile(join(directory, step.name), step.text);
      } else if (step.command === INSTALLATION) {
        outputs.set(step, []);
      } else {
        // As one word, so that a command cannot take the next one as its input.
        const word = `'${replaceAll(step.command, actual).replaceAll("'", "'\\''")}'`;
        shell.stdin.write(`eval ${word} < /dev/null\nprintf '${END}'\n`);
        outputs.set(step, linesOf(replaceAll(await readToEnd(chunks), named)));
      }
    }
  } finally {
    shell.stdin.end('kill $(jobs -p) 2> /dev/null\n');
    await closed;
  }
  return outputs;
}

function replaceAll(text: string, replacements: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [from, to] of replacements) replaced = replaced.replaceAll(from, to);
  return replaced;
}

async function readToEnd(chunks: AsyncIterator<string>): Promise<string> {
  let output = '';
  while (!output.endsWith(END)) {
    const { done, value } = await chunks.next();
    if (done === true) throw new Error(`the shell ended after: ${output}`);
    output += value;
  }
  return output.slice(0, -END.length);
}

/** The lines without the shell's own remark about a process that the guide killed. */
function linesOf(output: string): string[] {
  // A terminal does not show the carriage returns of CSV.
  const lines = output === '' ? [] : output.replace(/\r?\n$/, '').split(/\r?\n/);
  return lines.filter((line) => !/^bash: line \d+: +\d+ Killed/.test(line));
}

/** The page with these outputs in place of those that it has. */
export function withOutputs(
  page: string,
  outputs: ReadonlyMap<GuideCommand, readonly string[]>,
): string {
  const lines = page.split('\n');
  for (const [{ line, output }, printed] of [...outputs].reverse()) {
    lines.splice(line, output.length, ...printed);
  }
  return lines.join('\n');
}

/**
 * Replaces what differs from run to run: writer ids (each by its own number, so that equal ones
 * stay equal), sizes, times of recording in names, what `doctor` says of a service, and where each
 * archive and each block ends: a slow machine ends a block sooner, because a second is over.
 */
export class Wording {
  readonly #ids = new Map<string, string>();

  of(line: string): string {
    return line
      .replace(/(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])/g, (id) => {
        const known = this.#ids.get(id) ?? `WRITER-${this.#ids.size}`;
        this.#ids.set(id, known);
        return known;
      })
      .replace(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d/g, 'NOW')
      .replace(/\d[\d,.]* (?:[KMGT]iB|B)\b/g, 'SIZE')
      .replace(/^(?:ok|warning|failed) +(store: [^:]+):.*/, '$1')
      .replace(/^(sealed|open) .* /, '$1 ')
      .replace(/\brecords \d+ to \d+ of\b/, 'records FROM to TO of')
      .replace(/\b(bytes?) \d+(?: to \d+)?/g, '$1 AT')
      .replace(/\d[\d,]* records(?=.* (?:problems?|damaged)\b)/, 'SOME records')
      .replace(/ +/g, ' ');
  }
}
