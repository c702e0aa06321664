// The YAML of a file: an editor with its mistakes underlined, saved only when asked, never over a newer version.
'use strict';

/** Open the file of the page. `shown(text, mistakes, draft)` hears what a text without mistakes would print. */
torchexam.file = function file({ seen, saved }) {
  const place = document.getElementById('file');
  const { kind, name, nonce } = place.dataset;
  const address = `/api/v1/${kind}s/${name}/file`;
  const state = document.getElementById('file-state');
  const button = document.getElementById('save');
  let version = place.dataset.version;
  let onDisk = document.getElementById('file-text').defaultValue;
  let latest = 0;

  const editor = torchexamEditor.open({
    parent: document.getElementById('editor'), text: onDisk, label: `YAML of ${name}`, nonce,
    changed: () => { refresh(); soon(); }, save: () => save(),
  });
  const isEdited = () => editor.text() !== onDisk;

  function refresh(mistakes) {
    button.disabled = !isEdited();
    if (mistakes) place.dataset.mistakes = mistakes.length;
    const count = Number(place.dataset.mistakes || 0);
    const words = [isEdited() ? 'edited' : 'saved', count ? `${count} mistake${count === 1 ? '' : 's'}` : ''];
    state.textContent = words.filter(Boolean).join(', ');
    state.className = `state ${count ? 'bad' : 'none'}`;
  }

  function tell(mistakes) {
    editor.show(mistakes);
    const list = document.createElement('ul');
    list.className = 'mistakes';
    list.append(...mistakes.map((one) => torchexam.item(one, (there) => editor.goTo(there.line, there.column))));
    document.getElementById('file-mistakes').replaceChildren(...(mistakes.length ? [list] : []));
    refresh(mistakes);
  }

  /** What is wrong with the text: first what reading shows, then what running it shows. */
  async function check() {
    const turn = ++latest;
    const text = editor.text();
    const isNew = () => turn === latest;
    try {
      const read = await torchexam.ask('POST', '/api/v1/check', { [kind]: name, text, run: false });
      if (!isNew()) return;
      tell(read.mistakes);
      if (read.mistakes.length) return;
      const { draft } = await torchexam.ask('POST', '/api/v1/drafts', { text });
      if (!isNew()) return;
      seen(text, isEdited() ? draft : '');
      if (kind !== 'question') return;
      const run = await torchexam.ask('POST', '/api/v1/check', { [kind]: name, text, run: true });
      if (isNew()) tell(run.mistakes);
    } catch (problem) {
      if (isNew()) torchexam.say(torchexam.words(problem));
    }
  }
  const soon = torchexam.later(300, check);

  async function save() {
    const text = editor.text();
    if (!isEdited()) return;
    button.disabled = true;
    try {
      const done = await torchexam.ask('PUT', address, { text, version });
      version = done.version;
      onDisk = text;
      document.getElementById('conflict').hidden = true;
      refresh();
      torchexam.say('saved');
      saved(text);
      document.body.dispatchEvent(new CustomEvent('bank-look'));
    } catch (problem) {
      refresh();
      if (problem.status === 409 && problem.theirs !== undefined) conflict(problem, text);
      else torchexam.say(torchexam.words(problem));
    }
  }

  function conflict(problem, mine) {
    document.getElementById('conflict').hidden = false;
    const says = document.getElementById('conflict-says');
    says.textContent = problem.detail;
    document.getElementById('theirs').textContent = problem.theirs;
    document.getElementById('yours').textContent = mine;
    document.getElementById('take-theirs').onclick = () => {
      version = problem.version;
      onDisk = problem.theirs;
      editor.replace(problem.theirs);
      document.getElementById('conflict').hidden = true;
      check();
    };
    document.getElementById('keep-mine').onclick = () => { version = problem.version; save(); };
    says.focus();
  }

  button.addEventListener('click', save);
  window.addEventListener('beforeunload', (event) => { if (isEdited()) event.preventDefault(); });
  return {
    text: editor.text, isEdited, save, check, tell, goTo: editor.goTo,
    replace(text) { editor.replace(text); refresh(); },
  };
};
