import { z } from 'zod';
import { issueWords } from '../../issue.ts';
import { levelOfMarks } from '../../level.ts';
import { look } from '../../look.ts';
import type { Drawn, Level } from '../../stand-in.ts';

/** Colours of a text and styles of a container. */
const LEVELS: Readonly<Record<string, Level>> = {
  attention: 'error',
  warning: 'warning',
  good: 'info',
  accent: 'info',
};

/**
 * Reads an Adaptive Card as Teams shows it (adaptivecards.io/explorer). Gives a draft, or a string that tells what keeps
 * it from being shown: elements of an unknown type, and mentions whose text and entity differ.
 */
export function readAdaptiveCard(value: unknown): Drawn | string {
  const parsed = CARD.safeParse(value);
  if (!parsed.success) return issueWords(parsed.error);
  const card = parsed.data;
  const elements = card.body.flatMap(flatten);
  for (const element of [...elements, ...(card.actions ?? [])]) {
    const known = Object.hasOwn(SHAPES, element.type) ? SHAPES[element.type] : undefined;
    if (known === undefined) return `element type '${element.type}' is not supported`;
    const checked = known.safeParse(element);
    if (!checked.success) return `${element.type}: ${issueWords(checked.error)}`;
  }
  const texts = elements.flatMap((element) => TEXT_BLOCK.safeParse(element).data ?? []);
  const entities = card.msteams?.entities ?? [];
  const fault = mentionFault(
    texts.map(({ text }) => text),
    entities.map(({ text }) => text),
  );
  if (fault !== undefined) return fault;
  const heading = texts.find(({ weight, size }) => weight === 'bolder' || LARGE.has(size ?? ''));
  const colour = toneOf(elements);
  const level = LEVELS[colour ?? ''] ?? levelOfMarks(texts[0]?.text ?? '');
  const plain = (text: string): string => text.replaceAll(AT, (_, name: string) => `@${name}`);
  return {
    style: elements.length > 1 || (card.actions ?? []).length > 0 ? 'card' : 'text',
    title: heading === undefined ? '' : plain(heading.text),
    text: texts
      .filter((text) => text !== heading)
      .map(({ text }) => plain(text))
      .join('\n\n'),
    format: 'markdown',
    ...look(level, colour),
    fields: elements.flatMap((element) =>
      (FACT_SET.safeParse(element).data?.facts ?? []).map(({ title, value: shown }) => ({ name: title, value: shown })),
    ),
    links: [...(card.actions ?? []), ...elements.flatMap(({ actions }) => actions ?? [])].flatMap((action) => {
      const { data } = OPEN_URL.safeParse(action);
      return data === undefined ? [] : [{ text: data.title, url: data.url }];
    }),
    mentions: entities.map(({ mentioned }) => mentioned.id),
  };
}

const LARGE: ReadonlySet<string> = new Set(['large', 'extralarge']);
const AT = /<at>([^<]*)<\/at>/g;
const LINK = z.url({ protocol: /^(https?|mailto|msteams)$/ });
/** Names of enumerations know no case. */
const word = (...known: string[]) =>
  z
    .string()
    .transform((text) => text.toLowerCase())
    .refine((text) => known.includes(text), `is not one of ${known.join(', ')}`)
    .optional();

const ACTION = z.looseObject({ type: z.string() });
const ELEMENT = z.looseObject({
  type: z.string(),
  get items() {
    return z.array(ELEMENT).optional();
  },
  get columns() {
    return z.array(ELEMENT).optional();
  },
  actions: z.array(ACTION).optional(),
});
type Element = z.infer<typeof ELEMENT>;

const ENTITY = z.looseObject({
  type: z.literal('mention'),
  text: z.string().regex(/^<at>[^<]+<\/at>$/),
  mentioned: z.looseObject({ id: z.string().min(1), name: z.string().min(1) }),
});
const CARD = z.looseObject({
  type: z.literal('AdaptiveCard'),
  version: z.string().regex(/^1\.[0-5]$/, 'is not a supported version'),
  body: z.array(ELEMENT).min(1),
  actions: z.array(ACTION).max(6).optional(),
  msteams: z.looseObject({ width: z.string().optional(), entities: z.array(ENTITY).optional() }).optional(),
});

const TONE = word('default', 'dark', 'light', 'accent', 'good', 'warning', 'attention');
const TEXT_BLOCK = z.looseObject({
  type: z.literal('TextBlock'),
  text: z.string().min(1),
  size: word('default', 'small', 'medium', 'large', 'extralarge'),
  weight: word('default', 'lighter', 'bolder'),
  color: TONE,
  wrap: z.boolean().optional(),
  isSubtle: z.boolean().optional(),
});
const FACT_SET = z.looseObject({
  type: z.literal('FactSet'),
  facts: z.array(z.looseObject({ title: z.string(), value: z.string() })).min(1),
});
const OPEN_URL = z.looseObject({ type: z.literal('Action.OpenUrl'), title: z.string().min(1), url: LINK });
const STYLE = { style: word('default', 'emphasis', 'good', 'attention', 'warning', 'accent') };

const SHAPES: Readonly<Record<string, z.ZodType>> = {
  TextBlock: TEXT_BLOCK,
  FactSet: FACT_SET,
  Container: z.looseObject({ items: z.array(ELEMENT).min(1), ...STYLE }),
  ColumnSet: z.looseObject({ columns: z.array(ELEMENT).min(1), ...STYLE }),
  Column: z.looseObject({ items: z.array(ELEMENT).optional(), ...STYLE }),
  Image: z.looseObject({ url: LINK }),
  ActionSet: z.looseObject({ actions: z.array(OPEN_URL).min(1) }),
  'Action.OpenUrl': OPEN_URL,
};

/** An element and those inside it. */
function flatten(element: Element): Element[] {
  return [element, ...[...(element.items ?? []), ...(element.columns ?? [])].flatMap(flatten)];
}

/** The first colour that tells a level, of a text or a container. */
function toneOf(elements: readonly Element[]): string | undefined {
  return elements
    .flatMap((element) => [element['color'], element['style']])
    .map((tone) => (typeof tone === 'string' ? tone.toLowerCase() : ''))
    .find((tone) => Object.hasOwn(LEVELS, tone));
}

/** Every `<at>` needs an entity with the same text, byte for byte, and every entity an `<at>`. */
function mentionFault(texts: readonly string[], entities: readonly string[]): string | undefined {
  const written = new Set(texts.flatMap((text) => [...text.matchAll(AT)].map(([whole]) => whole)));
  const orphan = entities.find((text) => !written.has(text));
  if (orphan !== undefined) return `Activity mention entity ${orphan} is not in the text`;
  const unknown = [...written].find((text) => !entities.includes(text));
  return unknown === undefined ? undefined : `${unknown} has no mention entity`;
}
