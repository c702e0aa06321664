// The YAML editor of the pages: CodeMirror with mistakes underlined. `open` is all that the pages call.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, Transaction } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

// colours are those of the page, by day and by night
const colors = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--code-key)' },
  { tag: [tags.string, tags.content], color: 'var(--ink)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-value)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--soft)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.brace, tags.squareBracket], color: 'var(--soft)' },
  { tag: [tags.meta, tags.keyword, tags.typeName, tags.labelName], color: 'var(--code-value)' },
]);

const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--ground)', fontSize: '.8125rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '.5rem 0' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'var(--ground)', color: 'var(--soft)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--line-active)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--selected)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--selected)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lintRange-active': { backgroundColor: 'var(--bad-ground)' },
  '.cm-lint-marker-error': { content: 'none', width: '.55rem', height: '.55rem', borderRadius: '50%', background: 'var(--bad)', margin: '.35rem 0 0 .2rem' },
  '.cm-tooltip': { background: 'var(--panel)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '4px', maxWidth: 'min(36rem, 90vw)' },
  '.cm-diagnostic': { whiteSpace: 'pre-wrap', fontFamily: 'var(--sans)', fontSize: '.8125rem', borderLeft: '3px solid var(--bad)', padding: '.3rem .6rem', margin: '0' },
  '.cm-panels': { background: 'var(--panel)', color: 'var(--ink)', borderColor: 'var(--faint)' },
  '.cm-panel.cm-search': { fontFamily: 'var(--sans)', fontSize: '.8125rem' },
  '.cm-textfield, .cm-button': { background: 'var(--ground)', color: 'var(--ink)', border: '1px solid var(--line)', backgroundImage: 'none', borderRadius: '3px' },
});

function range(state, mistake) {
  const line = state.doc.line(Math.min(Math.max(mistake.line, 1), state.doc.lines));
  const from = Math.min(line.from + Math.max(mistake.column - 1, 0), line.to);
  const to = Math.min(from + Math.max(mistake.width || 1, 1), line.to);
  return from < to ? { from, to } : { from: line.from, to: line.to };
}

/** Open an editor in `parent`; `changed(text)` hears of every edit by hand, `save()` of Ctrl-S. */
export function open({ parent, text, label, nonce, changed, save }) {
  let silent = false;
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), highlightActiveLineGutter(), highlightActiveLine(), history(), drawSelection(), indentOnInput(),
        bracketMatching(), highlightSelectionMatches(), yaml(), syntaxHighlighting(colors), theme, EditorView.lineWrapping,
        EditorState.tabSize.of(2), lintGutter(),
        // Tab leaves the editor: whoever has no mouse must be able to go on
        keymap.of([{ key: 'Mod-s', run: () => { save(); return true; } }, ...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0', spellcheck: 'false', autocapitalize: 'off' }),
        EditorView.updateListener.of((update) => { if (update.docChanged && !silent) changed(update.state.doc.toString()); }),
        EditorView.cspNonce.of(nonce),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    replace(next) { // keeps the undo history, and says nothing to `changed`
      if (next === view.state.doc.toString()) return;
      silent = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next }, annotations: Transaction.userEvent.of('input.replace') });
      silent = false;
    },
    goTo(line, column) {
      const at = range(view.state, { line, column, width: 1 }).from;
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
    show(mistakes) { // underlines them
      const placed = mistakes.filter((one) => one.line > 0).map((mistake) => ({
        ...range(view.state, mistake), severity: 'error', message: [mistake.message, mistake.hint].filter(Boolean).join('\n'),
      }));
      view.dispatch(setDiagnostics(view.state, placed));
    },
  };
}
