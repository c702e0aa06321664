// Turn entry.js and what it imports into ../mathjax.js.xz.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';

// The font's files beyond its core that an exam may call for; each is read when a formula first needs it.
const FILES = ['accents', 'accents-other', 'arrows', 'calligraphic', 'double-struck', 'fraktur', 'greek', 'latin', 'latin-i', 'math',
  'monospace', 'sans-serif', 'script', 'shapes', 'stretchy', 'symbols', 'symbols-other', 'upright', 'variants'];

const fonts = {
  name: 'font-files',
  setup(bundler) {
    bundler.onResolve({ filter: /^font-files$/ }, () => ({ path: 'font-files', namespace: 'font-files' }));
    bundler.onLoad({ filter: /.*/, namespace: 'font-files' }, () => ({
      resolveDir: import.meta.dirname,
      contents: 'export const fontFiles = {' + FILES.map((file) =>
        `'${file}': () => require('@mathjax/mathjax-stix2-font/mjs/svg/dynamic/${file}.js')`).join(',') + '};',
    }));
  },
};

await build({
  entryPoints: ['entry.js'], outfile: 'mathjax.js', bundle: true, minify: true, format: 'iife', platform: 'neutral',
  charset: 'utf8', legalComments: 'none', plugins: [fonts], mainFields: ['module', 'main'],
});
execFileSync('xz', ['-9e', '--force', 'mathjax.js']);
renameSync('mathjax.js.xz', '../mathjax.js.xz');
