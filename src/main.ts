import { Command } from 'commander';
import { serve } from './cli/serve.ts';

const program = new Command('pushserver');
program
  .command('serve')
  .description('run the server')
  .option('-c, --config <file>', 'configuration file', 'config/config.yaml')
  .action(async ({ config }: { config: string }) => serve(config));
await program.parseAsync();
