import { z } from 'zod';
import { isJson, parseJson } from '../../src/sandbox/body.ts';
import { firstIssue } from '../../src/sandbox/issue.ts';
import { type Call, type Verdict, defineStandIn } from '../../src/sandbox/stand-in.ts';

/** Bytes of UTF-8. Name the page here. */
const TEXT_BYTES = 4000;

/** Written from the provider's pages, never from the driver. */
export default defineStandIn(() => ({
  name: 'skeleton',
  label: 'Skeleton',
  colour: '#5b6b7b',
  example: { path: '/skeleton/demo', body: { text: '部署完成' } },
  routes: [{ path: '/skeleton/:token', token: ({ params }) => params['token'] ?? '', receive }],
  limit: { windows: [{ max: 60, ms: 60_000 }], block_ms: 60_000, verdict: () => refuse(102, 'too fast') },
  failure: (code) => (/^\d{1,9}$/.test(code) ? answer(Number(code), 'sandbox fault') : undefined),
}));

const BODY = z.strictObject({ text: z.string().min(1) });

function receive(call: Call): Verdict {
  if (call.method !== 'POST' || !isJson(call)) return refuse(400, 'expected a POST of JSON');
  const json = parseJson(call.body);
  const parsed = BODY.safeParse(json);
  if (!parsed.success) return refuse(400, Object.values(firstIssue(parsed.error)).join(': '));
  const { text } = parsed.data;
  if (Buffer.byteLength(text) > TEXT_BYTES) return refuse(103, 'too long');
  return {
    ok: true,
    answer: answer(0, 'ok'),
    draft: { kind: 'text', style: 'text', title: '', text, format: 'text', raw: json },
  };
}

const answer = (code: number, message: string) => ({ body: { code, message } });

const refuse = (code: number, reason: string): Verdict => ({
  ok: false,
  code: String(code),
  reason,
  answer: answer(code, reason),
});
