import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Kafka, logLevel } from 'kafkajs';

import { freePort, ServerProcess } from '../brokers/server-process.js';

/**
 * Starts one KRaft node in a directory, whose group notices a dead member after a second. It needs the class
 * path that `shared/services/kafka up` exports, and Java.
 */
export async function startBroker(
  directory: string,
  classpath: string,
): Promise<{ readonly address: string; readonly server: ServerProcess }> {
  const [port, controller] = [await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const properties = join(directory, 'server.properties');
  await writeFile(properties, propertiesOf(directory, port, controller));
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'c2hvZWJveC10b3J0dXJlMQ'];
  await promisify(execFile)('java', ['-cp', classpath, ...format, '-c', properties]);
  const options = ['-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const args = [...options, '-cp', classpath, 'kafka.Kafka', properties];
  const admin = new Kafka({
    ...{ brokers: [address], logLevel: logLevel.NOTHING },
    retry: { retries: 0 },
  }).admin();
  const server = new ServerProcess('java', args, async () => {
    await admin.connect();
    await admin.describeCluster();
    await admin.disconnect();
  });
  await server.start();
  return { address, server };
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
