import { isJson, parseAny } from '../body.ts';
import { filled } from '../fields.ts';
import { look } from '../look.ts';
import { type Call, defineStandIn, type Draft, type Level, type Verdict } from '../stand-in.ts';

/** Receives the notices of the last line of defence: `POST /_sandbox/notify`, any JSON. */
export default defineStandIn(() => ({
  name: 'system',
  label: '系统通知',
  colour: '#64748b',
  example: {
    path: '/_sandbox/notify',
    body: { type: 'error', title: '推送失败', message: '所有渠道均未送达', reason: 'all_failed', task_id: 'demo' },
  },
  routes: [{ path: '/_sandbox/notify', token: () => 'notify', receive }],
  failure: (code) => ({ body: { code, message: 'sandbox fault' } }),
}));

function receive(call: Call): Verdict {
  if (call.method !== 'POST') return refuse(405, 'method must be POST');
  if (!isJson(call)) return refuse(415, 'Content-Type must be application/json');
  const json = parseAny(call.body);
  return json === undefined
    ? refuse(400, 'body is not JSON')
    : { ok: true, answer: { body: { ok: true } }, draft: draw(json) };
}

const refuse = (status: number, reason: string): Verdict => ({
  ok: false,
  code: String(status),
  reason,
  answer: { status, body: { ok: false, error: reason } },
});

const LEVELS: Readonly<Record<string, Level>> = { info: 'info', warning: 'warning', error: 'error' };

function draw(json: unknown): Draft {
  const fields: Record<string, unknown> = typeof json === 'object' && json !== null ? { ...json } : {};
  const word = (key: string): string => (typeof fields[key] === 'string' ? fields[key] : '');
  const level = Object.hasOwn(LEVELS, word('type')) ? LEVELS[word('type')] : undefined;
  return {
    kind: 'notice',
    style: 'card',
    title: word('title') || '系统通知',
    text: word('message') || JSON.stringify(json, undefined, 2),
    format: 'text',
    ...look(level),
    fields: filled({ 原因: word('reason'), 策略: word('strategy'), 任务: word('task_id') }),
    raw: json,
  };
}
