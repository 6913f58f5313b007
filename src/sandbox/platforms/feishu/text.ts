import { levelOfMarks } from '../../level.ts';
import { look } from '../../look.ts';
import type { Drawn } from '../../stand-in.ts';

/** `<at user_id="ou_xxx">Name</at>` in text, `<at id=ou_xxx></at>` in a card. */
const AT = /<at\s+(?:user_id|id)\s*=\s*"?([^\s">]+)"?\s*>([^<]*)<\/at>/g;

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'", nbsp: ' ' };

/** A message of `msg_type` text. */
export function drawText(source: string): Drawn {
  const text = plainText(source);
  return {
    style: 'text',
    format: 'text',
    title: '',
    text,
    mentions: readMentions(source),
    ...look(levelOfMarks(text)),
  };
}

/** What a reader sees: mentions as @Name, entities resolved once. */
export function plainText(text: string): string {
  return text
    .replaceAll(AT, (_, id: string, name: string) => `@${id === 'all' ? '所有人' : name || id}`)
    .replaceAll(/&(lt|gt|amp|quot|nbsp|#39);/g, (_, name: string) => ENTITIES[name]!);
}

export function readMentions(text: string): string[] {
  return [...text.matchAll(AT)].map(([, id]) => id!);
}
