import { isIPv6, type Socket } from 'node:net';
import { basic, type Credentials } from '../channel/credentials.ts';
import { proxyReply, refusal, unauthenticated, unreachable } from './proxy-reply.ts';

/** Where a tunnel is to end. */
export interface Destination {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Asks an HTTP proxy for a tunnel (CONNECT, RFC 9110 section 9.3.6).
 * @throws SendError
 */
export async function httpTunnel(socket: Socket, to: Destination, credentials?: Credentials): Promise<void> {
  const authority = `${isIPv6(to.host) ? `[${to.host}]` : to.host}:${to.port}`;
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    ...(credentials ? [`Proxy-Authorization: ${basic(credentials)}`] : []),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const reply = await proxyReply(socket, (start) => {
    const end = start.indexOf('\r\n\r\n');
    return end < 0 ? undefined : end + 4;
  });
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(reply.toString('latin1'))?.[1]);
  if (status >= 200 && status < 300) return;
  if (status === 407) throw unauthenticated();
  if (status === 504) throw unreachable(`HTTP ${status}`, 'ETIMEDOUT');
  // 501: it knows no tunnels. Every other fault is of the way behind the proxy (Squid says 503, most others 502).
  if (status >= 500 && status !== 501) throw unreachable(`HTTP ${status}`, 'EHOSTUNREACH');
  throw refusal(Number.isNaN(status) ? '代理的应答无法识别' : `代理拒绝建立隧道：HTTP ${status}`);
}
