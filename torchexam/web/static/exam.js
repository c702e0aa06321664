// The composer: every change is a step that the service makes in the YAML, which keeps its comments.
'use strict';

(() => {
  const { name } = document.getElementById('exam').dataset;
  const outline = document.getElementById('outline');
  const preview = document.getElementById('preview');
  const sheets = document.getElementById('sheets');
  const undo = document.getElementById('undo');
  const state = document.getElementById('compose-state');
  const saveButton = document.getElementById('compose-save');
  const past = [];
  let draft = '';
  let dragged = null;

  const file = torchexam.file({
    seen(text) { if (text !== current) show(text, []); },
    saved() { refresh(); },
  });
  let current = file.text();

  function refresh() {
    undo.disabled = !past.length;
    saveButton.disabled = !file.isEdited();
    state.textContent = file.isEdited() ? 'edited' : 'saved';
    const into = document.getElementById('finder-into');
    const chosen = into.value;
    const sections = [...outline.querySelectorAll('.section')];
    into.replaceChildren(new Option('a new section', 'new'), ...sections.filter((one) => one.querySelector('.used'))
      .map((one) => new Option(`section ${Number(one.dataset.section) + 1}`, one.dataset.section)));
    if ([...into.options].some((one) => one.value === chosen)) into.value = chosen;
  }

  const look = torchexam.later(150, () => {
    const pages = `/exams/${name}/pages.pdf${draft ? `?draft=${draft}` : ''}`;
    document.getElementById('pages').href = pages;
    if (sheets.offsetParent && sheets.dataset.address !== pages) {
      sheets.dataset.address = pages;
      sheets.contentWindow.location.replace(`${pages}#toolbar=0&navpanes=0&view=FitH`);
    }
    if (!preview.offsetParent) return;
    const address = `/exams/${name}/paper${draft ? `?draft=${draft}` : ''}`;
    if (preview.dataset.address === address) return;
    preview.dataset.address = address;
    const top = document.getElementById('pane-preview').scrollTop;
    torchexam.show(preview, address).then(() => { document.getElementById('pane-preview').scrollTop = top; });
  });

  /** Make steps in a text, and show what came of it. */
  async function show(text, steps, focus) {
    let made;
    try {
      made = await torchexam.ask('POST', `/exams/${name}/compose`, { text, steps });
    } catch (problem) {
      torchexam.say(torchexam.words(problem));
      return false;
    }
    const open = [...outline.querySelectorAll('details[open]')].map((one) => one.dataset.keep || one.id);
    const focused = focus || document.activeElement?.id;
    outline.innerHTML = made.html;
    for (const one of outline.querySelectorAll('details')) one.open = open.includes(one.dataset.keep || one.id);
    current = made.text;
    draft = made.draft;
    file.replace(made.text);
    file.tell(made.mistakes);
    refresh();
    const target = focused && document.getElementById(focused);
    if (target && (focus || outline.contains(target))) (target.disabled ? target.parentElement.querySelector('button:not(:disabled)') : target)?.focus();
    look();
    return true;
  }

  let queue = Promise.resolve();

  /** Make steps in the text as it is once all changes before are made. */
  function change(steps, focus) {
    queue = queue.then(async () => {
      const before = current;
      if (await show(current, steps, focus)) {
        if (current !== before) past.push(before);
        refresh();
      }
    });
    return queue;
  }

  // ---- buttons and fields ----

  outline.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.steps) change(JSON.parse(button.dataset.steps), button.dataset.focus);
    else if (button.dataset.move) change([moved(Number(button.dataset.section), Number(button.dataset.at), Number(button.dataset.move))], button.id);
  });

  /** A step up or down, across the border of a section at its end. */
  function moved(section, at, by) {
    const lists = [...outline.querySelectorAll('.used')].map((one) => [Number(one.dataset.section), one.querySelectorAll('.one').length]);
    const here = lists.findIndex(([number]) => number === section);
    const inside = at + by >= 0 && at + by < lists[here][1];
    const next = inside ? lists[here] : lists[here + by] || lists[here];
    const to = inside ? at + by : by < 0 ? next[1] : 0;
    return { do: 'move', section, at, to_section: next[0], to };
  }

  outline.addEventListener('change', (event) => {
    const field = event.target;
    if (field.dataset.path) return change([{ do: 'set', path: JSON.parse(field.dataset.path), value: valueOf(field) }]);
    const table = field.closest('.use');
    return table && change([use(table)]);
  });

  function valueOf(field) {
    const text = field.value.trim();
    if ('number' in field.dataset) return text ? Number(text) : null;
    if ('list' in field.dataset) return text ? text.split(',').map((one) => one.trim()).filter(Boolean) : null;
    if ('block' in field.dataset) return text ? `${field.value.replace(/\r/g, '').split('\n').map((line) => line.trimEnd()).join('\n').trim()}\n` : null;
    return text || null;
  }

  function use(table) {
    const boxes = [...table.querySelectorAll('[data-part]')];
    const chosen = boxes.filter((one) => one.checked).map((one) => one.dataset.part);
    const points = {};
    for (const input of table.querySelectorAll('input[type=number]')) {
      const part = input.closest('tr').querySelector('[data-part]').dataset.part;
      if (chosen.includes(part) && input.value && input.value !== input.dataset.own) points[part] = Number(input.value);
    }
    return { do: 'use', section: Number(table.dataset.section), at: Number(table.dataset.at), parts: chosen.length === boxes.length ? [] : chosen, points };
  }

  document.getElementById('found').addEventListener('click', (event) => {
    const id = event.target.closest('[data-add]')?.dataset.add;
    if (!id) return;
    const into = document.getElementById('finder-into').value;
    change([into === 'new' ? { do: 'add_section', questions: [id] } : { do: 'add', section: Number(into), question: id }])
      .then(() => torchexam.say(`added; ${document.querySelector('#totals strong')?.textContent || ''}`));
  });

  undo.addEventListener('click', () => { queue = queue.then(() => past.length && show(past.pop(), [], 'undo')); });
  saveButton.addEventListener('click', () => file.save());
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === 's') { event.preventDefault(); file.save(); }
  });

  // ---- by mouse ----

  document.addEventListener('dragstart', (event) => {
    const grip = event.target.closest?.('[data-drag]');
    if (!grip) return;
    const list = grip.closest('.used, .section');
    dragged = {
      kind: grip.dataset.drag, question: grip.dataset.question, section: Number(list?.dataset.section),
      at: Number(grip.closest('.one')?.dataset.at),
    };
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', grip.dataset.question || 'torchexam');
    event.dataTransfer.setDragImage(grip.closest('.one, .section'), 8, 8);
    document.body.classList.add('dragging');
  });
  document.addEventListener('dragend', () => { dragged = null; clear(); document.body.classList.remove('dragging'); });
  outline.addEventListener('dragover', (event) => {
    if (!dragged) return;
    const spot = spotOf(event);
    clear();
    if (spot) { event.preventDefault(); spot.mark.classList.add(spot.after ? 'drop-after' : 'drop-before'); }
  });
  outline.addEventListener('drop', (event) => {
    const spot = dragged && spotOf(event);
    if (!spot) return;
    event.preventDefault();
    const { kind, question, section, at } = dragged;
    const to = spot.index + (spot.after ? 1 : 0);
    if (kind === 'section') change([{ do: 'move_section', section, to: to > section ? to - 1 : to }]);
    else if (kind === 'new') change([{ do: 'add', section: spot.section, at: to, question }]);
    else change([{ do: 'move', section, at, to_section: spot.section, to: spot.section === section && to > at ? to - 1 : to }]);
  });

  function clear() {
    outline.querySelectorAll('.drop-before, .drop-after').forEach((one) => one.classList.remove('drop-before', 'drop-after'));
  }

  /** Where something dragged would fall: before or after which section, or which question. */
  function spotOf(event) {
    const section = event.target.closest('.section');
    if (!section) return null;
    if (dragged.kind === 'section') return half(section, event, { index: Number(section.dataset.section) });
    const list = section.querySelector('.used');
    if (!list) return null;
    const one = event.target.closest('.one');
    if (one) return half(one, event, { index: Number(one.dataset.at), section: Number(list.dataset.section) });
    return { mark: list, after: true, index: list.querySelectorAll('.one').length - 1, section: Number(list.dataset.section) };
  }

  function half(mark, event, spot) {
    const box = mark.getBoundingClientRect();
    return { mark, after: event.clientY > box.top + box.height / 2, ...spot };
  }

  // where the browser shows no PDF within a page, the link to it remains
  if (navigator.pdfViewerEnabled === false) document.querySelector('[data-view=pages]').remove();
  torchexam.panes('torchexam-exam', look);
  refresh();
  look();
})();
