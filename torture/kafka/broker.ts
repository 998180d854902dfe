import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Kafka, logLevel } from 'kafkajs';

/**
 * A Kafka broker of its own, which may be killed: one KRaft node in a directory, whose group notices a dead member
 * after a second. It needs the class path that `shared/services/kafka up` exports, and Java.
 */
export class Broker {
  readonly address: string;
  readonly #directory: string;
  readonly #classpath: string;
  #process: ChildProcess | undefined;

  private constructor(directory: string, classpath: string, port: number) {
    this.#directory = directory;
    this.#classpath = classpath;
    this.address = `127.0.0.1:${port}`;
  }

  static async create(directory: string, classpath: string): Promise<Broker> {
    const [port, controller] = [await freePort(), await freePort()];
    const broker = new Broker(directory, classpath, port);
    await writeFile(broker.#properties, propertiesOf(directory, port, controller));
    const format = ['kafka.tools.StorageTool', 'format', '-t', 'c2hvZWJveC10b3J0dXJlMQ'];
    process.once('exit', () => broker.#process?.kill('SIGKILL'));
    await promisify(execFile)('java', ['-cp', classpath, ...format, '-c', broker.#properties]);
    await broker.start();
    return broker;
  }

  get #properties(): string {
    return join(this.#directory, 'server.properties');
  }

  /** Settles when the broker answers. */
  async start(): Promise<void> {
    const options = ['-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
    this.#process = spawn(
      'java',
      [...options, '-cp', this.#classpath, 'kafka.Kafka', this.#properties],
      { stdio: 'ignore' },
    );
    const admin = new Kafka({
      ...{ brokers: [this.address], logLevel: logLevel.NOTHING },
      retry: { retries: 0 },
    }).admin();
    for (;;) {
      try {
        await admin.connect();
        await admin.describeCluster();
        await admin.disconnect();
        return;
      } catch {
        // Not yet.
      }
      await setTimeout(100);
    }
  }

  async kill(): Promise<void> {
    const broker = this.#process;
    if (broker === undefined) return;
    const exit = once(broker, 'exit');
    broker.kill('SIGKILL');
    await exit;
  }
}

function propertiesOf(directory: string, port: number, controller: number): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${join(directory, 'data')}
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
auto.create.topics.enable=false
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
