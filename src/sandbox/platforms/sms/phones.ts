/** The ceilings of the platforms' flow control for one number. */
export type FlowLevel = 'minute' | 'hour' | 'day';

/** `refused`: the platform never sends to this number; a level: its flow control is already used up. */
export type Trouble = 'refused' | FlowLevel;

/**
 * What befalls a number in the sandbox, by its last four digits, so that a test can choose: 0000 is refused, 0001, 0002
 * and 0003 have used up their minute, hour and day.
 */
export function troubleOf(phone: string): Trouble | undefined {
  const end = phone.slice(-4);
  return Object.hasOwn(TROUBLES, end) ? TROUBLES[end] : undefined;
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  '0000': 'refused',
  '0001': 'minute',
  '0002': 'hour',
  '0003': 'day',
};

/** The eleven digits of a mainland number in any of its forms (bare, +86, 86, 0086); undefined: it is none. */
export function mainland(phone: string): string | undefined {
  return /^(?:\+86|0086|86)?(1[3-9]\d{9})$/.exec(phone)?.[1];
}

/** Country code and number with `+`, or `00` where a platform takes that. */
export function isInternational(phone: string): boolean {
  return /^(?:\+|00)?(?!86|1[3-9]\d{0,9}$)[1-9]\d{7,14}$/.test(phone);
}
