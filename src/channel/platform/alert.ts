import type { Field, Message } from '../../model.ts';
import { shortHash } from '../short-hash.ts';
import { renderTemplate } from '../template/template.ts';
import { variablesOf } from '../template/template-variables.ts';

/**
 * What makes two events the same alert, for platforms that keep alerts open: the id of the task, or what a template makes
 * of the message. A longer one keeps its beginning and ends in a digest of the whole, so that two are never taken for one.
 * @param max UTF-16 units
 */
export function alertKey(template: string | undefined, message: Message, now: Date, id: string, max: number): string {
  if (template === undefined) return id;
  const key = renderTemplate(template, 'text', variablesOf(message, now, id)).trim() || id;
  if (key.length <= max) return key;
  const digest = shortHash(key);
  return `${key.slice(0, max - digest.length - 1).toWellFormed()}-${digest}`;
}

/** Fields as a record, after the entries that are there already; a name that is taken gets a number: `主机 (2)`. */
export function detailsOf(
  fields: readonly Field[] | undefined,
  entries: readonly (readonly [name: string, value: string])[] = [],
): Readonly<Record<string, string>> {
  const details = new Map(entries);
  for (const { name, value } of fields ?? []) {
    let free = name;
    for (let i = 2; details.has(free); i++) free = `${name} (${i})`;
    details.set(free, value);
  }
  return Object.fromEntries(details);
}
