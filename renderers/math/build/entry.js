// Turn LaTeX into MathML and into outlines a PDF can fill, or into what TeX says against it.
import { mathjax } from '@mathjax/src/mjs/mathjax.js';
import { TeX } from '@mathjax/src/mjs/input/tex.js';
import { MapHandler } from '@mathjax/src/mjs/input/tex/MapHandler.js';
import { ColumnParser } from '@mathjax/src/mjs/input/tex/ColumnParser.js';
import TexError from '@mathjax/src/mjs/input/tex/TexError.js';
import { SVG } from '@mathjax/src/mjs/output/svg.js';
import { STATE } from '@mathjax/src/mjs/core/MathItem.js';
import { liteAdaptor } from '@mathjax/src/mjs/adaptors/liteAdaptor.js';
import { RegisterHTMLHandler } from '@mathjax/src/mjs/handlers/html.js';
import { SerializedMmlVisitor } from '@mathjax/src/mjs/core/MmlTree/SerializedMmlVisitor.js';
import { MathJaxStix2Font } from '@mathjax/mathjax-stix2-font/mjs/svg.js';
import '@mathjax/src/mjs/input/tex/base/BaseConfiguration.js';
import '@mathjax/src/mjs/input/tex/ams/AmsConfiguration.js';
import '@mathjax/src/mjs/input/tex/newcommand/NewcommandConfiguration.js';
import '@mathjax/src/mjs/input/tex/boldsymbol/BoldsymbolConfiguration.js';
import '@mathjax/src/mjs/input/tex/braket/BraketConfiguration.js';
import '@mathjax/src/mjs/input/tex/configmacros/ConfigMacrosConfiguration.js';
import '@mathjax/src/mjs/input/tex/mathtools/MathtoolsConfiguration.js';
import { fontFiles } from 'font-files';

const PACKAGES = ['base', 'ams', 'newcommand', 'boldsymbol', 'braket', 'configmacros', 'mathtools'];
const MACROS = {
  argmax: '\\operatorname*{arg\\,max}',
  argmin: '\\operatorname*{arg\\,min}',
  softmax: '\\operatorname{softmax}',
  ReLU: '\\operatorname{ReLU}',
};
// A formula stands alone: no numbers, no links to others.
const REFUSED = ['ref', 'eqref', 'refeq', 'label', 'tag', 'newtagform', 'renewtagform', 'usetagform', 'mathtoolsset'];

mathjax.asyncIsSynchronous = true;
mathjax.asyncLoad = (file) => {
  const load = fontFiles[file.replace(/^.*\//, '').replace(/\.js$/, '')];
  if (!load) throw new Error('no outline for one of the characters');
  return load();
};

const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);
for (const map of ['macros', 'AMSmath-macros', 'mathtools-macros']) {
  for (const name of REFUSED) MapHandler.getMap(map).map.delete(name);
}

// *{99999999}{c} would fill the memory before anyone could stop it.
ColumnParser.prototype.repeat = function repeat(state) {
  const [count, columns] = [this.getBraces(state), this.getBraces(state)];
  if (!/^\d{1,2}$/.test(count)) throw new TexError('ColumnCount', "%1 is no number of columns from 0 to 99", count.slice(0, 20));
  state.template = columns.repeat(Number(count)) + state.template.substring(state.i);
  state.i = 0;
};

const known = ['macros', 'delimiter', 'lcGreek', 'ucGreek', 'mathchar0mi', 'mathchar0mo', 'mathchar7', 'AMSmath-macros',
  'AMSsymbols-macros', 'AMSsymbols-mathchar0mo', 'mathtools-macros']
  .flatMap((map) => [...MapHandler.getMap(map).map.keys()]).concat(Object.keys(MACROS)).map((name) => name.replace(/^\\/, ''));

const svg = new SVG({
  fontCache: 'none',
  fontData: MathJaxStix2Font,
  linebreaks: { inline: false },
  displayOverflow: 'overflow',
});
const toMathML = new SerializedMmlVisitor();

// A fresh reader for each formula, so that no \newcommand outlives its own.
const reader = () => new TeX({
  packages: PACKAGES,
  macros: MACROS,
  tags: 'none',
  maxMacros: 500,
  maxBuffer: 8192,
  formatError: (_, error) => { throw error; },
});

const short = (number) => String(Math.round(number * 1000) / 1000);

// Turn the d of an SVG path into PDF path operators.
function outline(d) {
  const operators = [];
  let x = 0, y = 0, startX = 0, startY = 0, controlX = 0, controlY = 0, previous = '';
  const curve = (...points) => operators.push(points.map(short).join(' ') + ' c');
  for (const [, letter, rest] of d.matchAll(/([A-Z])([^A-Z]*)/g)) {
    const n = (rest.match(/-?(?:\d+\.?\d*|\.\d+)/g) ?? []).map(Number);
    const width = { M: 2, L: 2, H: 1, V: 1, Q: 4, T: 2, C: 6, S: 4, Z: 0 }[letter];
    if (width === undefined) throw new Error('no rule to draw the path ' + letter);
    for (let i = 0; i === 0 || i < n.length; i += width) {
      const p = n.slice(i, i + width);
      if (letter === 'Z') {
        operators.push('h');
        [x, y] = [startX, startY];
        break;
      }
      if (letter === 'M' && i === 0) {
        operators.push(short(p[0]) + ' ' + short(p[1]) + ' m');
        [startX, startY] = p;
      } else if ('MLHV'.includes(letter)) {
        const to = letter === 'H' ? [p[0], y] : letter === 'V' ? [x, p[0]] : p;
        operators.push(short(to[0]) + ' ' + short(to[1]) + ' l');
        p.splice(0, 2, ...to);
      } else if (letter === 'C' || letter === 'S') {
        const smooth = 'CS'.includes(previous) ? [2 * x - controlX, 2 * y - controlY] : [x, y];
        if (letter === 'S') p.unshift(...smooth);
        curve(...p);
        [controlX, controlY] = [p[2], p[3]];
      } else {
        const smooth = 'QT'.includes(previous) ? [2 * x - controlX, 2 * y - controlY] : [x, y];
        const [qx, qy, ex, ey] = letter === 'T' ? [...smooth, ...p] : p;
        curve(x + 2 * (qx - x) / 3, y + 2 * (qy - y) / 3, ex + 2 * (qx - ex) / 3, ey + 2 * (qy - ey) / 3, ex, ey);
        [controlX, controlY] = [qx, qy];
        p.splice(0, p.length, ex, ey);
      }
      [x, y] = p.slice(-2);
      previous = letter;
    }
    previous = letter;
  }
  return operators.join(' ');
}

// A placement is [a, d, e, f]: x → a·x + e, y → d·y + f. SVG in a formula neither turns nor skews.
const within = ([a, d, e, f], [b, c, g, h]) => [a * b, d * c, a * g + e, d * h + f];

function transform(text) {
  let placement = [1, 1, 0, 0];
  for (const [, name, list] of (text ?? '').matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [x, y] = list.split(/[\s,]+/).filter(Boolean).map(Number);
    if (name === 'translate') placement = within(placement, [1, 1, x, y ?? 0]);
    else if (name === 'scale') placement = within(placement, [x, y ?? x, 0, 0]);
    else throw new Error('no rule to draw ' + name);
  }
  return placement;
}

const RULE = 67; // the thickness of the font's own rules, for those of tables
const rectangle = (x, y, width, height) => [x, y, width, height].map(short).join(' ') + ' re';
const number = (node, name) => parseFloat(adaptor.getAttribute(node, name) ?? '0');

// Collect [operators that place it, operators that outline it] of all below an SVG node.
function collect(node, placement, clip, found) {
  const kind = adaptor.kind(node);
  if (kind[0] === '#') return;
  placement = within(placement, transform(adaptor.getAttribute(node, 'transform')));
  const [a, d, e, f] = placement;
  const draw = (path) => found.push([clip + [a, 0, 0, d, e, f].map(short).join(' ') + ' cm', path]);
  if (kind === 'path') {
    const path = adaptor.getAttribute(node, 'd');
    if (path && path.length > 2) draw(outline(path));
  } else if (kind === 'rect') {
    const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((name) => number(node, name));
    const frame = adaptor.getAttribute(node, 'data-frame') !== undefined;
    const pen = frame ? RULE : number(node, 'stroke-width');
    if (!frame && adaptor.getAttribute(node, 'fill') !== 'none') {
      draw(rectangle(x, y, w, h));
    } else if (pen) {
      draw([[x, y - pen / 2, w, pen], [x, y + h - pen / 2, w, pen], [x - pen / 2, y - pen / 2, pen, h + pen],
        [x + w - pen / 2, y - pen / 2, pen, h + pen]].map((side) => rectangle(...side)).join(' '));
    }
  } else if (kind === 'line') {
    const [x1, x2, y1, y2] = ['x1', 'x2', 'y1', 'y2'].map((name) => number(node, name));
    draw(x1 === x2 ? rectangle(x1 - RULE / 2, Math.min(y1, y2), RULE, Math.abs(y1 - y2))
      : rectangle(Math.min(x1, x2), y1 - RULE / 2, Math.abs(x1 - x2), RULE));
  } else if (kind === 'polygon') {
    const [first, ...rest] = adaptor.getAttribute(node, 'points').trim().split(/\s+/).map((p) => p.replace(',', ' '));
    draw(`${first} m ` + rest.map((p) => `${p} l`).join(' ') + ' h');
  } else if (kind === 'g' || kind === 'svg') {
    const box = adaptor.getAttribute(node, 'viewBox');
    if (kind === 'svg' && box) {
      const [left, bottom, width, height] = box.split(' ').map(Number);
      const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((name) => number(node, name));
      clip += rectangle(a * x + e, d * y + f, a * w, d * h) + ' W n ';
      placement = within(placement, within([1, 1, x, y], within([w / width, h / height, 0, 0], [1, 1, -left, -bottom])));
    }
    for (const child of adaptor.childNodes(node)) collect(child, placement, clip, found);
  } else if (kind === 'text') {
    throw new Error('no outline for the character ' + adaptor.textContent(node));
  }
}

globalThis.typeset = (latex, display) => {
  try {
    const document = mathjax.document('', { InputJax: reader(), OutputJax: svg });
    const item = new document.options.MathItem(latex, document.inputJax[0], display);
    item.setMetrics(16, 8, 1e6, 1);
    item.convert(document, STATE.CONVERT);
    const mathml = toMathML.visitTree(item.root);
    item.convert(document, STATE.END);
    const drawing = adaptor.tags(item.typesetRoot, 'svg')[0];
    const [left, top, width, height] = (adaptor.getAttribute(drawing, 'viewBox') ?? '').split(' ').map(Number);
    if (!(width >= 0)) return { error: 'a line ends outside of aligned, cases or a matrix' };
    const paths = [];
    for (const child of adaptor.childNodes(drawing)) collect(child, [1, -1, -left, 0], '', paths);
    return { mathml, width, height: -top, depth: height + top, paths };
  } catch (error) {
    return { error: String(error.message ?? error), known };
  }
};
