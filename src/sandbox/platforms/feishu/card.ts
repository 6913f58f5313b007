import { z } from 'zod';
import { issueWords } from '../../issue.ts';
import { look } from '../../look.ts';
import type { Drawn, Level } from '../../stand-in.ts';
import { plainText, readMentions } from './text.ts';

/**
 * Reads a Feishu card of version 1.0 (forgiving), 2.0 (unknown properties are refused) or a template card.
 * Codes: 230099 envelope, 200621 cannot be parsed, 11310 too many elements or tables.
 */
export function card(value: unknown): Drawn | { readonly code: number; readonly reason: string } {
  if (typeof value !== 'object' || value === null) {
    return { code: 200621, reason: 'parse card json err: card must be an object' };
  }
  const version = 'schema' in value ? 'v2' : 'type' in value && value.type === 'template' ? 'template' : 'v1';
  const parsed = SCHEMAS[version].safeParse(value);
  if (!parsed.success) {
    const code = parsed.error.issues[0]?.path.length === 1 ? 230099 : 200621;
    return { code, reason: `parse card json err: ${issueWords(parsed.error)}` };
  }
  const { header, elements } = parsed.data;
  const all = elements.flatMap(flatten);
  const tables = all.filter((element) => element['tag'] === 'table').length;
  if (tables > MOST_TABLES) return { code: 11310, reason: `card table number over limit: ${tables}` };
  if (version === 'v2' && all.length > MOST_ELEMENTS) {
    return { code: 11310, reason: `card element number over limit: ${all.length}` };
  }
  const wrong = all.map((element) => fault(element, version === 'v2')).find((reason) => reason !== undefined);
  if (wrong !== undefined) return { code: 200621, reason: `parse card json err: ${wrong}` };
  return draw(header, all);
}

/** Documented for 2.0. */
const MOST_ELEMENTS = 200;
/** A sixth table was refused. */
const MOST_TABLES = 5;

const COLOURS: Readonly<Record<string, Level | undefined>> = {
  blue: 'info',
  wathet: 'info',
  turquoise: 'info',
  green: 'info',
  yellow: 'warning',
  orange: 'warning',
  red: 'error',
  carmine: 'error',
  violet: 'info',
  purple: 'info',
  indigo: 'info',
  grey: undefined,
};

const COLOUR = z.string().refine((name) => Object.hasOwn(COLOURS, name), 'unknown template colour');
const LABEL = z.looseObject({ tag: z.enum(['plain_text', 'lark_md']), content: z.string() });
const HEADER = z.looseObject({ title: LABEL, subtitle: LABEL.optional(), template: COLOUR.optional() });
type Header = z.infer<typeof HEADER>;
type Element = Record<string, unknown> & { tag: string };
const ELEMENT: z.ZodType<Element> = z.looseObject({ tag: z.string() });

const SCHEMAS = {
  v1: z
    .looseObject({ header: HEADER.optional(), elements: z.array(ELEMENT) })
    .transform(({ header, elements }) => ({ header, elements })),
  v2: z
    .strictObject({
      schema: z.literal('2.0'),
      config: z.looseObject({ update_multi: z.literal(true).optional() }).optional(),
      card_link: z.looseObject({}).optional(),
      header: HEADER.extend({ icon: z.unknown(), text_tag_list: z.unknown(), padding: z.unknown() })
        .partial({ icon: true, text_tag_list: true, padding: true })
        .strict()
        .optional(),
      body: z.looseObject({ elements: z.array(ELEMENT) }),
    })
    .transform(({ header, body }) => ({ header, elements: body.elements })),
  template: z
    .looseObject({ type: z.literal('template'), data: z.looseObject({ template_id: z.string().min(1) }) })
    .transform(({ data }) => ({
      header: undefined,
      elements: [{ tag: 'markdown', content: `[模板卡片 ${data.template_id}]` }] as Element[],
    })),
};

/** An element and those inside it. */
function flatten(element: Element): Element[] {
  const inner = ['columns', 'elements', 'actions'].flatMap((key) => {
    const list = z.array(ELEMENT).safeParse(element[key]);
    return list.success ? list.data : [];
  });
  return [element, ...inner.flatMap(flatten)];
}

const LINK = z.url({ protocol: /^https?$/ });
const FIELDS = z.array(z.looseObject({ text: LABEL }));
const BEHAVIOURS = z.array(z.looseObject({ type: z.string(), default_url: LINK.optional() }));
const TEXTS: Readonly<Record<string, z.ZodType>> = {
  markdown: z.looseObject({ content: z.string() }),
  div: z.union([z.looseObject({ text: LABEL }), z.looseObject({ fields: FIELDS.min(1) })]),
  note: z.looseObject({ elements: z.array(ELEMENT).min(1) }),
  action: z.looseObject({ actions: z.array(ELEMENT).min(1) }),
  button: z.looseObject({ text: LABEL, url: LINK.optional(), behaviors: BEHAVIOURS.optional() }),
  plain_text: z.looseObject({ content: z.string() }),
  lark_md: z.looseObject({ content: z.string() }),
  img: z.looseObject({ img_key: z.string().min(1) }),
  hr: z.looseObject({}),
  table: z.looseObject({ columns: z.array(z.unknown()) }),
  column_set: z.looseObject({ columns: z.array(ELEMENT) }),
  column: z.looseObject({ elements: z.array(ELEMENT) }),
};

/** What is wrong with one element, in words. */
function fault(element: Element, v2: boolean): string | undefined {
  if (v2 && (element.tag === 'note' || element.tag === 'action'))
    return `unsupported tag in schema 2.0: ${element.tag}`;
  if (!Object.hasOwn(TEXTS, element.tag)) return `unknown tag: ${element.tag}`;
  const parsed = TEXTS[element.tag]!.safeParse(element);
  return parsed.success ? undefined : `${element.tag}.${parsed.error.issues[0]?.path.join('.')} is invalid`;
}

function draw(header: Header | undefined, elements: readonly Element[]): Drawn {
  const texts = elements.map(words).filter((text) => text !== '');
  const colour = header?.template;
  const level = colour === undefined ? undefined : COLOURS[colour];
  return {
    style: 'card',
    title: header === undefined ? '' : plainText(header.title.content),
    text: texts.map(plainText).join('\n\n'),
    format: 'markdown',
    ...look(level, colour),
    fields: elements.flatMap(fields),
    links: elements.flatMap(link),
    mentions: texts.flatMap(readMentions),
  };
}

const content = (value: unknown): string => LABEL.safeParse(value).data?.content ?? '';

function words(element: Element): string {
  if (element.tag === 'hr') return '---';
  if (element.tag === 'div') return content(element['text']);
  if (element.tag === 'table') return '[表格]';
  if (element.tag === 'img') return '[图片]';
  return typeof element['content'] === 'string' ? element['content'] : '';
}

/** `**name**\nvalue`, `**name:** value` or `name：value`: the usual ways to write a field. */
const FIELD = /^(?:\*\*(.+?)[:：]?\*\*[:：]?|([^*:：\n]{1,30})(?:：|: ))\s*([\s\S]*)$/;

function fields(element: Element): { name: string; value: string }[] {
  return (FIELDS.safeParse(element['fields']).data ?? []).map((field) => {
    const text = plainText(field.text.content);
    const [, bold, plain, value] = FIELD.exec(text) ?? [];
    return { name: bold ?? plain ?? '', value: value ?? text };
  });
}

function link(element: Element): { text: string; url: string }[] {
  if (element.tag !== 'button') return [];
  const behaviours = BEHAVIOURS.safeParse(element['behaviors']).data ?? [];
  const url = element['url'] ?? behaviours.find(({ type }) => type === 'open_url')?.default_url;
  return typeof url === 'string' ? [{ text: content(element['text']) || url, url }] : [];
}
