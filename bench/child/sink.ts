/**
 * A platform that costs next to nothing: it answers on raw sockets as a Feishu bot does, and counts the different
 * messages it was sent. A server that answers with its own weight would be measured with it.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { TITLE, TITLE_DIGITS } from '../push-body.ts';
import { answer } from './answer.ts';
import { createFrames } from './frames.ts';

const OK = reply('{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}');
/** An hour: the longest pause that a lane keeps, so that it lasts for the whole run. */
const TOO_FAST = reply('{"code":11232,"data":{},"msg":"frequency limited"}', 'Retry-After: 3600\r\n');

const seen = new Uint8Array(10 ** TITLE_DIGITS);
let different = 0;
let repeated = 0;
let refused = 0;
/** The path of the bot that is throttled. */
let throttled = '';
/** Milliseconds to an answer. */
let slowness = 0;
/** Requests that are to be answered later; undefined: they are answered as they come. */
let held: (() => void)[] | undefined;
let waiting: { count: number; arrived: () => void }[] = [];
let onRefused = () => {};

function receive(socket: Socket, request: Buffer): void {
  if (throttled !== '' && request.toString('latin1', 0, 128).includes(` ${throttled} `)) {
    refused++;
    socket.write(TOO_FAST);
    onRefused();
  } else if (held) held.push(() => take(socket, request));
  else take(socket, request);
}

/** Who has hung up meanwhile has sent nothing. */
function take(socket: Socket, request: Buffer): void {
  if (socket.destroyed) return;
  note(request);
  if (slowness === 0) socket.write(OK);
  else setTimeout(() => socket.write(OK), slowness);
}

/** A message is known by the number in its title. */
function note(request: Buffer): void {
  const at = request.indexOf(TITLE, 0, 'latin1');
  const number = Number(request.toString('latin1', at + TITLE.length, at + TITLE.length + TITLE_DIGITS));
  if (at < 0 || seen[number] === undefined) return;
  if (seen[number] === 1) {
    repeated++;
    return;
  }
  seen[number] = 1;
  different++;
  if (waiting.length === 0 || waiting[0]!.count > different) return;
  waiting.shift()!.arrived();
}

const server = createServer({ noDelay: true }, (socket) => {
  const frames = createFrames((request) => receive(socket, request));
  socket.on('data', frames);
  socket.on('error', () => socket.destroy());
});

answer({
  listen: () =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
      });
    }),
  throttle: (path: string) => {
    throttled = path;
  },
  slow: (ms: number) => {
    slowness = ms;
  },
  /** Takes nothing and answers nobody, until the release. */
  hold: () => {
    held = [];
  },
  release: () => {
    const late = held ?? [];
    held = undefined;
    for (const one of late) one();
  },
  /** Answers once a message has been refused. */
  refused: () =>
    new Promise<void>((resolve) => {
      if (refused > 0) resolve();
      else onRefused = resolve;
    }),
  counts: () => ({ different, repeated, refused }),
  /** Answers once so many different messages have come. */
  arrived: (count: number) =>
    new Promise<void>((resolve) => {
      if (different >= count) return resolve();
      waiting = [...waiting, { count, arrived: resolve }].toSorted((a, b) => a.count - b.count);
    }),
});

function reply(body: string, headers = ''): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}`;
  return Buffer.from(`${head}\r\n\r\n${body}`);
}
