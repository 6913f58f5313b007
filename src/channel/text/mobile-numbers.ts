/** Telephone numbers among the mobiles of a mention, and whatever else stands there. */
export interface MobileNumbers {
  readonly numbers: readonly string[];
  /** No telephone numbers: they mention nobody and could cost the whole message. */
  readonly others: readonly string[];
}

/**
 * Mobiles as DingTalk's and WeCom's pages write them: without blanks, those of mainland China without their country code.
 * Empty ones are left out.
 */
export function mobileNumbers(mobiles: readonly string[]): MobileNumbers {
  const numbers: string[] = [];
  const others: string[] = [];
  for (const mobile of mobiles) {
    const bare = mobile.replaceAll(' ', '').replace(MAINLAND, '');
    if (NUMBER.test(bare)) numbers.push(bare);
    else if (mobile !== '') others.push(mobile);
  }
  return { numbers, others };
}

const NUMBER = /^\+?[\d-]{3,20}$/;
const MAINLAND = /^(?:\+|00)?86-?(?=1\d{10}$)/;
