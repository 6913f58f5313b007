/** The load generator: keep-alive connections on raw sockets, so that it is never the slow end. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { type Pusher, createPusher } from '../push-body.ts';
import { answer } from './answer.ts';
import { createFrames } from './frames.ts';

export interface Flood {
  /** Taken in turn by the connections. */
  readonly urls: readonly string[];
  /** Taken in turn. */
  readonly aliases: readonly string[];
  /** Number of the first title. */
  readonly from: number;
  readonly count: number;
  readonly connections: number;
}

export interface Drip {
  readonly url: string;
  /** Taken in turn. */
  readonly aliases: readonly string[];
  readonly from: number;
  readonly count: number;
  readonly per_second: number;
}

export interface Look {
  readonly url: string;
  /** Taken in turn. */
  readonly paths: readonly string[];
  readonly count: number;
}

/** Connections of a drip: a slow answer must not hold the next push back. */
const DRIP_CONNECTIONS = 64;

answer({ flood, drip, look });

/** Pushes as fast as the answers come: each connection sends its next push when it has the answer to the last. */
async function flood({ urls, aliases, from, count, connections }: Flood): Promise<{ ms: number }> {
  const doors = Array.from({ length: connections }, (_, i) => urls[i % urls.length]!);
  const links = await Promise.all(doors.map((url) => open(url)));
  const began = performance.now();
  let next = 0;
  await Promise.all(
    links.map(async (link, i) => {
      const pushers = aliases.map((alias) => createPusher(alias, doors[i]!));
      await new Promise<void>((resolve, reject) => {
        const step = () => {
          if (next >= count) return resolve();
          const pusher = pushers[next % aliases.length]!;
          link.send(pusher(from + next++), step, reject);
        };
        step();
      });
    }),
  );
  const ms = performance.now() - began;
  for (const link of links) link.close();
  return { ms };
}

/**
 * Pushes at a steady rate, whatever the answers do.
 * @returns milliseconds from writing each push to having its answer; a push that finds every connection waiting for an
 *   answer is counted from the moment it was due
 */
async function drip({ url, aliases, from, count, per_second }: Drip): Promise<{ latencies: number[] }> {
  const links = await Promise.all(Array.from({ length: DRIP_CONNECTIONS }, () => open(url)));
  const idle = links.map((link) => ({ link, pushers: aliases.map((alias) => createPusher(alias, url)) }));
  const latencies: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const began = performance.now();
    let sent = 0;
    let late = false;
    const tick = () => {
      const due = Math.min(count, Math.floor(((performance.now() - began) * per_second) / 1000) + 1);
      while (sent < due) {
        const worker = idle.pop();
        if (worker === undefined) {
          late = true;
          break;
        }
        const start = late ? began + (sent * 1000) / per_second : performance.now();
        const pusher: Pusher = worker.pushers[sent % aliases.length]!;
        const answered = () => {
          latencies.push(performance.now() - start);
          idle.push(worker);
          if (latencies.length === count) resolve();
        };
        worker.link.send(pusher(from + sent++), answered, reject);
      }
      late &&= sent < due;
      if (sent < count) setTimeout(tick, 1);
    };
    tick();
  });
  for (const link of links) link.close();
  return { latencies };
}

/**
 * Gets one path after the other.
 * @returns milliseconds from writing each request to having its answer
 */
async function look({ url, paths, count }: Look): Promise<{ latencies: number[] }> {
  const link = await open(url);
  const { host } = new URL(url);
  const requests = paths.map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  const latencies: number[] = [];
  while (latencies.length < count) {
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      link.send(requests[latencies.length % requests.length]!, resolve, reject);
    });
    latencies.push(performance.now() - began);
  }
  link.close();
  return { latencies };
}

interface Link {
  /** One at a time. `request` may be overwritten once it is answered. */
  send(request: Buffer, answered: () => void, failed: (error: Error) => void): void;
  close(): void;
}

async function open(url: string): Promise<Link> {
  const { hostname, port } = new URL(url);
  const socket = await connected(hostname, Number(port));
  let onAnswer = () => {};
  let onFault: (error: Error) => void = () => {};
  socket.on(
    'data',
    createFrames((reply) => {
      if (reply.toString('latin1', 0, STATUS.length) === STATUS) onAnswer();
      else onFault(new Error(`the server answered ${reply.toString('utf8', 0, 1000)}`));
    }),
  );
  socket.on('error', (error) => onFault(error));
  socket.on('close', () => onFault(new Error('the server closed a connection')));
  return {
    send(request, answered, failed) {
      onAnswer = answered;
      onFault = failed;
      socket.write(request);
    },
    close() {
      onFault = () => {};
      socket.destroy();
    },
  };
}

const STATUS = 'HTTP/1.1 200 ';

const connected = (host: string, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
