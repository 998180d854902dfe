import { readdirSync } from 'node:fs';

import { RootCommand } from '@bomb.sh/tab';

import { type AnyCommand, defineCommand, type LazyCommands } from './command-definition.js';
import { GENERAL_OPTIONS } from './options/general-options.js';
import type { Option } from './options/option.js';
import { UsageError } from './options/usage-error.js';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

/** The command that prints the script with which a shell completes commands and options. */
export function createCompletion(commands: LazyCommands): AnyCommand {
  return defineCommand({
    name: 'completion',
    args: '<shell>',
    summary: `print the completion script of a shell: ${SHELLS.join(', ')}`,
    options: {},
    examples: ['source <(shoebox completion bash)', 'shoebox completion fish | source'],
    async run({ args: [given = ''] }) {
      const shell = SHELLS.find((each) => each === given);
      if (shell === undefined) {
        throw new UsageError(`the shell is ${given}, expected ${SHELLS.join(', ')}`);
      }
      (await describeCommands(commands)).setup('shoebox', 'shoebox', shell);
      return 0;
    },
  });
}

/** Prints the completions of the last of these words; the scripts call this. */
export async function completeWords(
  words: readonly string[],
  commands: LazyCommands,
): Promise<void> {
  (await describeCommands(commands)).parse([...words]);
}

async function describeCommands(commands: LazyCommands): Promise<RootCommand> {
  const root = new RootCommand();
  for (const [name, { load, summary }] of Object.entries(commands)) {
    const described = root.command(name, summary);
    const { args, options } = await load();
    for (const option of Object.values<Option<unknown>>({ ...options, ...GENERAL_OPTIONS })) {
      const [, long = ''] = /--([\w-]+)/.exec(option.flags) ?? [];
      const [, short] = /^-(\w),/.exec(option.flags) ?? [];
      if (option.kind === 'flag') described.option(long, option.description, short);
      else described.option(long, option.description, () => undefined, short);
    }
    if (args === '') continue;
    const words = () => (name === 'completion' ? SHELLS : readdirSync('.'));
    const complete = (add: (word: string, description: string) => void) => {
      for (const word of words()) add(word, '');
    };
    described.argument('path', complete, true);
  }
  return root;
}
