import { z } from 'zod';
import { firstIssue } from '../../issue.ts';
import { firstColour, levelOfColour, levelOfMarks } from '../../level.ts';
import { look } from '../../look.ts';
import { isNobody } from '../../nobody.ts';
import type { Draft } from '../../stand-in.ts';

export interface TemplateMessage {
  readonly touser: string;
  readonly client_msg_id: string | undefined;
  readonly draft: Draft;
}

const LINK = z.union([z.url({ protocol: /^https?$/ }), z.literal('')]);
const BODY = z.looseObject({
  touser: z.string(),
  template_id: z.string(),
  url: z.string().optional(),
  miniprogram: z.looseObject({ appid: z.string().min(1), pagepath: z.string().optional() }).optional(),
  client_msg_id: z.string().optional(),
  data: z.record(z.string(), z.looseObject({ value: z.string(), color: z.string().optional() })),
});

/** Followers that refuse a message: test accounts by these names. */
const REFUSING: readonly (readonly [RegExp, number, string])[] = [
  [/^stranger/i, 43004, 'require subscribe'],
  [/^blocked/i, 43019, 'user is in the block list'],
];

/** What the typed fields of a category template allow, in characters. developers.weixin.qq.com, template message. */
const FIELDS: readonly (readonly [RegExp, RegExp])[] = [
  [/^thing\d+$/, /^.{1,20}$/su],
  [/^character_string\d+$/, /^[\x20-\x7e]{1,32}$/],
  [/^phrase\d+$/, /^\p{Script=Han}{1,5}$/u],
  [/^phone_number\d+$/, /^[\d+\-() ]{1,17}$/],
  [/^const\d+$/, /^.{1,20}$/su],
];

/** Reads a template message; a free template of a test account takes any field. */
export function readTemplate(json: unknown): TemplateMessage | { readonly code: number; readonly reason: string } {
  const parsed = BODY.safeParse(json);
  if (!parsed.success) return { code: 47001, reason: `data format error: ${firstIssue(parsed.error).path}` };
  const { touser, template_id, url = '', miniprogram, client_msg_id, data } = parsed.data;
  if (!/^[\w-]{1,64}$/.test(touser) || isNobody(touser)) return { code: 40003, reason: 'invalid openid' };
  if (!/^[\w-]{1,64}$/.test(template_id) || isNobody(template_id)) {
    return { code: 40037, reason: 'invalid template_id' };
  }
  if (!LINK.safeParse(url).success) return { code: 40048, reason: 'invalid url domain' };
  const wrong = Object.entries(data).find(([name, { value }]) =>
    FIELDS.some(([names, values]) => names.test(name) && !values.test(value)),
  );
  if (wrong !== undefined) return { code: 47003, reason: `argument invalid! data.${wrong[0]}.value invalid` };
  const [, code, reason] = REFUSING.find(([pattern]) => pattern.test(touser)) ?? [];
  if (code !== undefined) return { code, reason: reason! };

  const words = Object.values(data).map(({ value }) => value);
  const colour = firstColour(
    Object.values(data)
      .map(({ color }) => color ?? '')
      .join(' '),
  );
  const titled = TITLES.find((name) => data[name] !== undefined);
  const told = TEXTS.find((name) => data[name] !== undefined);
  return {
    touser,
    client_msg_id,
    draft: {
      kind: 'template',
      style: 'card',
      title: data[titled ?? '']?.value ?? `[模板 ${template_id}]`,
      text: data[told ?? '']?.value ?? '',
      format: 'text',
      ...look(levelOfMarks(...words) ?? levelOfColour(colour), colour),
      fields: Object.entries(data)
        .filter(([name]) => name !== titled && name !== told)
        .map(([name, { value }]) => ({ name, value })),
      // "when both are there the mini-program wins"
      links: url === '' || miniprogram !== undefined ? [] : [{ text: '查看详情', url }],
      to: [touser],
      raw: json,
    },
  };
}

/** The usual names of the two fields; the text of the template itself is known to the platform alone. */
const TITLES = ['title', 'first'];
const TEXTS = ['content', 'remark'];
