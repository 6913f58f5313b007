import type { Socket } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.ts';
import { credentialsOf } from '../channel/credentials.ts';
import { proxyFaultOf } from './http-faults.ts';
import { httpTunnel } from './http-tunnel.ts';
import { socks5 } from './socks5.ts';
import type { TlsOptions } from './tls-options.ts';

/** How undici opens a connection. */
export type Connector = buildConnector.connector;

export interface Proxy {
  /** A connection to the target behind the proxy. */
  readonly tunnel: Connector;
  /** A connection to the proxy itself, whatever the target. */
  readonly plain: Connector;
}

export interface ProxyOptions {
  /** Of the proxy, if it speaks TLS, and of the target. */
  readonly tls: TlsOptions;
  readonly guard: AddressGuard | undefined;
  /** Milliseconds for each step of the way. */
  readonly timeout: number;
  /** Aborted when connections that are still being opened must be given up. */
  readonly signal: AbortSignal;
}

/**
 * Connections through an http, https, socks5 or socks5h proxy, whose handshakes are our own: undici's agents send a
 * proxy the name of the target, where a guarded request must send the vetted address, and they do not tell a refusal
 * from a broken connection. Without a guard the proxy looks names up, with `socks5` as with `socks5h`.
 */
export function proxyOf(url: URL, { tls, guard, timeout, signal }: ProxyOptions): Proxy {
  const isSocks = url.protocol.startsWith('socks');
  const handshake = isSocks ? socks5 : httpTunnel;
  const credentials = credentialsOf(url);
  const toProxy = buildConnector({ ...tls, timeout, signal, allowH2: false });
  const toTarget = buildConnector({ ...tls, timeout, allowH2: false });
  const address = {
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    host: url.host,
    protocol: url.protocol === 'https:' ? 'https:' : 'http:',
    port: url.port || (isSocks ? '1080' : ''),
  };

  async function reach(): Promise<Socket> {
    try {
      return await connected(toProxy, address);
    } catch (error) {
      throw proxyFaultOf(error as Error);
    }
  }

  async function tunnel(options: buildConnector.Options): Promise<Socket> {
    const isTls = options.protocol === 'https:';
    const host = guard ? await vetted(guard, options.hostname) : options.hostname;
    const socket = await reach();
    socket.setTimeout(timeout);
    try {
      await handshake(socket, { host, port: Number(options.port) || (isTls ? 443 : 80) }, credentials);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    socket.setTimeout(0);
    return isTls ? connected(toTarget, { ...options, httpSocket: socket }) : socket;
  }

  return { tunnel: connectorOf(tunnel), plain: connectorOf(reach) };
}

/** In the form in which undici calls it. */
function connectorOf(open: (target: buildConnector.Options) => Promise<Socket>): Connector {
  const opening = callbackify(open);
  return (target, callback) =>
    opening(target, (error: Error | null, socket) => (error ? callback(error, null) : callback(null, socket)));
}

const connected = (connect: Connector, options: buildConnector.Options): Promise<Socket> =>
  new Promise((resolve, reject) => connect(options, (error, socket) => (error ? reject(error) : resolve(socket))));

/** The one address that the proxy is asked for: IPv4 if there is one, because every proxy has it. */
async function vetted(guard: AddressGuard, hostname: string): Promise<string> {
  const addresses = await guard.addresses(hostname);
  return (addresses.find(({ family }) => family === 4) ?? addresses[0]!).address;
}
