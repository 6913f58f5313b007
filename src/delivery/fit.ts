import type { Channel, SizeLimit } from '../channel/channel.ts';
import type { Message } from '../model.ts';

export interface Part {
  readonly payload: unknown;
  /** Text was left out because the message would need more parts than allowed. */
  readonly cut: boolean;
}

/** How far back from the hard limit a line or word break is worth looking for, as a share of the piece. */
const BREAK_WITHIN = 0.25;

/** UTF-16 units looked at around a cut; the longest emoji sequence in Unicode 16 has 35. */
const CLUSTER = 64;

/**
 * Renders a message in as many parts as the channel's limits ask for: one when it fits, else parts whose titles end
 * in (i/n). Fields and link go with the last part, mentions with the first. No character (grapheme) is split.
 * @param maxParts most parts; the rest of the text is cut and the last part says so
 */
export function fit(channel: Channel, message: Message, config: unknown, now: Date, maxParts: number): readonly Part[] {
  const title = cutTitle(message.title, channel.limits.title);
  const titled = title === message.title ? message : { ...message, title };
  const whole = channel.render(titled, config, now);
  if (fits(channel, whole)) return [{ payload: whole, cut: false }];

  const room = (extra: Message) =>
    fits(channel, channel.render(partOf({ ...extra, body: CUT_NOTE }, channel, CUT_NOTE, 0, 0), config, now));
  const splittable = withoutBulk(titled, room);
  const bodies = split(channel, splittable, config, now, maxParts);
  const last = bodies.pieces.length - 1;
  return bodies.pieces.map((body, i) => ({
    payload: channel.render(partOf(splittable, channel, body, i, last), config, now),
    cut: bodies.cut && i === last,
  }));
}

/** Fields, and then a link, that fill a message by themselves become lines of the body, which can be split. */
function withoutBulk(message: Message, room: (message: Message) => boolean): Message {
  if (room(message)) return message;
  const { fields = [], ...bare } = message;
  const lines = fields.map(({ name, value }) => `${name}：${value}`);
  const listed = { ...bare, body: [message.body, ...lines].join('\n') };
  if (room(listed) || listed.url === undefined) return listed;
  const { url, ...plain } = listed;
  return { ...plain, body: `${listed.body}\n${url}` };
}

/** The size of a rendered payload in the unit of the limit. */
export function measure(payload: unknown, limit: SizeLimit): number {
  const value = limit.of === 'body' ? payload : at(payload, limit.of);
  if (value === undefined) return 0;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return limit.unit === 'bytes' ? Buffer.byteLength(text) : text.length;
}

/** The longest prefix of at most `max` units that ends between two characters; the whole text when it is short. */
export function prefixOf(text: string, max: number): string {
  if (max >= text.length) return text;
  if (max <= 0) return '';
  const from = Math.max(0, max - CLUSTER);
  // A cluster may have begun before `from`; segmenting from a low surrogate would misread it.
  const start = isLowSurrogate(text, from) ? from - 1 : from;
  let end = start;
  for (const { index, segment } of graphemes.segment(text.slice(start, max + CLUSTER))) {
    if (start + index + segment.length > max) break;
    end = start + index + segment.length;
  }
  // A "character" longer than the window (endless combining marks) is cut between code points.
  if (end === start) end = isLowSurrogate(text, max) ? max - 1 : max;
  return text.slice(0, end);
}

const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' });

function fits(channel: Channel, payload: unknown): boolean {
  return channel.limits.size.every((limit) => measure(payload, limit) <= limit.max);
}

function at(payload: unknown, path: string): unknown {
  let value = payload;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Cuts the body into pieces, each of which fits when rendered as a part of the widest possible numbering. */
function split(channel: Channel, message: Message, config: unknown, now: Date, maxParts: number) {
  const pieces: string[] = [];
  let rest = message.body;
  let cut = false;
  while (rest !== '' || pieces.length === 0) {
    const isLast = pieces.length === maxParts - 1;
    const piece = longestFitting(rest, (body) => {
      const noted = isLast && body.length < rest.length ? body + CUT_NOTE : body;
      // Rendered with everything a part may carry, so that the piece fits wherever it ends up.
      const part = partOf(message, channel, noted, maxParts - 1, maxParts - 1);
      const first = partOf(message, channel, noted, 0, maxParts - 1);
      return fits(channel, channel.render(part, config, now)) && fits(channel, channel.render(first, config, now));
    });
    rest = rest.slice(piece.length).replace(/^\n/, '');
    if (isLast && rest !== '') {
      pieces.push(piece + CUT_NOTE);
      cut = true;
      break;
    }
    // Not one character fits beside title and fields: say so rather than loop.
    if (piece === '' && rest !== '') {
      pieces.push(CUT_NOTE.trim());
      cut = true;
      break;
    }
    pieces.push(piece);
  }
  return { pieces, cut };
}

const CUT_NOTE = '\n……（内容过长，其余部分已截断）';

function partOf(message: Message, channel: Channel, body: string, i: number, last: number): Message {
  const mark = last > 0 ? ` (${i + 1}/${last + 1})` : '';
  const { limits } = channel;
  const title = cutTitle(message.title, { ...limits.title, max: limits.title.max - mark.length }) + mark;
  const { fields, url, mentions, ...rest } = message;
  return {
    ...rest,
    title,
    body,
    ...(i === last && fields ? { fields } : {}),
    ...(i === last && url !== undefined ? { url } : {}),
    ...(i === 0 && mentions ? { mentions } : {}),
  };
}

/** The longest prefix that passes, found by bisection (rendering is monotonic in length), moved back to a break. */
function longestFitting(text: string, passes: (prefix: string) => boolean): string {
  if (passes(text)) return text;
  let low = 0;
  let high = text.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (passes(prefixOf(text, middle))) low = middle;
    else high = middle;
  }
  const prefix = prefixOf(text, low);
  const floor = prefix.length * (1 - BREAK_WITHIN);
  const line = prefix.lastIndexOf('\n');
  if (line > floor) return prefix.slice(0, line);
  const space = prefix.lastIndexOf(' ');
  return space > floor ? prefix.slice(0, space + 1) : prefix;
}

function cutTitle(title: string, limit: { max: number; unit: 'bytes' | 'chars' }): string {
  const size = (text: string) => (limit.unit === 'bytes' ? Buffer.byteLength(text) : text.length);
  if (size(title) <= limit.max) return title;
  let cut = prefixOf(title, Math.max(0, Math.min(title.length, limit.max) - 1));
  while (cut !== '' && size(cut + '…') > limit.max) cut = prefixOf(cut, cut.length - 1);
  return cut + '…';
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
