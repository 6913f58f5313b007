import { z } from 'zod';
import { parseAny } from '../../body.ts';
import { look } from '../../look.ts';
import { isNobody } from '../../nobody.ts';
import type { Call, Level, Verdict } from '../../stand-in.ts';
import { refuse, refuseField } from './answer.ts';
import { isId, USER_ID_TYPES } from './message.ts';

/** The ways to buzz somebody about a message, as in `urgent_app`. */
const URGENT_MEANS = { app: '应用内加急', sms: '短信加急', phone: '电话加急' } as const;
export type UrgentMeans = keyof typeof URGENT_MEANS;

/** What is remembered of a message for this. */
export interface UrgentMessage {
  readonly to: { readonly type: string; readonly id: string };
  readonly title: string;
  readonly level: Level | undefined;
}

/** open.feishu.cn, im-v1/message/urgent_app. */
const MOST_USERS = 200;
const BODY = z.looseObject({ user_id_list: z.array(z.string()).min(1).max(MOST_USERS) });

/**
 * Checks an urgent call for a message and tells whom it reaches. In the invalid list are people that are not there
 * (`ou_nobody`) and, where both ids are of one type, anybody but the one the message went to. People called `crowded…`
 * have too many unread ones; for `spent…` the tenant's allowance of text messages and phone calls is used up.
 */
export function readUrgent(means: UrgentMeans, call: Call, { to, title, level }: UrgentMessage): Verdict {
  const [type = '', second] = call.url.searchParams.getAll('user_id_type');
  if (type === '') return refuseField('user_id_type', 'is required');
  if (second !== undefined || !USER_ID_TYPES.has(type)) return refuseField('user_id_type', 'is not in the options');
  const json = parseAny(call.body);
  const parsed = BODY.safeParse(json);
  if (!parsed.success) return refuseField('user_id_list', `is required, 1 to ${MOST_USERS} ids`);
  const { user_id_list: ids } = parsed.data;
  const isThere = (id: string): boolean => isId(type, id) && !isNobody(id) && (to.type !== type || to.id === id);
  const valid = ids.filter(isThere);
  if (valid.length === 0) return refuse(230001, 'all user_id_list are invalid');
  if (valid.some((id) => /^(o[un]_)?crowded/.test(id))) return refuse(230023);
  if (means !== 'app' && valid.some((id) => /^(o[un]_)?spent/.test(id))) return refuse(230024);
  return {
    ok: true,
    answer: {
      body: { code: 0, msg: 'success', data: { invalid_user_id_list: ids.filter((id) => !isThere(id)) } },
    },
    draft: {
      kind: `urgent_${means}`,
      style: 'text',
      title,
      text: `${URGENT_MEANS[means]}：${valid.join('、')}`,
      format: 'text',
      ...look(level),
      to: valid,
      raw: json,
    },
  };
}
