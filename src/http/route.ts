import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Answer } from './envelope.ts';
import type { HttpParts, Scope } from './settings.ts';

/** What a request asks, once it has been let in and read. */
export interface Ask<P = unknown, Q = unknown> {
  readonly params: P;
  readonly query: Q;
  /** JSON of any shape; `undefined` where the route takes no body. */
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  /** The name of the token; '' = anonymous. */
  readonly caller: string;
}

/** What routes are lent: the parts, and what the server itself knows. */
export interface Lent extends HttpParts {
  /** The OpenAPI document as JSON. */
  readonly openapi: () => string;
  /** `service.wait`, but it answers at once when the server is closing. */
  readonly wait: HttpParts['service']['wait'];
}

export interface ResponseDoc {
  readonly description: string;
  /** Schema of `data`, or of the whole body where `bare`. */
  readonly data?: z.ZodType;
  readonly example?: unknown;
  /** Content type of a body without the envelope. */
  readonly bare?: string;
}

/**
 * One endpoint: a declaration that routes, lets in, validates and documents. `params` and `query` are validated before
 * `handle` runs; `body` says what is taken and is the very schema that the push service validates with.
 */
export interface Route<P extends z.ZodObject = z.ZodObject, Q extends z.ZodObject = z.ZodObject> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `:name` for parameters. */
  readonly path: string;
  /** `open`: everybody. */
  readonly scope: Scope | 'open';
  readonly tag: string;
  /** English. */
  readonly summary: string;
  /** Chinese. */
  readonly description: string;
  readonly params?: P;
  readonly query?: Q;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  readonly examples?: Readonly<Record<string, unknown>>;
  readonly responses: Readonly<Record<number, ResponseDoc>>;
  /** Not part of the documented API. */
  readonly hidden?: true;
  /** Opened in a browser, which can show a token as the password of a Basic login only. Never for what changes things. */
  readonly browser?: true;
  handle(ask: Ask<z.output<P>, z.output<Q>>, lent: Lent): Answer | Promise<Answer>;
}

/** Typed identity: keeps the schemas' types inside the route and forgets them outside. */
export const defineRoute = <P extends z.ZodObject, Q extends z.ZodObject>(route: Route<P, Q>): Route => route;
