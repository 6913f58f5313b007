/** Titles that are found again in whatever a platform makes of them: letters and digits, each once in a run. */
export const titleOf = (n: number): string => `chaos${String(n).padStart(6, '0')}`;

export const titlesIn = (text: string): string[] => [...new Set(text.match(/chaos\d{6}/g))];
