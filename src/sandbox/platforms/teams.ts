import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { issueWords } from '../issue.ts';
import { createSlidingWindows, type SlidingWindows } from '../limits/sliding-windows.ts';
import { equal } from '../sign.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Verdict } from '../stand-in.ts';
import { readAdaptiveCard } from './teams/adaptive-card.ts';

/** No official figure: three a second for a channel and 60 a minute for a user are what others report. */
const RATE = [
  { max: 3, ms: 1000 },
  { max: 60, ms: 60_000 },
];

/**
 * Bytes of the card as a message holds it: a string of JSON inside JSON, so that a body of 24,453 bytes came to 28,897
 * in github.com/MicrosoftDocs/msteams-docs/issues/11274.
 */
const MESSAGE_BYTES = 28_672;

/** Answers of the trigger: learn.microsoft.com/connectors/teams and what callers have seen. Words may differ. */
const ERRORS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  TriggerInputSchemaMismatch: [400, 'The input body for trigger did not match its schema definition.'],
  InvalidRequestContent: [400, 'The request content is not valid and could not be deserialized.'],
  DirectApiAuthorizationRequired: [401, 'The request must be authenticated only by Shared Access scheme.'],
  AuthorizationFailed: [403, 'The authentication credentials are not valid.'],
  WorkflowNotFound: [404, 'The workflow could not be found.'],
  MethodNotAllowed: [405, 'The requested resource does not support this method.'],
  RequestEntityTooLarge: [413, 'The request content is too large.'],
  RequestsThrottled: [429, 'Rate limit is exceeded. Try again later.'],
  InternalServerError: [500, 'Encountered internal server error.'],
  BadGateway: [502, 'The server was acting as a gateway and received an invalid response.'],
  ServiceUnavailable: [503, 'The service is temporarily unavailable.'],
  GatewayTimeout: [504, 'The gateway did not receive a response in time.'],
};
/** Seconds in an injected 429. */
const RETRY_AFTER = 30;

export default defineStandIn(() => {
  const sent = createSlidingWindows(RATE);
  const route = {
    // `sig` is the secret of the flow.
    token: ({ params }: Pick<Call, 'params'>) => params['flow'] ?? '',
    receive: (call: Call, bot: Bot | undefined) => receive(call, bot, sent),
  };
  const direct = '/powerautomate/automations/direct';
  return {
    name: 'teams',
    label: 'Teams',
    colour: '#4b53bc',
    example: {
      path: '/workflows/demo/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=demo',
      body: {
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            content: {
              type: 'AdaptiveCard',
              version: '1.4',
              body: [
                { type: 'TextBlock', text: '数据库告警', weight: 'Bolder', color: 'Attention' },
                { type: 'TextBlock', text: '连接数 **150/100**，请立即处理', wrap: true },
              ],
            },
          },
        ],
      },
    },
    routes: [
      { path: '/workflows/:flow/triggers/manual/paths/invoke', ...route },
      { path: `${direct}/workflows/:flow/triggers/manual/paths/invoke`, ...route },
      { path: `${direct}/cu/:unit/workflows/:flow/triggers/manual/paths/invoke`, ...route },
    ],
    failure(code) {
      const name = Object.keys(ERRORS).find((key) => key === code || String(ERRORS[key]![0]) === code);
      return name === undefined ? undefined : failure(name, RETRY_AFTER);
    },
  };
});

function receive(call: Call, bot: Bot | undefined, sent: SlidingWindows): Verdict {
  const { flow = '' } = call.params;
  if (!/^[\w-]{1,128}$/.test(flow)) return refuse('WorkflowNotFound');
  if (call.method !== 'POST') return refuse('MethodNotAllowed');
  const unsigned = signFault(call.url, bot?.secret);
  if (unsigned !== undefined) return refuse(unsigned);
  const wait = bot?.unlimited === true ? 0 : sent.wait(flow, call.now);
  if (wait > 0) return refuse('RequestsThrottled', `${wait} ms too early`, Math.ceil(wait / 1000));
  sent.take(flow, call.now);
  const json = isJson(call) ? parseJson(call.body) : undefined;
  if (json === undefined) return refuse('InvalidRequestContent');
  const parsed = ENVELOPE.safeParse(json);
  if (!parsed.success) return refuse('TriggerInputSchemaMismatch', issueWords(parsed.error));
  const [first] = parsed.data.attachments;
  if (inMessage(first!.content) > MESSAGE_BYTES)
    return lost('MessageSizeExceeded', `more than ${MESSAGE_BYTES} bytes in the message`);
  const card = readAdaptiveCard(first!.content);
  if (typeof card === 'string') return lost('BadRequest', card);
  return { ok: true, answer: STARTED, draft: { ...card, kind: 'AdaptiveCard', raw: json } };
}

/** The flow has started; what becomes of it only its run history tells. */
const STARTED: Answer = { status: 202, headers: { 'x-ms-workflow-run-id': 'sandbox' }, body: '' };

/** Accepted, and then the step that posts to Teams failed. The sender cannot know. */
const lost = (code: string, reason: string): Verdict => ({
  ok: false,
  code,
  reason: `已受理（202），流程运行失败：${reason}`,
  answer: STARTED,
});

function failure(code: string, seconds: number): Answer {
  const [status, message] = ERRORS[code]!;
  return {
    status,
    ...(status === 429 ? { headers: { 'retry-after': String(seconds) } } : {}),
    body: { error: { code, message } },
  };
}

const refuse = (code: string, reason = ERRORS[code]![1], seconds = RETRY_AFTER): Verdict => ({
  ok: false,
  code,
  reason,
  answer: failure(code, seconds),
});

/** The parts of a shared access signature, each once, byte for byte as they stand in the copied address. */
function signFault({ search, searchParams: query }: URL, secret: string | undefined): string | undefined {
  const one = (name: string): string => (query.getAll(name).length === 1 ? query.get(name)! : '');
  if (one('sig') === '' || one('sp') === '' || one('sv') === '') return 'DirectApiAuthorizationRequired';
  const versions = /^(1|20\d\d-\d\d-\d\d(-preview)?)$/.test(one('api-version'));
  const scope = search.includes('sp=%2Ftriggers%2Fmanual%2Frun') && one('sv') === '1.0';
  const sign = secret === undefined ? /^[\w-]+$/.test(one('sig')) : equal(one('sig'), secret);
  return versions && scope && sign ? undefined : 'AuthorizationFailed';
}

const inMessage = (card: unknown): number => Buffer.byteLength(JSON.stringify(JSON.stringify(card)));

/** A flow posts each card as a message of its own; here there is one. */
const ENVELOPE = z.looseObject({
  type: z.literal('message'),
  attachments: z
    .array(
      z.looseObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null().optional(),
        content: z.looseObject({}),
      }),
    )
    .length(1),
});
