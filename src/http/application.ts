import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Router } from '@koa/router';
import Koa from 'koa';
import { faultsOf } from '../push/faults.ts';
import { cleanLine } from '../push/text.ts';
import { readJson } from './body.ts';
import { discard } from './discard.ts';
import type { Doors } from './doors.ts';
import { invalid, refuse } from './envelope.ts';
import type { Answer } from './envelope.ts';
import type { Lent, Route } from './route.ts';
import { encode, send } from './wire.ts';
import type { Wire } from './wire.ts';

/** What the two middlewares tell each other. */
interface State {
  answer?: Answer;
  caller?: string;
}

export interface Surroundings {
  readonly routes: readonly Route[];
  readonly lent: Lent;
  readonly doors: Doors;
  /** Bytes. */
  readonly body_limit: number;
  /** Whether connections are to end with the answer in hand. */
  readonly closing: () => boolean;
}

/** The Koa application: one middleware around the router, which answers whatever happens inside. */
export function createApplication(around: Surroundings): RequestListener {
  const { doors, lent } = around;
  const { clock, events } = lent;
  const app = new Koa<State>();
  const router = new Router<State>({ sensitive: true });
  for (const route of around.routes) {
    router.register(route.path, [route.method], async (ctx) => {
      ctx.state.answer = await answerOf(route, ctx, around);
    });
  }

  app.use(async (ctx, next) => {
    const { req, res, state } = ctx;
    const began = clock.monotonic();
    const path = pathOf(ctx);
    ctx.respond = false;
    let wire: Wire;
    try {
      const refused = path === undefined ? BAD_TARGET : doors.host(req);
      if (refused === undefined) await next();
      wire = encode(refused ?? state.answer ?? unrouted(ctx), around.closing() || awaitsContinue(req));
    } catch (error) {
      const isDown = error instanceof Error && error.name === 'StoreUnavailable';
      // That the store is down is told once, and not for every request.
      if (!isDown) events.emit('crashed', { where: `${req.method} ${path}`, error });
      wire = encode(isDown ? STORE_DOWN : refuse(500), around.closing());
    }
    if (!req.complete) await leave(req, res, wire);
    send(res, wire);
    events.emit('requested', {
      method: req.method ?? '',
      path: path ?? '',
      status: wire.status,
      ms: clock.monotonic() - began,
      ip: doors.addressOf(req),
      ...(state.caller && { caller: state.caller }),
    });
  });
  app.use(router.routes());
  app.on('error', (error: Error & { headerSent?: boolean }) => {
    // Koa also reports what happens to a connection after its answer, such as a client that went away.
    if (!error.headerSent) events.emit('crashed', { where: 'koa', error });
  });
  const callback = app.callback();
  return (req, res) => void callback(req, res);
}

const STORE_DOWN = refuse(503, { error: '存储暂不可用，请稍后重试' }, { 'Retry-After': '5' });

const BAD_TARGET = refuse(400, { error: '请求地址不合法' });

type Context = Koa.ParameterizedContext<State>;

/** Lets in, reads, validates, answers: in this order, so that nothing is read of a caller who may not ask. */
async function answerOf(route: Route, ctx: Context, { doors, lent, body_limit }: Surroundings): Promise<Answer> {
  const { req, res, state } = ctx;
  if (route.scope !== 'open') {
    const admission = doors.admit(req, route.scope, route.browser === true);
    if (admission.caller !== undefined) state.caller = admission.caller;
    if (!admission.ok) return admission.answer;
  }
  let query: Record<string, unknown> = {};
  if (route.query !== undefined) {
    const asked = queryOf(ctx.querystring);
    const parsed = route.query.safeParse(asked);
    if (!parsed.success) return invalid(faultsOf(parsed.error, asked));
    query = parsed.data;
  }
  let body: unknown;
  if (route.body !== undefined) {
    const read = await readJson(req, res, body_limit);
    if (!read.ok) return read.answer;
    body = read.value;
  }
  const params = ctx.params as Record<string, string>;
  return route.handle({ params, query, body, headers: req.headers, caller: state.caller ?? '' }, lent);
}

/** Of a name that stands there twice the first value holds. */
function queryOf(text: string): Record<string, string> {
  const query = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(text)) query[name] ??= value;
  return query;
}

/** `undefined`: the request target is no URL. Bounded, because it ends up in a log line. */
function pathOf(ctx: Context): string | undefined {
  try {
    const { path } = ctx;
    return PLAIN_PATH.test(path) ? path : cleanLine(path).slice(0, LONGEST_PATH);
  } catch {
    return undefined;
  }
}

const LONGEST_PATH = 512;
const PLAIN_PATH = /^[!-~]{1,512}$/;

/** 404, or 405 when the path is known under other methods. */
function unrouted(ctx: Context): Answer {
  const matched = (ctx as { matched?: readonly { methods: readonly string[] }[] }).matched ?? [];
  if (matched.length === 0) return refuse(404, { error: '没有这个接口' });
  const allow = [...new Set(matched.flatMap((layer) => layer.methods))].toSorted().join(', ');
  return refuse(405, { error: `允许的方法：${allow}` }, { Allow: allow });
}

/** The client holds its body back until it is told to go on: it may send it now or never, so nothing can follow it. */
const awaitsContinue = (request: IncomingMessage): boolean => request.headers.expect !== undefined;

/**
 * A body that nobody wants is read and thrown away. A client that is too large and wants the connection closed is
 * answered after that: closing with bytes unread would reset the connection, and the answer would be lost.
 */
async function leave(request: IncomingMessage, response: ServerResponse, { status, headers }: Wire): Promise<void> {
  const rest = discard(request);
  const closes = !response.shouldKeepAlive || headers.includes('Connection');
  if (status === 413 && closes && !awaitsContinue(request)) await rest;
}
