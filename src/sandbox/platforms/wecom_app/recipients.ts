import { isNobody } from '../../nobody.ts';

/** Counts of one message. developer.work.weixin.qq.com, document/path/90236. */
const MOST_USERS = 1000;
const MOST_PARTIES = 100;
const MOST_TAGS = 100;

export interface Recipients {
  /** `@all`, user ids, `party:1`, `tag:1`: those that the platform knows. */
  readonly known: readonly string[];
  /** The lists of the answer, absent when empty; ids joined by `|`, users in lower case. */
  readonly refused: Readonly<Partial<Record<'invaliduser' | 'invalidparty' | 'invalidtag' | 'unlicenseduser', string>>>;
}

/**
 * Reads `touser`, `toparty`, `totag`. Unknown are users named `nobody…`, and departments and tags that are no number or
 * begin with 404; users named `unlicensed…` have no licence.
 */
export function readRecipients(to: {
  readonly touser?: string | undefined;
  readonly toparty?: string | undefined;
  readonly totag?: string | undefined;
}): Recipients | { readonly code: number; readonly reason: string } {
  if (to.touser === '@all') return { known: ['@all'], refused: {} };
  const [users, parties, tags] = [split(to.touser), split(to.toparty), split(to.totag)];
  if (users.length > MOST_USERS) return { code: 40032, reason: 'invalid userid list size' };
  if (parties.length > MOST_PARTIES) return { code: 82002, reason: 'invalid party list size' };
  if (tags.length > MOST_TAGS) return { code: 82003, reason: 'invalid tag list size' };
  if (users.length + parties.length + tags.length === 0) {
    return { code: 82001, reason: 'touser, toparty and totag are all empty' };
  }
  const unlicensed = users.filter((id) => /^unlicensed/i.test(id));
  const unknown = users.filter(isNobody);
  const refused = {
    invaliduser: unknown.map((id) => id.toLowerCase()),
    invalidparty: parties.filter((id) => !isNumber(id)),
    invalidtag: tags.filter((id) => !isNumber(id)),
    unlicenseduser: unlicensed.map((id) => id.toLowerCase()),
  };
  return {
    known: [
      ...users.filter((id) => !unknown.includes(id) && !unlicensed.includes(id)),
      ...parties.filter(isNumber).map((id) => `party:${id}`),
      ...tags.filter(isNumber).map((id) => `tag:${id}`),
    ],
    refused: Object.fromEntries(
      Object.entries(refused).flatMap(([name, ids]) => (ids.length === 0 ? [] : [[name, ids.join('|')]])),
    ),
  };
}

const split = (list = ''): string[] => [...new Set(list.split('|').filter((id) => id !== ''))];

const isNumber = (id: string): boolean => /^(?!404)\d{1,10}$/.test(id);
