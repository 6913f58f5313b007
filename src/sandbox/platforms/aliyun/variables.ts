import { z } from 'zod';
import { parseJson } from '../../body.ts';

/** Reads `TemplateParam` or `TtsParam`: a JSON object of strings. Undefined: it is none. */
export function parseVariables(text: string | null): { name: string; value: string }[] | undefined {
  if (text === null || text === '') return [];
  const parsed = VARIABLES.safeParse(parseJson(Buffer.from(text, 'utf8')));
  return parsed.success ? Object.entries(parsed.data).map(([name, value]) => ({ name, value })) : undefined;
}

const VARIABLES = z.record(z.string(), z.string());
