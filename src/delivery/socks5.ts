import { isIP, type Socket } from 'node:net';
import type { SendError } from '../channel/channel.ts';
import type { Credentials } from '../channel/credentials.ts';
import type { Destination } from './http-tunnel.ts';
import { bytesOf } from './networks.ts';
import { proxyReply, refusal, unauthenticated, unreachable } from './proxy-reply.ts';

/**
 * Asks a SOCKS5 proxy for a connection (RFC 1928; user name and password by RFC 1929).
 * @throws SendError
 */
export async function socks5(socket: Socket, to: Destination, credentials?: Credentials): Promise<void> {
  const methods = credentials ? [NO_AUTHENTICATION, USERNAME_PASSWORD] : [NO_AUTHENTICATION];
  const [version, method] = await ask(socket, [5, methods.length, ...methods], () => 2);
  if (version !== 5) throw refusal('代理的应答无法识别');
  if (method === USERNAME_PASSWORD && credentials) await authenticate(socket, credentials);
  else if (method !== NO_AUTHENTICATION) throw unauthenticated();
  const [, reply = 1] = await ask(socket, [5, 1, 0, ...addressOf(to.host), to.port >> 8, to.port & 255], lengthOf);
  if (reply !== 0) throw (REPLIES[reply] ?? REPLIES[1]!)();
}

const NO_AUTHENTICATION = 0;
const USERNAME_PASSWORD = 2;

async function authenticate(socket: Socket, { username, password }: Credentials): Promise<void> {
  const [, status] = await ask(socket, [1, ...counted(username), ...counted(password)], () => 2);
  if (status !== 0) throw unauthenticated();
}

async function ask(socket: Socket, bytes: number[], length: (start: Buffer) => number | undefined): Promise<Buffer> {
  socket.write(Buffer.from(bytes));
  return proxyReply(socket, length);
}

/** Type and value; a name is looked up by the proxy. */
function addressOf(host: string): number[] {
  const family = isIP(host);
  if (family === 0) return [3, ...counted(host)];
  return [family === 4 ? 1 : 4, ...bytesOf(host)];
}

/** The length in one byte, then the text. */
function counted(text: string): number[] {
  const bytes = [...Buffer.from(text)];
  if (bytes.length > 255) throw refusal('代理的用户名、密码或目标域名超过 255 字节');
  return [bytes.length, ...bytes];
}

/** A refusal may be cut short: its second byte says all. */
function lengthOf(start: Buffer): number | undefined {
  if (start.length < 2) return undefined;
  if (start[1] !== 0) return 2;
  if (start.length < 5) return undefined;
  const address = { 1: 4, 4: 16 }[start[3]!] ?? 1 + start[4]!;
  return 6 + address;
}

/** RFC 1928, section 6. */
const REPLIES: Readonly<Record<number, () => SendError>> = {
  1: () => refusal('代理无法连接目标'),
  2: () => refusal('代理的规则不允许连接目标'),
  3: () => unreachable('网络不可达', 'ENETUNREACH'),
  4: () => unreachable('主机不可达', 'EHOSTUNREACH'),
  5: () => unreachable('连接被拒绝', 'ECONNREFUSED'),
  6: () => unreachable('连接超时', 'ETIMEDOUT'),
  7: () => refusal('代理不支持该请求'),
  8: () => refusal('代理不支持该类地址'),
};
