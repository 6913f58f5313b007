import { z } from 'zod';
import { parseAny } from '../../body.ts';
import { isNobody } from '../../nobody.ts';
import { createShaped } from '../../shaped.ts';
import type { Call, Draft, Drawn, Verdict } from '../../stand-in.ts';
import { card } from '../feishu/card.ts';
import { APP_POST, drawPost } from '../feishu/post.ts';
import { drawText } from '../feishu/text.ts';
import { refuse, refuseField } from './answer.ts';

/** Of the request's body. The pages say 150 KB and 30 KB without defining KB: the stricter reading holds here. */
const TEXT_BYTES = 150_000;
const RICH_BYTES = 30_000;
/** open.feishu.cn, im-v1/message/create. */
const UUID_CHARS = 50;

export interface FeishuMessage {
  readonly to: { readonly type: string; readonly id: string };
  readonly uuid: string | undefined;
  readonly content: string;
  readonly draft: Draft;
}

/** What an id of each type looks like; a `user_id` is whatever the tenant chose. */
const IDS: Readonly<Record<string, RegExp>> = {
  open_id: /^ou_\w+$/,
  union_id: /^on_\w+$/,
  user_id: /^(?!o[ucn]_)[\w.@-]+$/,
  email: /^[^\s@]+@[^\s@]+$/,
  chat_id: /^oc_\w+$/,
};

/** The types of an id that a person can have in `user_id_type`. */
export const USER_ID_TYPES: ReadonlySet<string> = new Set(['open_id', 'union_id', 'user_id']);

export function isId(type: string, id: string): boolean {
  return IDS[type]?.test(id) ?? false;
}

/** Checks the query and body of a message in the order of the platform: gateway, size, recipient, content. */
export function readFeishuMessage(call: Call): FeishuMessage | Verdict {
  const [type = '', second] = call.url.searchParams.getAll('receive_id_type');
  if (type === '') return refuseField('receive_id_type', 'is required');
  if (second !== undefined || !Object.hasOwn(IDS, type)) return refuseField('receive_id_type', 'is not in the options');
  const json = parseAny(call.body);
  const parsed = BODY.safeParse(json);
  if (!parsed.success) return refuseBody(parsed.error.issues[0]!, json);
  const { receive_id: id, msg_type, content, uuid } = parsed.data;
  if (call.body.length > (msg_type === 'text' ? TEXT_BYTES : RICH_BYTES)) return refuse(230025);
  if (!isId(type, id)) return refuse(99992351, `invalid ${type}: ${id}`);
  if (isNobody(id)) return refuse(type === 'chat_id' ? 230002 : 230013);
  const value = parseAny(Buffer.from(content, 'utf8'));
  if (value === undefined) return refuse(230001, 'content is not a string in json format');
  if (!Object.hasOwn(TYPES, msg_type)) return refuse(230001, 'invalid msg_type');
  const read = TYPES[msg_type]!(value);
  if ('ok' in read) return read;
  return { to: { type, id }, uuid, content, draft: { ...read, to: [id], kind: msg_type, raw: json } };
}

const BODY = z.looseObject({
  receive_id: z.string().min(1),
  msg_type: z.string().min(1),
  content: z.string().min(1),
  uuid: z.string().max(UUID_CHARS).optional(),
});

/** A field of the wrong type is a bad request; one that is missing or too long fails the validation. */
function refuseBody(issue: z.core.$ZodIssue, json: unknown): Verdict {
  const field = String(issue.path[0] ?? '');
  if (field === '' || typeof json !== 'object' || json === null) return refuse(9499, 'the body is not a JSON object');
  if (issue.code !== 'invalid_type') return refuseField(field, 'has a wrong length');
  return field in json ? refuse(9499, `Invalid parameter type in json: ${field}`) : refuseField(field, 'is required');
}

type Read = Drawn | Verdict;

const TYPES: Readonly<Record<string, (content: unknown) => Read>> = {
  text: createShaped<Read>(() => refuse(230001, 'text of content is needed'))(
    z.looseObject({ text: z.string().min(1) }),
    ({ text }) => drawText(text),
  ),
  post: createShaped<Read>((words) => refuse(230001, `invalid post: ${words}`))(APP_POST, drawPost),
  interactive: (content) => {
    const read = card(content);
    return 'code' in read ? refuse(230099, `ErrCode: ${read.code}; ErrMsg: ${read.reason}; `) : read;
  },
};
