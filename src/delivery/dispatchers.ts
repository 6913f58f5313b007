import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { Network } from '../model.ts';
import { type AddressGuard, type Resolve, createAddressGuard } from './address-guard.ts';
import { basic, credentialsOf } from '../channel/credentials.ts';
import { type Connector, proxyOf } from './proxy.ts';
import { tlsOptionsOf, tlsVersionOf } from './tls-options.ts';

/** How a request leaves. */
export interface Route {
  readonly network?: Network;
  /** Only addresses on the internet may be dialled, and those of these networks (CIDR). */
  readonly guard?: { readonly allow: readonly string[] };
}

/** A way out: its connections serve the requests of this route alone, for no other may use what was vetted for it. */
export interface Way {
  readonly agent: Agent;
  readonly guard: AddressGuard | undefined;
  readonly forward: Forward | undefined;
}

/** How an HTTP proxy without tunnels takes requests for http targets: whole, with the address of the target in them. */
export interface Forward {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  /** The proxy has refused a tunnel. */
  needed: boolean;
}

export interface Dispatchers {
  /** The way that has neither a network of its own nor a guard. */
  readonly direct: Agent;
  /** The way of a route, opened on demand. @throws FailureError when it cannot be opened */
  of(route: Route): Way;
  close(): Promise<void>;
}

/** Ways kept open: as many proxies and TLS settings as an installation may have, and more. */
const WAYS_LIMIT = 64;

/** Milliseconds an idle connection is kept: below the 60 s after which common gateways close theirs. */
const KEEP_ALIVE_MS = 30_000;

/** Milliseconds after which a connection that nobody waits for any more is given up; attempts end much earlier. */
const CONNECT_BACKSTOP_MS = 60_000;

/** The ways out of this machine. */
export function createDispatchers(resolve: Resolve, limit = WAYS_LIMIT): Dispatchers {
  const direct = agentOf({ timeout: CONNECT_BACKSTOP_MS });
  /** By route; the longest unused first. */
  const ways = new Map<string, Way>();
  const open = new Set<Agent>([direct]);
  const closing = new AbortController();

  function create({ network = {}, guard: vetting }: Route): Way {
    const tls = tlsOptionsOf(network.tls);
    const guard = vetting && createAddressGuard(vetting.allow, resolve);
    if (network.proxy === undefined) {
      const options = { ...tls, ...(guard && { lookup: guard.lookup }), timeout: CONNECT_BACKSTOP_MS, allowH2: false };
      return { agent: kept(buildConnector(options)), guard, forward: undefined };
    }
    const url = new URL(network.proxy);
    const { tunnel, plain } = proxyOf(url, { tls, guard, timeout: CONNECT_BACKSTOP_MS, signal: closing.signal });
    // A proxy that takes a whole request looks the name up itself: nothing for a guarded one.
    const canForward = url.protocol.startsWith('http') && !guard;
    return { agent: kept(tunnel), guard, forward: canForward ? forwardOf(url, kept(plain)) : undefined };
  }

  function kept(connect: Connector): Agent {
    const agent = agentOf(withoutTrailingDot(connect));
    open.add(agent);
    return agent;
  }

  /** Lets it finish what it has in hand. */
  function retire({ agent, forward }: Way): void {
    for (const old of forward ? [agent, forward.agent] : [agent]) {
      const forget = () => void open.delete(old);
      void old.close().then(forget, forget);
    }
  }

  return {
    direct,
    of(route) {
      const key = JSON.stringify([route.network, route.guard?.allow, tlsVersionOf(route.network?.tls)]);
      const way = ways.get(key) ?? create(route);
      ways.delete(key);
      ways.set(key, way);
      for (const [old, unused] of ways) {
        if (ways.size <= limit) break;
        ways.delete(old);
        retire(unused);
      }
      return way;
    },
    async close() {
      ways.clear();
      await Promise.all([...open].map((agent) => agent.destroy()));
      closing.abort();
    },
  };
}

function forwardOf(proxy: URL, agent: Agent): Forward {
  const credentials = credentialsOf(proxy);
  return { agent, headers: credentials ? { 'proxy-authorization': basic(credentials) } : {}, needed: false };
}

/**
 * undici's own timeouts are off: the clock of the attempt decides. So is HTTP/2, with which one connection that hangs
 * holds up every request to the same platform.
 */
const agentOf = (connect: Connector | buildConnector.BuildOptions): Agent =>
  new Agent({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS, allowH2: false, connect });

/** The name that TLS is asked for has no dot at its end (RFC 6066, section 3), even where the URL has one. */
const withoutTrailingDot =
  (connect: Connector): Connector =>
  ({ servername, ...options }, callback) => {
    const name = servername ?? (isIP(options.hostname) === 0 ? options.hostname : '');
    connect({ ...options, servername: name.replace(/\.$/, '') }, callback);
  };
