import { isJson, parseAny } from '../body.ts';
import { type Call, defineStandIn, type Draft, type Level, type Verdict } from '../stand-in.ts';

/** Receives the notices of the last line of defence: `POST /_sandbox/notify`, any JSON. */
export default defineStandIn(() => ({
  name: 'system',
  label: '系统通知',
  colour: '#64748b',
  routes: [{ path: '/_sandbox/notify', token: () => 'notify', receive }],
  failure: (code) => ({ body: { code, message: 'sandbox fault' } }),
}));

function receive(call: Call): Verdict {
  if (call.method !== 'POST') return refuse(405, 'method must be POST');
  if (!isJson(call)) return refuse(415, 'Content-Type must be application/json');
  const json = parseAny(call.body);
  return json === undefined
    ? refuse(400, 'body is not JSON')
    : { ok: true, answer: { body: { ok: true } }, draft: read(json) };
}

const refuse = (status: number, reason: string): Verdict => ({
  ok: false,
  code: String(status),
  reason,
  answer: { status, body: { ok: false, error: reason } },
});

const LEVELS: Readonly<Record<string, Level>> = { info: 'info', warning: 'warning', error: 'error' };
const SHOWN = [
  ['reason', '原因'],
  ['strategy', '策略'],
  ['task_id', '任务'],
] as const;

function read(json: unknown): Draft {
  const fields: Record<string, unknown> = typeof json === 'object' && json !== null ? { ...json } : {};
  const word = (key: string): string => (typeof fields[key] === 'string' ? fields[key] : '');
  const level = Object.hasOwn(LEVELS, word('type')) ? LEVELS[word('type')] : undefined;
  return {
    kind: 'notice',
    style: 'card',
    title: word('title') || '系统通知',
    text: word('message') || JSON.stringify(json, undefined, 2),
    format: 'text',
    ...(level === undefined ? {} : { level }),
    fields: SHOWN.flatMap(([key, name]) => (word(key) === '' ? [] : [{ name, value: word(key) }])),
    raw: json,
  };
}
