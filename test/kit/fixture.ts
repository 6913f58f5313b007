import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { z } from 'zod';
import type { Message } from '../../src/model.ts';

/** Part of every secret in a fixture: where it turns up, a secret has leaked. */
export const MARKER = 'LEAKED';

const kind = z.enum(['ok', 'unauthorized', 'invalid', 'rate_limited', 'unavailable', 'unknown']);

const answer = {
  status: z.int().default(200),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]).default(''),
};

const message = z.strictObject({
  title: z.string(),
  body: z.string(),
  level: z.enum(['info', 'warning', 'error']).default('info'),
  style: z.enum(['text', 'card']).default('text'),
  format: z.enum(['text', 'markdown']).default('text'),
  fields: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  url: z.string().optional(),
  mentions: z
    .strictObject({
      all: z.boolean().default(false),
      mobiles: z.array(z.string()).default([]),
      ids: z.array(z.string()).default([]),
    })
    .optional(),
});

const fixture = z.strictObject({
  /** Where the facts below were read. */
  source: z.array(z.string().min(10)).min(1),
  /** Valid; every secret holds the marker. */
  config: z.record(z.string(), z.unknown()),
  /** Keys that look like a secret and are none. */
  public: z.array(z.string()).default([]),
  /** Configurations that must be refused, each with the path that is at fault. */
  refused: z.array(z.strictObject({ change: z.record(z.string(), z.unknown()), at: z.string() })).min(1),
  /** Keys of the payload that goldens leave out; `contains` speaks for them. */
  omit: z.array(z.string()).default([]),
  messages: z
    .array(
      z.strictObject({
        name: z.string(),
        message,
        payload: z.record(z.string(), z.unknown()),
        contains: z.array(z.string()).default([]),
      }),
    )
    .min(3),
  /**
   * What no payload of a hostile message without mentions may hold: `keys` anywhere in it, and, by dotted path, texts
   * that match these expressions: mentions and live markup.
   */
  never: z.strictObject({
    keys: z.array(z.string()).default([]),
    texts: z.record(z.string(), z.array(z.string())),
  }),
  /** What token endpoints answer, by a piece of their URL. */
  token: z.array(z.strictObject({ match: z.string(), ...answer })).default([]),
  /** What the platform answers to a message that it takes. */
  accepted: z.strictObject(answer).prefault({ body: { code: 0, errcode: 0 } }),
  /**
   * What to change in `config` so that it speaks to the sandbox, `$S` being its URL and `$N` the channel's name; keys the
   * stand-in would refuse as malformed included.
   */
  sandbox: z.record(z.string(), z.unknown()).default({ base_url: '$S/$N' }),
  /** Where an answer that any HTTP server may give means something else here: by the name of the case. */
  universal: z.record(z.string(), z.enum(['ok', ...kind.options])).default({}),
  /** Its text travels in the query. */
  url_carries_text: z.boolean().default(false),
  /** Every answer that the platform documents or was seen to give. */
  replies: z
    .array(
      z.strictObject({
        ...answer,
        /** Answers to the later requests of the same attempt. */
        next: z.array(z.strictObject(answer)).default([]),
        /** For SMTP: the step at which this is said, instead of an HTTP status. */
        at: z.enum(['CONNECT', 'EHLO', 'STARTTLS', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'END']).optional(),
        kind,
        code: z.string().optional(),
        retry_after: z.number().optional(),
        quota: z.literal(true).optional(),
        account: z.literal(true).optional(),
        as_text: z.literal(true).optional(),
        refused: z.array(z.strictObject({ recipient: z.string(), code: z.string().optional() })).optional(),
        /** A word that the note of a success must hold. */
        note: z.string().optional(),
        max_retries: z.int().optional(),
        /** A word that the Chinese remedy must hold. */
        remedy: z.string().optional(),
      }),
    )
    .min(5),
});

export type Fixture = z.output<typeof fixture>;
export type Reply = Fixture['replies'][number];
export type Answer = Fixture['accepted'];

/** @throws when there is none, or it is not in the form above */
export async function loadFixture(name: string): Promise<Fixture> {
  return fixture.parse(load(await readFile(new URL(`../channels/${name}.yaml`, import.meta.url), 'utf8')));
}

/** The message of a fixture as the core hands it over: absent keys are absent, not undefined. */
export const messageOf = (given: Fixture['messages'][number]['message']): Message => {
  const { fields, url, mentions, ...rest } = given;
  return { ...rest, ...(fields && { fields }), ...(url !== undefined && { url }), ...(mentions && { mentions }) };
};
