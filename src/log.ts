import winston, { type Logger } from 'winston';
import Transport from 'winston-transport';
import type { Emitter } from './events.ts';
import { errorText, logEvents } from './log-events.ts';
import { formats, type Fields, type LogLevel } from './log-lines.ts';
import { createLogOutput, type LineStream, type OutputSettings } from './log-output.ts';
import type { Notice } from './model.ts';

/** The part of the configuration that a log reads. Sizes in bytes. */
export interface LogSettings extends OutputSettings {
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
}

export interface LogOptions {
  /** Read when the log is made and at each `apply`. */
  readonly settings: () => LogSettings;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  /** Whether a crash is written with its stack (`server.mode: debug`). */
  readonly stacks?: boolean;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
  readonly stdout?: LineStream;
  /** Where the log says, once a minute at most, that it cannot write. */
  readonly stderr?: LineStream;
}

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** Writes a line for every fact from now on. */
  listen(events: Pick<Emitter, 'on'>): void;
  /** The `syslog` sink: the whole notice, title and body included, at the level of its type. */
  notice(notice: Notice): void;
  /** Takes the settings anew and opens the files anew. No line is lost or moved out of its order. */
  apply(): void;
  /** Resolves when every line so far is in its file. */
  flush(): Promise<void>;
  /** For the last moment of the process: writes what is gathered without waiting. */
  flushNow(): void;
  /** Writes what is left; lines after it are dropped. */
  close(): Promise<void>;
}

/** Keys by which winston's streams know the level and the finished line of a record (npm `triple-beam`). */
const LEVEL = Symbol.for('level');
const MESSAGE = Symbol.for('message');

const LEVELS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };
const LEVEL_OF_TYPE = { error: 'error', warning: 'warn', info: 'info' } as const;
/** Fields that hold ids of our own making: each is new, so a look for secrets would cost most where none can be. */
const OWN_IDS: ReadonlySet<string> = new Set(['task', 'tasks', 'digest', 'notice']);
/** Milliseconds between two complaints about a log that cannot be written. */
const COMPLAIN_EVERY = 60_000;

interface LogRecord {
  level: LogLevel;
  message: string;
  [LEVEL]: LogLevel;
  [MESSAGE]: string;
}

/**
 * A log on winston: its levels, its stream and one transport, which gets the finished line and appends it to every
 * file that takes its level. winston's own File transport, three times, costs several times more.
 */
export function createLog(options: LogOptions): Log {
  const { redact, stacks = false, now = Date.now, stdout = process.stdout, stderr = process.stderr } = options;
  const complain = complaints(stderr, now);
  let settings = options.settings();
  let format = formats[settings.format];
  let threshold = LEVELS[settings.level];
  let output = createLogOutput(settings, stdout, complain);
  let closed: Promise<void> | undefined;
  let watched = false;
  watchStdout();
  const logger = winstonFront((level, line) => output.write(level, line), complain);
  logger.level = settings.level;

  return {
    debug: (event, fields = {}) => write('debug', event, fields),
    info: (event, fields = {}) => write('info', event, fields),
    warn: (event, fields = {}) => write('warn', event, fields),
    error: (event, fields = {}) => write('error', event, fields),
    listen: (events) => logEvents(events, { write, enabled, redact, stacks }),
    notice: (notice) => write(LEVEL_OF_TYPE[notice.type], 'notice', noticeFields(notice)),
    apply() {
      const old = settings;
      settings = options.settings();
      format = formats[settings.format];
      threshold = LEVELS[settings.level];
      logger.level = settings.level;
      if (sameOutput(old, settings)) return output.reopen();
      watchStdout();
      output = createLogOutput(settings, stdout, complain, output.close());
    },
    async flush() {
      await streamTurn();
      await output.flush();
    },
    flushNow: () => output.flushNow(),
    close: () => (closed ??= end()),
  };

  /** A reader that goes away (`| head`) must not end the service. */
  function watchStdout(): void {
    if (watched || settings.output !== 'stdout') return;
    watched = true;
    stdout.on?.('error', complain);
  }

  function enabled(level: LogLevel): boolean {
    return LEVELS[level] <= threshold;
  }

  function write(level: LogLevel, event: string, fields: Fields): void {
    if (LEVELS[level] > threshold || closed !== undefined) return;
    const clean = LEVELS[level] <= LEVELS.warn ? redacted(fields) : fields;
    const line = format(now(), level, event, clean);
    // What `logger.info()` comes to, without copying the fields twice on the way.
    const record: LogRecord = { level, message: event, [LEVEL]: level, [MESSAGE]: line };
    logger.write(record);
  }

  function redacted(fields: Fields): Fields {
    const clean: Record<string, Fields[string]> = {};
    for (const key in fields) {
      const value = fields[key];
      clean[key] = typeof value === 'string' && !OWN_IDS.has(key) ? redact(value) : value;
    }
    return clean;
  }

  async function end(): Promise<void> {
    await new Promise<void>((resolve) => {
      logger.once('finish', resolve).end();
    });
    await output.close();
  }
}

/** winston's streams hand a line on at the latest in the next turn of the event loop. */
function streamTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** winston with one transport, which takes the line as it is. */
function winstonFront(take: (level: LogLevel, line: string) => void, failed: (error: unknown) => void): Logger {
  const transport = new Transport({
    log(record: LogRecord, next) {
      take(record.level, record[MESSAGE]);
      next();
    },
  });
  const asIs: winston.Logform.Format = { transform: (info) => info };
  return winston.createLogger({ levels: LEVELS, format: asIs, transports: [transport] }).on('error', failed);
}

function noticeFields(notice: Notice): Fields {
  return {
    notice: notice.id,
    task: notice.task_id,
    type: notice.type,
    strategy: notice.strategy,
    style: notice.style,
    title: notice.title,
    message: notice.message,
    reason: notice.reason,
  };
}

function sameOutput(a: OutputSettings, b: OutputSettings): boolean {
  return (['output', 'file_path', 'max_size', 'max_files'] as const).every((key) => a[key] === b[key]);
}

/** Says on stderr that the log cannot be written: once a minute, or a full disk would fill the terminal too. */
function complaints(stderr: LineStream, now: () => number): (error: unknown) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (error) => {
    const time = now();
    if (Math.abs(time - last) < COMPLAIN_EVERY) return;
    last = time;
    try {
      stderr.write(`pushserver: the log cannot be written: ${errorText(error, false)}\n`);
    } catch {
      // Nothing is left to say it to.
    }
  };
}
