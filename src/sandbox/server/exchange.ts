import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../body.ts';
import type { Ledger } from '../ledger.ts';
import { createRateLimit } from '../limits/rate-limit.ts';
import type { Call, SandboxClock, StandIn, Verdict } from '../stand-in.ts';
import { send } from './answer.ts';
import type { Bots } from './bots.ts';
import type { Fault, Faults } from './faults.ts';
import type { Match } from './routes.ts';

export interface Exchange {
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly bots: Bots;
  readonly clock: SandboxClock;
  /** Counts one held request until the returned function is called. */
  readonly hold: () => () => void;
}

/**
 * Makes the function that leads one HTTP request past a stand-in: count, fault, rate limit, the stand-in's own judgement,
 * the ledger, the answer.
 */
export function createExchange({ ledger, faults, bots, clock, hold }: Exchange, standIns: readonly StandIn[]) {
  const limits = new Map(standIns.flatMap((s) => (s.limit === undefined ? [] : [[s.name, createRateLimit(s.limit)]])));

  const judge = ({ standIn, route }: Match, call: Call, token: string): Verdict => {
    const bot = bots.get(standIn.name, token);
    const limited = token !== '' && bot?.unlimited !== true;
    const passes = !limited || (limits.get(standIn.name)?.(token, call.now) ?? true);
    return passes ? route.receive(call, bot) : standIn.limit!.verdict(call);
  };

  const record = (platform: string, token: string, verdict: Verdict, now: number): void => {
    if (!verdict.ok) ledger.refuse(platform, token, verdict.code, verdict.reason, now);
    else if (verdict.draft !== undefined) ledger.keep(platform, token, verdict.draft, now);
  };

  return async (request: IncomingMessage, response: ServerResponse, url: URL, match: Match): Promise<void> => {
    const body = await readBody(request);
    const { standIn, route, params } = match;
    const now = clock.now();
    const token = route.token({ url, params, headers: request.headers, body: body ?? Buffer.alloc(0) });
    ledger.count(standIn.name, token);
    if (body === undefined) return send(response, TOO_LARGE);
    const fault = faults.take(standIn.name, token);
    const struck = fault === undefined ? undefined : strike(fault, standIn);
    if (fault !== undefined && fault.kind !== 'slow')
      ledger.refuse(standIn.name, token, nameOf(fault), '注入的故障', now);
    if (struck !== undefined) return struck(response, hold);

    const { method = 'GET', headers } = request;
    const ip = request.socket.remoteAddress ?? '';
    const verdict = judge(match, { method, url, params, headers, body, ip, now }, token);
    record(standIn.name, token, verdict, now);
    if (fault?.kind !== 'slow') return send(response, verdict.answer);
    const release = hold();
    const cancel = clock.after(fault.ms, () => send(response, verdict.answer));
    response.once('close', () => {
      cancel();
      release();
    });
  };
}

const TOO_LARGE = { status: 413, body: { error: '请求体超过 10 MB' } };
const PAGE =
  '<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';

type Strike = (response: ServerResponse, hold: () => () => void) => void;

/** What a fault does to the answer; undefined: it lets the request through (`slow`). */
function strike(fault: Fault, standIn: StandIn): Strike | undefined {
  if (fault.kind === 'timeout') return (response, hold) => void response.once('close', hold());
  if (fault.kind === 'reset') return (response) => void response.socket?.resetAndDestroy();
  if (fault.kind === 'html') return (response) => send(response, { body: PAGE });
  if (fault.kind === 'http') return (response) => send(response, { status: fault.status, body: PAGE });
  if (fault.kind === 'code') return (response) => send(response, standIn.failure(fault.code) ?? TOO_LARGE);
  return undefined;
}

function nameOf(fault: Fault): string {
  if (fault.kind === 'code') return fault.code;
  return fault.kind === 'http' ? `HTTP ${fault.status}` : fault.kind;
}
