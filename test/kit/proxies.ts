import { once } from 'node:events';
import { createServer as createHttpServer, request as forward } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type Socket, connect, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { CERTIFIED, listen } from './targets.ts';

export interface ProxyScript {
  /** `user:password` that it wants. */
  readonly credentials?: string;
  /** It refuses with this: the status of the answer to CONNECT, or the reply of SOCKS. */
  readonly refusal?: number;
  /** The local port at which it finds a destination. */
  readonly dial: (authority: string) => number;
}

/** What a proxy was asked, in order. */
export interface ProxyLog {
  readonly port: number;
  /** `CONNECT host:port`, `GET http://…`, or `<type of address> host:port`. */
  readonly asked: readonly string[];
  /** The user name and password it was given with each, as `user:password`. */
  readonly credentials: readonly string[];
}

/** An HTTP proxy, by TLS if wanted; it tunnels, and takes requests in absolute form. */
export async function startHttpProxy(
  t: Pick<TestContext, 'after'>,
  { credentials, refusal, dial }: ProxyScript,
  tls = false,
): Promise<ProxyLog> {
  const asked: string[] = [];
  const given: string[] = [];
  const isWelcome = (what: string, header = '') => {
    asked.push(what);
    given.push(Buffer.from(header.replace('Basic ', ''), 'base64').toString());
    return credentials === undefined || given.at(-1) === credentials;
  };
  const server = tls ? createHttpsServer(CERTIFIED) : createHttpServer();
  server.on('connect', ({ url = '', headers }, socket: Duplex) => {
    const welcome = isWelcome(`CONNECT ${url}`, headers['proxy-authorization']);
    const status = welcome ? refusal : 407;
    if (status === undefined) pipe(socket, dial(url), 'HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n');
    else socket.on('error', () => {}).end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
  });
  server.on('request', (request, response) => {
    const { method = '', url = '', headers } = request;
    if (!isWelcome(`${method} ${url}`, headers['proxy-authorization'])) return response.writeHead(407).end();
    const { host, pathname } = new URL(url);
    const onward = forward({ host: '127.0.0.1', port: dial(host), path: pathname, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500);
      answer.pipe(response);
    });
    return request.pipe(onward);
  });
  return { port: await listen(t, server), asked, credentials: given };
}

/** A SOCKS5 proxy (RFC 1928, RFC 1929). */
export async function startSocksProxy(
  t: Pick<TestContext, 'after'>,
  { credentials, refusal, dial }: ProxyScript,
): Promise<ProxyLog> {
  const asked: string[] = [];
  const given: string[] = [];

  async function serve(socket: Socket): Promise<void> {
    const [, count = 0] = await take(socket, 2);
    const wanted = credentials === undefined ? 0 : 2;
    const offered = (await take(socket, count)).includes(wanted);
    socket.write(Buffer.from([5, offered ? wanted : 255]));
    if (!offered) return;
    if (wanted === 2) {
      await take(socket, 1);
      given.push(`${await counted(socket)}:${await counted(socket)}`);
      const isRight = given.at(-1) === credentials;
      socket.write(Buffer.from([1, isRight ? 0 : 1]));
      if (!isRight) return;
    }
    const type = (await take(socket, 4))[3]!;
    const host = type === 3 ? await counted(socket) : written(await take(socket, type === 1 ? 4 : 16));
    const authority = `${host}:${(await take(socket, 2)).readUInt16BE()}`;
    asked.push(`${type} ${authority}`);
    if (refusal === undefined) pipe(socket, dial(authority), Buffer.from([5, 0, 0, 3, 1, 120, 0, 0]));
    else socket.end(Buffer.from([5, refusal, 0, 1, 0, 0, 0, 0, 0, 0]));
  }

  const server = createServer((socket) => void serve(socket).catch(() => socket.destroy()));
  return { port: await listen(t, server), asked, credentials: given };
}

/** Connects the two, and says so. */
function pipe(socket: Duplex, port: number, greeting: string | Buffer): void {
  const onward = connect(port, '127.0.0.1', () => {
    socket.write(greeting);
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
  socket.on('error', () => onward.destroy());
  socket.on('close', () => onward.destroy());
}

async function take(socket: Socket, count: number): Promise<Buffer> {
  if (count === 0) return Buffer.alloc(0);
  for (;;) {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes) return bytes;
    await once(socket, 'readable');
  }
}

async function counted(socket: Socket): Promise<string> {
  const [count = 0] = await take(socket, 1);
  return (await take(socket, count)).toString();
}

const written = (bytes: Buffer): string =>
  bytes.length === 4 ? bytes.join('.') : `[${bytes.toString('hex').replace(/(.{4})(?=.)/g, '$1:')}]`;
