// Turn entry.js and what it imports into ../static/editor.js, and put htmx beside it.
import { build } from 'esbuild';
import { copyFileSync } from 'node:fs';

await build({
  entryPoints: ['entry.js'], outfile: '../static/editor.js', bundle: true, minify: true, format: 'iife',
  globalName: 'torchexamEditor', target: 'es2020', charset: 'utf8', legalComments: 'none',
});
copyFileSync('node_modules/htmx.org/dist/htmx.min.js', '../static/htmx.js');
