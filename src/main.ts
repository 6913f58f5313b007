import { runCommand } from './cli/program.ts';

// A reader that goes away (`| head`) ends neither the server nor a command.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
process.exitCode = await runCommand(process.argv.slice(2));
