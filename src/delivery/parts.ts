import { isDeepStrictEqual } from 'node:util';
import type { Channel } from '../channel/channel.ts';
import type { Message, Success, Target, Trail } from '../model.ts';
import { type Part, fit } from './fit.ts';

export interface FitSettings {
  readonly now: Date;
  readonly maxParts: number;
  /** Of the task, or of the digest. */
  readonly id: string;
}

const REACHED: Success = { ok: true };

const AS_TEXT: Success = { ok: true, note: '平台无法显示该卡片，已改为纯文本发送' };

/** One message as its target takes it: in parts, the first of which may have been accepted. */
export class Parts {
  /** The number of the part to send next, from 0. */
  next = 0;
  /** What the accepted parts came to. */
  success: Success = REACHED;
  #list: readonly Part[] | undefined = undefined;
  /** The platform could not read it as a card: it goes as plain text. */
  #plain = false;
  /** As many there were when another process sent the first ones. */
  #expected: number | undefined = undefined;

  /** @param trail how far another process had come with it */
  constructor(trail?: Trail) {
    if (trail === undefined) return;
    this.next = trail.accepted;
    this.#plain = trail.plain;
    this.#expected = trail.parts;
  }

  get plain(): boolean {
    return this.#plain;
  }

  get count(): number {
    return this.#list?.length ?? 1;
  }

  /** Different for the text that takes a card's place: it is another message. */
  get key(): string {
    return `${this.next}${this.#plain ? 't' : ''}`;
  }

  /** Renders the message, unless that is done. */
  prepare(message: () => Message, channel: Channel, target: Target, settings: FitSettings): void {
    this.#list ??= this.#fit(message(), channel, target, settings);
    // It is cut otherwise than before: nobody can say which of these parts have arrived.
    if (this.#expected !== undefined && this.#expected !== this.#list.length) this.next = 0;
    this.#expected = undefined;
  }

  /** What to send now. */
  get payload(): unknown {
    return this.#list![this.next]!.payload;
  }

  /** @returns whether it was the last */
  accepted(success: Success): boolean {
    this.success = both(this.success, success);
    this.next++;
    return this.next === this.count;
  }

  /**
   * Rendered anew next time, unless something of it has been accepted.
   * @returns whether there is nothing else to remember
   */
  forget(): boolean {
    if (this.next === 0) this.#list = undefined;
    return this.next === 0 && !this.#plain;
  }

  /**
   * Once, what a platform refused as a card is tried as plain text: all of it, or the parts that have not arrived yet.
   * @returns false: that would be the same
   */
  turnToText(channel: Channel, target: Target, settings: FitSettings): boolean {
    if (this.#plain) return false;
    const list = this.#list ?? [];
    const refused = list.slice(this.next);
    this.#plain = true;
    const texts = refused.flatMap(({ message }) => this.#fit(message, channel, target, settings));
    if (isDeepStrictEqual(payloadsOf(texts), payloadsOf(refused))) return false;
    this.success = both(this.success, AS_TEXT);
    this.#list = this.next === 0 ? undefined : [...list.slice(0, this.next), ...texts];
    return true;
  }

  #fit(message: Message, channel: Channel, { config }: Target, settings: FitSettings): readonly Part[] {
    const asked: Message = this.#plain ? { ...message, style: 'text', format: 'text', plain: true } : message;
    return fit(channel, asked, config, settings);
  }
}

const payloadsOf = (parts: readonly Part[]): unknown[] => parts.map(({ payload }) => payload);

/** What two parts came to: each may have missed other people. */
export function both(a: Success, b: Success): Success {
  if (a === REACHED && b.refused === undefined) return b;
  const known = new Set(a.refused?.map(({ recipient }) => recipient));
  const refused = [...(a.refused ?? []), ...(b.refused ?? []).filter(({ recipient }) => !known.has(recipient))];
  const note = b.note ?? a.note;
  if (refused.length === 0 && note === undefined) return REACHED;
  return { ok: true, ...(refused.length > 0 && { refused }), ...(note !== undefined && { note }) };
}
