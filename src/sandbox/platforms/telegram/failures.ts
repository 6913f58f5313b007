import type { Answer } from '../../stand-in.ts';

/** Seconds in an injected 429. */
const RETRY_AFTER = 3;
/** Where an injected upgrade says the group went. */
const MIGRATED_TO = -1_001_234_567_890;

/**
 * The descriptions of a Bot API server, by status. An injected code is a status (the first description of it) or a
 * description or its beginning in one word: `chat_not_found`, `bot_was_blocked`, `cant_parse_entities`. Descriptions are collected
 * in github.com/TelegramBotAPI/errors; they are no stable contract.
 */
const DESCRIPTIONS: readonly (readonly [status: number, prefix: string, words: readonly string[]])[] = [
  [
    400,
    'Bad Request: ',
    [
      'chat not found',
      'group chat was upgraded to a supergroup chat',
      'message text is empty',
      'text must be non-empty',
      'message is too long',
      "can't parse entities: Unsupported start tag",
      'entities too long',
      'BUTTON_URL_INVALID',
      'message thread not found',
      'TOPIC_CLOSED',
      'not enough rights to send text messages to the chat',
      'need administrator rights in the channel chat',
      'group is deactivated',
      'user not found',
      'PEER_ID_INVALID',
    ],
  ],
  [401, '', ['Unauthorized']],
  [
    403,
    'Forbidden: ',
    [
      'bot was blocked by the user',
      'bot was kicked from the supergroup chat',
      'bot is not a member of the channel chat',
      'user is deactivated',
      "bot can't send messages to bots",
      "bot can't initiate conversation with a user",
    ],
  ],
  [404, '', ['Not Found']],
  [409, '', ['Conflict: terminated by other getUpdates request']],
  [429, '', [`Too Many Requests: retry after ${RETRY_AFTER}`]],
  [500, '', ['Internal Server Error']],
  [502, '', ['Bad Gateway']],
  [503, '', ['Service Unavailable']],
  [504, '', ['Gateway Timeout']],
];

/** The answer of the Bot API for an injected code; undefined: there is no such status or description. */
export function telegramFailures(code: string): Answer | undefined {
  const name = code.toLowerCase();
  const found = TABLE.find(([key]) => key === name || key.startsWith(`${name}_`));
  if (found === undefined) return undefined;
  const { status, description } = found[1];
  const parameters = parametersOf(status, description);
  return {
    status,
    ...(status === 429 ? { headers: { 'retry-after': String(RETRY_AFTER) } } : {}),
    body: { ok: false, error_code: status, description, ...(parameters === undefined ? {} : { parameters }) },
  };
}

const TABLE = DESCRIPTIONS.flatMap(([status, prefix, words]) => {
  const entries = words.map((word) => [slug(word), { status, description: `${prefix}${word}` }] as const);
  return [[String(status), entries[0]![1]] as const, ...entries];
});

function slug(words: string): string {
  return words
    .toLowerCase()
    .replaceAll("'", '')
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim()
    .replaceAll(' ', '_');
}

function parametersOf(status: number, description: string): Readonly<Record<string, number>> | undefined {
  if (status === 429) return { retry_after: RETRY_AFTER };
  return description.includes('upgraded to a supergroup') ? { migrate_to_chat_id: MIGRATED_TO } : undefined;
}
