import { z } from 'zod';
import { check, kindOf, unknownKey } from './check.ts';
import type { Fault } from './fault.ts';
import type { Platform } from './platform.ts';
import { commonSchema } from './platform.ts';
import { SECTIONS } from './schema.ts';
import type { Settings } from './schema.ts';
import { fileKey, shapeOf } from './shape.ts';
import type { Shape } from './shape.ts';
import { toPlain } from './tree.ts';
import type { Mapping } from './tree.ts';

type Fields = Readonly<Record<string, z.core.$ZodType>>;

/** The sections with a schema of their own, and the sections whose name nobody knows. */
export function readSections(root: Mapping, shape: Shape): { settings: Partial<Settings>; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const settings: Record<string, unknown> = {};
  for (const key of root.entries.keys())
    if (shape.fields?.has(key) !== true) faults.push({ path: [key], message: unknownKey(key, shape) });
  for (const [name, schema] of Object.entries(SECTIONS)) {
    const node = root.entries.get(name)?.value;
    // A section with nothing in it (every line commented out) is as good as none.
    const value = (node && toPlain(node)) ?? {};
    const result = check(schema, value, [name], shape.fields!.get(name)!);
    if ('data' in result) settings[name] = result.data;
    else faults.push(...result.faults);
  }
  return { settings, faults };
}

/**
 * The sections named like a channel: `email` holds what all targets of the channel email have in common. Each of its
 * values is judged here as well, so that a wrong one is found while there is no target yet.
 */
export function sectionsOfPlatforms(
  root: Mapping,
  platforms: ReadonlyMap<string, Platform>,
): { sections: ReadonlyMap<string, Mapping>; faults: readonly Fault[] } {
  const sections = new Map<string, Mapping>();
  const faults: Fault[] = [];
  for (const { name, section, config, common } of platforms.values()) {
    const node = root.entries.get(name)?.value;
    if (section === undefined || node === undefined || (node.kind === 'scalar' && node.value === null)) continue;
    if (node.kind !== 'mapping') {
      faults.push({ path: [name], message: `expected a mapping (key: value), got ${kindOf(toPlain(node))}` });
      continue;
    }
    sections.set(name, node);
    const shared = Object.entries(commonSchema.shape).filter(([key]) => common.has(key));
    const fields: Fields = { ...Object.fromEntries(shared), ...fieldsOf(config) };
    for (const [key, { value }] of node.entries) {
      if (section.fields?.has(key) !== true && section.each === undefined && fileKey(key, section) === undefined)
        faults.push({ path: [name, key], message: unknownKey(key, section) });
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (!(field instanceof z.ZodType)) continue;
      const result = check(field, toPlain(value), [name, key], shapeOf(field));
      if ('faults' in result) faults.push(...result.faults);
    }
  }
  return { sections, faults };
}

/** Whether no section failed. */
export function isComplete(settings: Partial<Settings>): settings is Settings {
  return Object.keys(SECTIONS).every((name) => name in settings);
}

/** The fields of an object schema below its wrappers; none for a schema that is something else (a union). */
function fieldsOf(schema: z.core.$ZodType): Fields {
  if (schema instanceof z.ZodObject) return schema.shape;
  return schema instanceof z.ZodPipe ? fieldsOf(schema.in) : {};
}
