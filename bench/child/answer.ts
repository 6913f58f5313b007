/** A question of the bench to one of its processes. */
export interface Question {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

export type Reply = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

/** Processor time used so far, and memory in bytes. */
export interface Usage {
  readonly cpu_ms: number;
  /** JavaScript heap in use, and what its buffers hold outside of it. */
  readonly heap: number;
}

/** What every process of the bench answers, beside its own commands. */
const COMMON: Commands = {
  usage: (): Usage => {
    const { user, system } = process.cpuUsage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { cpu_ms: (user + system) / 1000, heap: heapUsed + arrayBuffers };
  },
  // Twice: what only a finaliser frees is gone after the second.
  gc: () => {
    if (globalThis.gc === undefined) throw new Error('started without --expose-gc');
    for (let i = 0; i < 2; i++) globalThis.gc();
  },
};

export type Commands = Readonly<Record<string, (input: never) => unknown>>;

/** Answers the bench until it goes away; then this process ends, in a way that lets `--cpu-prof` write its file. */
export function answer(own: Commands): void {
  const commands = { ...COMMON, ...own };
  process.on('message', (question: Question) => void reply(commands, question));
  process.once('disconnect', () => process.exit(0));
}

async function reply(commands: Commands, { id, name, input }: Question): Promise<void> {
  const tell = (said: Reply) => process.send?.(said);
  try {
    const command = commands[name] as ((input: unknown) => unknown) | undefined;
    if (command === undefined) throw new Error(`no command ${name}`);
    tell({ id, value: await command(input) });
  } catch (error) {
    tell({ id, error: error instanceof Error ? error.message : String(error) });
  }
}
