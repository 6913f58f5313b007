import type { Field, Message } from '../../model.ts';
import { hint } from '../nearest.ts';
import type { Place, TemplateFault } from './template-fault.ts';

export type Variables = Readonly<Record<string, unknown>>;

/**
 * What a template may say about a message, under every name it may use: `title`, `body`, `level`, `url` (empty when the
 * message has none), `fields`, `task_id`, `timestamp` (ISO 8601, UTC) and their synonyms.
 * @param id of the task
 */
export function variablesOf(message: Message, now: Date, id: string): Variables {
  const values: Readonly<Record<string, unknown>> = {
    title: message.title,
    body: message.body,
    level: message.level,
    fields: fieldList(message.fields ?? []),
    url: message.url ?? '',
    task_id: id,
    timestamp: now.toISOString(),
  };
  const variables: Record<string, unknown> = {};
  for (const [name, key] of NAMES) variables[name] = values[key];
  return variables;
}

/** The names of the API and those that templates written for other programs use; Go's begin with a capital. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  title: ['Title'],
  body: ['Body', 'content', 'Content', 'message', 'Message', 'msg', 'Msg'],
  level: ['Level', 'type', 'Type'],
  fields: ['Fields'],
  url: ['Url', 'URL'],
  task_id: ['TaskId', 'TaskID', 'taskId'],
  timestamp: ['Timestamp'],
};

const NAMES: readonly (readonly [name: string, key: string])[] = Object.entries(SYNONYMS).flatMap(([key, more]) =>
  [key, ...more].map((name) => [name, key] as const),
);

const KEYS: ReadonlyMap<string, string> = new Map(NAMES);

/**
 * Says of a name that no message has it, and which was probably meant.
 * @param path the name and its parts: `fields[0].name` is fields, 0, name; `undefined` is a part that is itself a variable
 */
export function nameFault(path: readonly (string | number | undefined)[], at: Place): TemplateFault | undefined {
  const [name = '', part, inner] = path;
  const key = KEYS.get(String(name));
  if (key === undefined) return { at, message: `unknown variable "${name}"${hint(String(name), SHOWN)}` };
  if (key === 'fields') return isItem(part) ? partFault(inner, at) : undefined;
  if (part === undefined || part === 'size') return undefined;
  return { at, message: `${name} is text and has no part "${part}"` };
}

/** Likewise of a part of one of the `fields`. */
export function partFault(part: string | number | undefined, at: Place): TemplateFault | undefined {
  if (part === undefined || PARTS.includes(String(part))) return undefined;
  return { at, message: `a field has no part "${part}"${hint(String(part), PARTS)}` };
}

/** Whether a name stands for the list of fields. */
export const isFields = (name: string): boolean => KEYS.get(name) === 'fields';

/** Names are compared without their case. */
const SHOWN = [...KEYS.keys()].filter((name) => !/[A-Z]/.test(name));

const PARTS: readonly string[] = ['name', 'value'];
const isItem = (part: string | number | undefined) => typeof part === 'number' || part === 'first' || part === 'last';

/**
 * A list of `{name, value}` that also answers by name: `fields["主机"]`. The first of equal names counts; a name that
 * means something else for a list (a number, `size`, `first`, `length`, `valueOf`) is found in the list only.
 */
function fieldList(fields: readonly Field[]): readonly Field[] {
  const list = fields.map(({ name, value }) => ({ name, value }));
  for (const { name, value } of fields)
    if (!/^\d+$|^(?:size|first|last)$/.test(name) && !(name in list)) Object.defineProperty(list, name, { value });
  return list;
}

const HOSTILE = 'He said "no" \\ 50% {{ x }} <b>&\'\t\u2028 行\u{1F600}';

/** Messages that a template of the configuration is tried with: rich and bare, of each level. */
export const SAMPLE_MESSAGES: readonly Message[] = (['info', 'warning', 'error'] as const).flatMap((level) => [
  {
    title: `${level} ${HOSTILE}`,
    body: `${HOSTILE}\n${HOSTILE}`,
    level,
    style: 'card',
    format: 'text',
    fields: [
      { name: HOSTILE, value: HOSTILE },
      { name: '主机', value: 'web-1' },
    ],
    url: 'https://example.com/?a=1&b="2"',
  },
  { title: 'title', body: '', level, style: 'text', format: 'text' },
]);
