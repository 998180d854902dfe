// Runs one case in its own process. Runs a round at each message from its parent.
// Arguments: case, input, directory, scale.
import { CASES, isCaseName } from './case-list.js';
import { isInputName } from './inputs/input.js';
import type { RoundReport } from './measure.js';

const [name, input, directory = '', scale] = process.argv.slice(2);
if (!isCaseName(name)) throw new Error(`unknown case ${name}`);
if (!isInputName(input)) throw new Error(`unknown input ${input}`);

const load = CASES[name];
const prepared = await (await load())({ directory, input, scale: Number(scale) });

process.on('message', () => void round());
process.send?.('ready');

async function round(): Promise<void> {
  await prepared.reset?.();
  const cpu = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  const started = performance.now();
  const work = await prepared.run();
  const ms = performance.now() - started;
  const { active: loopMs } = performance.eventLoopUtilization(loop);
  const { system, user } = process.cpuUsage(cpu);
  const isElsewhere = work.cpuMs !== undefined;
  const report: RoundReport = {
    ms,
    loopMs: isElsewhere ? null : loopMs,
    cpuMs: work.cpuMs ?? (system + user) / 1000,
    work,
  };
  process.send?.(report);
}
