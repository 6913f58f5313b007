import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createApplication } from './application.ts';
import { trackConnections } from './connections.ts';
import { createDoors } from './doors.ts';
import { refuse } from './envelope.ts';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';
import { openapiDocument } from './openapi.ts';
import { answerParserErrors } from './parser-errors.ts';
import type { Lent } from './route.ts';
import { routes } from './routes.ts';
import type { HttpParts } from './settings.ts';
import { createWaits } from './waits.ts';
import { encode, send } from './wire.ts';

export interface Http {
  /** For a server of one's own. */
  readonly callback: RequestListener;
  /** @throws when the address cannot be had */
  listen(): Promise<Listening>;
  /**
   * Stops accepting, ends idle connections, and lets requests in flight finish for at most `server.shutdown_timeout`
   * seconds; `?wait=` is answered at once.
   */
  close(): Promise<void>;
  /** Ends every connection now, whatever it is waiting for. */
  cut(): void;
}

/** Bounds of the connection, in milliseconds but for the last. */
export interface ConnectionBounds {
  /** To send the headers, from the first moment of a connection. */
  readonly headers: number;
  /** To send a whole request. */
  readonly request: number;
  /** How often the two above are looked at. */
  readonly check: number;
  /** To begin the next request: longer than the 60 s of common reverse proxies, which must be the first to hang up. */
  readonly idle: number;
  /** Connections at a time. */
  readonly connections: number;
}

const BOUNDS: ConnectionBounds = { headers: 15_000, request: 60_000, check: 5_000, idle: 65_000, connections: 10_000 };

/** The HTTP API. */
export function createHttp(parts: HttpParts, bounds: ConnectionBounds = BOUNDS): Http {
  const start = parts.config();
  const waits = createWaits(parts.service);
  let closing = false;
  let document: string | undefined;
  const lent: Lent = {
    ...parts,
    wait: waits.wait,
    openapi: () => (document ??= JSON.stringify(openapiDocument(routes, parts.version))),
  };
  const callback = createApplication({
    routes,
    lent,
    doors: createDoors(start, () => parts.config().auth.tokens, parts.clock),
    body_limit: start.server.body_limit,
    closing: () => closing,
  });
  const server = createServer(
    {
      headersTimeout: bounds.headers,
      requestTimeout: bounds.request,
      connectionsCheckingInterval: bounds.check,
      keepAliveTimeout: bounds.idle,
      // Node would answer 400 without a body; here it is answered like all the rest.
      requireHostHeader: false,
    },
    callback,
  );
  server.maxConnections = bounds.connections;
  // The application says "100 Continue" itself, once it knows that it wants the body.
  server.on('checkContinue', callback);
  server.on('checkExpectation', (_request, response) => send(response, encode(refuse(417), true)));
  answerParserErrors(server, parts.clock);
  const endIdle = trackConnections(server);

  return {
    callback,
    listen: () => listen(server, start.server),
    async close() {
      closing = true;
      waits.release();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const cancel = parts.clock.after(start.server.shutdown_timeout * 1000, () => server.closeAllConnections());
      endIdle();
      await closed;
      cancel();
    },
    cut() {
      closing = true;
      server.closeAllConnections();
    },
  };
}
