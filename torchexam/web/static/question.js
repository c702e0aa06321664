// The page of a question: draw variants, look at paper and key, edit the YAML beside them.
'use strict';

(() => {
  const place = document.getElementById('question');
  const { name, broken } = place.dataset;
  const frames = ['paper', 'key', 'evidence'].map((id) => [id, document.getElementById(id)]).filter(([, frame]) => frame);
  const seed = document.getElementById('seed');
  const number = document.getElementById('number');
  let draft = '';
  let draw = new URLSearchParams(location.search).get('draw');

  function address(what) {
    const asked = new URLSearchParams(draw === null ? { seed: seed.value, number: number.value || '0' } : { draw });
    if (draft) asked.set('draft', draft);
    return `/questions/${name}/${what}?${asked}`;
  }

  function drawIt() {
    const shown = frames.filter(([, frame]) => frame.offsetParent);
    for (const [, frame] of frames) delete frame.dataset.address;
    document.getElementById('drawn-as').textContent =
      (draw === null ? '' : `Draw ${draw} of the list below. `) + (draft ? 'Drawn from the text that is not saved yet.' : '');
    htmx.ajax('GET', address('facts'), { target: '#facts', swap: 'innerHTML' });
    return Promise.all(shown.map(load));
  }

  function load([id, frame]) {
    if (frame.dataset.address === address(id)) return Promise.resolve();
    frame.dataset.address = address(id);
    return torchexam.show(frame, address(id));
  }

  function remember() {
    const asked = new URLSearchParams(location.search);
    for (const key of ['seed', 'number', 'draw', 'line', 'column']) asked.delete(key);
    if (draw !== null) asked.set('draw', draw);
    else { asked.set('seed', seed.value); asked.set('number', number.value || '0'); }
    history.replaceState(null, '', `?${asked}`);
  }

  const file = torchexam.file({
    seen(_, next) { if (next !== draft) { draft = next; drawIt(); } },
    saved() { if (draft) { draft = ''; drawIt(); } if (broken) location.reload(); },
  });

  torchexam.panes('torchexam-question', () => { frames.filter(([, frame]) => frame.offsetParent).forEach(load); });

  document.getElementById('draw').addEventListener('submit', (event) => {
    event.preventDefault();
    draw = null;
    remember();
    drawIt();
  });
  document.getElementById('another').addEventListener('click', () => {
    number.value = draw === null ? Number(number.value || 0) + 1 : number.value;
    draw = null;
    remember();
    drawIt().then(() => torchexam.say(`variant ${number.value}`));
  });
  document.getElementById('draws').addEventListener('click', (event) => {
    const link = event.target.closest('[data-draw]');
    if (!link) return;
    event.preventDefault();
    draw = link.dataset.draw;
    remember();
    drawIt();
    document.getElementById('panes').scrollIntoView({ block: 'start' });
  });
  const verify = document.getElementById('verify');
  verify.addEventListener('click', async () => {
    verify.disabled = true;
    verify.textContent = 'Verifying …';
    try {
      const answer = await fetch(`/questions/${name}/verified`, { method: 'POST' });
      if (!answer.ok) throw await answer.json();
      const target = document.getElementById('verified-says') || Object.assign(document.createElement('div'), { id: 'verified-says' });
      target.innerHTML = await answer.text();
      document.getElementById('drawn-as').after(target);
      torchexam.say('verified; see above the paper');
    } catch (problem) {
      torchexam.say(torchexam.words(problem));
    }
    verify.disabled = false;
    verify.textContent = 'Verify';
  });

  drawIt();
  file.check();
  const line = Number(place.dataset.line);
  if (line) requestAnimationFrame(() => file.goTo(line, Number(place.dataset.column) || 1));
})();
