import type { Channel } from '../channel/channel.ts';
import { mentionWords, withWrittenMentions } from '../channel/text/written-mentions.ts';
import type { Message } from '../model.ts';
import { loadOf } from './measure.ts';
import { type Place, split } from './split.ts';
import { cutTitle, markOf, withMark } from './title.ts';

export interface Part {
  readonly payload: unknown;
  /** Text was left out because the message would need more parts than allowed. */
  readonly cut: boolean;
  /** What was rendered as this part. */
  readonly message: Message;
}

export interface FitOptions {
  readonly now: Date;
  /** Most parts; the rest of the text is cut and the last part says so. */
  readonly maxParts: number;
  /** Of the task, or of the digest: handed to `render`, and named where text was left out. */
  readonly id: string;
}

/**
 * Renders a message in as many parts as the channel's limits ask for: one when it fits, else parts whose titles end
 * in (i/n). Fields and link go with the last part, mentions with the first; where the channel has no mentions they are
 * written at the end of the text. No character (grapheme) is split, and no link or code span of Markdown.
 */
export function fit(channel: Channel, message: Message, config: unknown, options: FitOptions): readonly Part[] {
  const { payload, load, said } = renderWhole(channel, message, config, options);
  if (load <= 1) return [{ payload, cut: false, message: said }];

  const { now, id } = options;
  const { title: limit, size, parts: most = Infinity } = channel.limits;
  const maxParts = Math.min(options.maxParts, most);
  const widest = markOf(maxParts, maxParts);
  // The shorter mark that a part bears in the end must not make room for a longer title than the one that was measured.
  const title = cutTitle(said.title, { ...limit, max: widest === '' ? limit.max : limit.max - widest.length - 1 });
  const loadWith = (whole: Message, body: string, place: Place) => {
    const part = partOf(whole, withMark(title, widest), body, place);
    return loadOf(size, channel.render(part, config, now, id));
  };
  const places = maxParts === 1 ? [ONLY] : [FIRST, LAST];
  const hasRoom = (whole: Message, text: string) => places.every((place) => loadWith(whole, text, place) <= 1);

  const notes = notesOf(id);
  const whole = withoutBulk(said, notes[0]!, hasRoom);
  // Written mentions stand at the end of the text; they are not left out with it.
  const words = message.mentions && !whole.mentions ? mentionWords(message.mentions) : '';
  const endings = words === '' ? notes : [`${notes[0]}\n${words}`, ...notes];
  const { pieces, cut } = split(whole.body, {
    format: whole.format,
    maxPieces: maxParts,
    // No more than half of a part.
    note: endings.find((ending) => hasRoom(whole, ending + ending)) ?? ELLIPSIS,
    excess: load,
    load: (body, place) => loadWith(whole, body, place),
  });
  return pieces.map((body, i) => {
    const last = i === pieces.length - 1;
    const marked = withMark(title, markOf(i + 1, pieces.length));
    const part = partOf(whole, marked, body, { first: i === 0, last });
    return { payload: channel.render(part, config, now, id), cut: cut && last, message: part };
  });
}

/** Whether the message fits into one part. */
export const fitsWhole = (
  channel: Channel,
  message: Message,
  config: unknown,
  options: Pick<FitOptions, 'now' | 'id'>,
) => renderWhole(channel, message, config, options).load <= 1;

function renderWhole(channel: Channel, message: Message, config: unknown, { now, id }: Pick<FitOptions, 'now' | 'id'>) {
  const { capabilities, limits } = channel;
  const written = capabilities.mentions ? message : withWrittenMentions(message);
  const title = cutTitle(written.title, limits.title);
  const said = title === written.title ? written : { ...written, title };
  const payload = channel.render(said, config, now, id);
  return { payload, load: loadOf(limits.size, payload), said };
}

const ELLIPSIS = '…';

/** What says that text was left out, best first: a short message has room for few words. */
const notesOf = (id: string): readonly string[] => [
  `\n……（内容过长，其余部分已截断；任务 ${id}）`,
  '\n……（已截断）',
  ELLIPSIS,
];

const FIRST: Place = { first: true, last: false };
const LAST: Place = { first: false, last: true };
const ONLY: Place = { first: true, last: true };

/**
 * Fields, then a link, then mentions, that fill a part by themselves become lines of the body, which can be split.
 * @param note a part with less room than twice this would be one of too many
 */
function withoutBulk(message: Message, note: string, hasRoom: (message: Message, text: string) => boolean): Message {
  const { fields = [], ...bare } = message;
  const lines = fields.map(({ name, value }) => `${name}：${value}`);
  const listed = { ...bare, body: [message.body, ...lines].join('\n') };
  const { url, ...unlinked } = listed;
  const linked = url === undefined ? listed : { ...unlinked, body: `${listed.body}\n${url}` };
  const ways = [message, listed, linked, withWrittenMentions(linked)];
  return (
    ways.find((way) => hasRoom(way, note + note)) ?? ways.find((way) => hasRoom(way, ELLIPSIS + ELLIPSIS)) ?? message
  );
}

function partOf(message: Message, title: string, body: string, { first, last }: Place): Message {
  const { fields, url, mentions, ...rest } = message;
  return {
    ...rest,
    title,
    body,
    ...(last && fields ? { fields } : {}),
    ...(last && url !== undefined ? { url } : {}),
    ...(first && mentions ? { mentions } : {}),
  };
}
