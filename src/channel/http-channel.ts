import type { z } from 'zod';
import type { Outcome } from '../model.ts';
import { type Channel, type HttpReply, type HttpRequest, defineChannel } from './channel.ts';

/** A channel whose payload travels in one HTTP request: it says how to ask and how to read the answer. */
export type HttpChannel<S extends z.ZodType, P> = Omit<Channel<S, P>, 'send'> & {
  /**
   * Made anew for each attempt, so that a signature is never older than the attempt. Pure.
   * @param now the time to sign with
   * @param id the idempotency value, the same on every attempt
   */
  request(payload: P, config: z.output<S>, now: Date, id: string): HttpRequest;
  /** The verdict in the platform's answer. Pure; must have a word for any answer at all. */
  classify(reply: HttpReply, now: Date, config: z.output<S>): Outcome;
};

/** Writes `send` for the many channels whose payload is one HTTP request. */
export function defineHttpChannel<S extends z.ZodType, P>(channel: HttpChannel<S, P>): Channel {
  return defineChannel<S, P>({
    ...channel,
    async send(payload, config, io) {
      const reply = await io.http(channel.request(payload, config, io.now(), io.id));
      return channel.classify(reply, io.now(), config);
    },
  });
}

/**
 * A POST of JSON.
 * @param headers beside the content type
 */
export const postJson = (url: string, body: unknown, headers?: HttpRequest['headers']): HttpRequest => ({
  method: 'POST',
  url,
  headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers },
  body: JSON.stringify(body),
});

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };
