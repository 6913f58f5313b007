import { boundary } from '../text/boundary.ts';

const FENCE = '```';
/** What closing a block of code in one chunk and opening it in the next may add to one. */
const FENCES = 2 * (FENCE.length + 1);

/**
 * A text in pieces of at most `max` UTF-16 units, which are shown one below the other: cut at the end of a line where there
 * is one, and never inside a character.
 * @param type `mrkdwn` is not cut inside a link or an entity either, and a block of code that is cut is one in both pieces
 */
export function slackChunks(text: string, max: number, type: 'mrkdwn' | 'plain_text'): string[] {
  const chunks: string[] = [];
  let rest = text;
  while (rest.length > max) {
    const at = type === 'mrkdwn' ? placeToCut(rest, max - FENCES) : lineEnd(rest, max);
    const chunk = rest.slice(0, at);
    const next = rest.slice(rest[at] === '\n' ? at + 1 : at);
    const isOpen = type === 'mrkdwn' && chunk.split(FENCE).length % 2 === 0;
    chunks.push(isOpen ? `${chunk}\n${FENCE}` : chunk);
    rest = isOpen ? `${FENCE}\n${next}` : next;
  }
  chunks.push(rest);
  return chunks;
}

/** The last end of a line up to `max` that does not waste half of the room; else the last character that fits. */
function lineEnd(text: string, max: number): number {
  const line = text.lastIndexOf('\n', max);
  return line > max / 2 ? line : boundary(text, max);
}

function placeToCut(text: string, max: number): number {
  const at = lineEnd(text, max);
  if (text[at] === '\n') return at;
  const entity = /&[a-z]{0,4}$/.exec(text.slice(Math.max(0, at - 5), at))?.[0].length ?? 0;
  const link = text.lastIndexOf('<', at - 1);
  return link > Math.max(0, text.lastIndexOf('>', at - 1)) ? link : at - entity;
}
