// What all pages share: asking the API, saying what happened, papers in frames, and panes that are shown or not.
'use strict';

const torchexam = {
  /** Say something to everybody, screen readers among them. */
  say(text) {
    const place = document.getElementById('said');
    place.textContent = text;
    place.classList.add('shown');
    clearTimeout(torchexam.quiet);
    torchexam.quiet = setTimeout(() => place.classList.remove('shown'), 6000);
  },

  /** Ask the service; gives the data, or throws the problem. */
  async ask(method, address, body) {
    const options = { method, headers: { Accept: 'application/json' } };
    if (body !== undefined) {
      options.headers['Content-Type'] = 'application/json';
      options.body = JSON.stringify(body);
    }
    let answer;
    try {
      answer = await fetch(address, options);
    } catch {
      throw { status: 0, title: 'the service does not answer; is it still running?' };
    }
    const data = await answer.json().catch(() => ({ status: answer.status, title: answer.statusText }));
    if (!answer.ok) throw data;
    return data;
  },

  /** The words of a problem. */
  words(problem) {
    if (!(problem && problem.title)) return String(problem);
    const mistakes = (problem.mistakes || []).map((one) => [one.message, one.hint].filter(Boolean).join(' – '));
    return [problem.detail || problem.title, ...mistakes.slice(0, 3)].join('; ');
  },

  /** A mistake as a list item; a button leads to its place where there is one. */
  item(mistake, goTo) {
    const item = document.createElement('li');
    item.className = 'mistake';
    const message = document.createElement('p');
    const strong = document.createElement('strong');
    strong.textContent = mistake.message;
    message.append(strong);
    item.append(message);
    if (mistake.line && goTo) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'link';
      button.textContent = `line ${mistake.line}`;
      button.addEventListener('click', () => goTo(mistake));
      message.prepend(button, ' ');
    }
    for (const line of (mistake.hint || '').split('\n').filter(Boolean)) {
      const hint = document.createElement('p');
      hint.className = 'hint';
      hint.textContent = line;
      item.append(hint);
    }
    return item;
  },

  /** Show an address in a frame, without a step in the history; gives a promise of its end. */
  show(frame, address) {
    if (!frame) return Promise.resolve();
    frame.classList.add('busy');
    return new Promise((done) => {
      frame.addEventListener('load', () => { frame.classList.remove('busy'); torchexam.fit(frame); done(); }, { once: true });
      frame.contentWindow.location.replace(address);
    });
  },

  /** Make a frame as high as what it shows. */
  fit(frame) {
    const inner = frame.contentDocument && frame.contentDocument.body;
    if (!inner || !frame.offsetParent) return;
    frame.style.height = 'auto';
    frame.style.height = `${Math.max(80, frame.contentDocument.documentElement.scrollHeight)}px`;
  },

  /** Let the buttons of a group show and hide panes; on a narrow screen one at a time. */
  panes(storage, changed) {
    const buttons = [...document.querySelectorAll('.views [data-view]')];
    const narrow = window.matchMedia('(max-width: 60rem)');
    const asked = new URLSearchParams(location.search).get('show');
    const kept = (() => { try { return localStorage.getItem(storage); } catch { return null; } })();
    const first = buttons.filter((one) => one.getAttribute('aria-pressed') === 'true').map((one) => one.dataset.view);
    let shown = kept ? kept.split(',').filter((name) => buttons.some((one) => one.dataset.view === name)) : first;
    if (!shown.length) shown = first;
    if (asked && !shown.includes(asked)) shown = [...shown, asked];
    const apply = (latest) => {
      const visible = narrow.matches ? [latest && shown.includes(latest) ? latest : shown[0]] : shown;
      for (const button of buttons) {
        const on = visible.includes(button.dataset.view);
        button.setAttribute('aria-pressed', String(on));
        document.getElementById(`pane-${button.dataset.view}`).hidden = !on;
      }
      document.getElementById('panes').dataset.count = visible.length;
      document.querySelectorAll('iframe.paper').forEach(torchexam.fit);
      changed(visible);
    };
    for (const button of buttons) {
      button.addEventListener('click', () => {
        const name = button.dataset.view;
        if (narrow.matches) {
          if (!shown.includes(name)) shown.push(name);
        } else if (shown.includes(name)) {
          if (shown.length > 1) shown = shown.filter((one) => one !== name);
        } else {
          shown = buttons.map((one) => one.dataset.view).filter((one) => one === name || shown.includes(one));
        }
        try { localStorage.setItem(storage, shown.join(',')); } catch { /* then it is not kept */ }
        apply(name);
      });
    }
    narrow.addEventListener('change', () => apply(asked));
    apply(asked);
    return { reveal(name) { if (document.getElementById(`pane-${name}`).hidden) document.querySelector(`[data-view="${name}"]`).click(); } };
  },

  /** Wait until nothing happened for a while. */
  later(wait, work) {
    let timer;
    return (...given) => { clearTimeout(timer); timer = setTimeout(() => work(...given), wait); };
  },
};

window.addEventListener('resize', torchexam.later(100, () => document.querySelectorAll('iframe.paper').forEach(torchexam.fit)));
document.addEventListener('htmx:responseError', (event) => {
  let problem = { title: event.detail.xhr.statusText };
  try { problem = JSON.parse(event.detail.xhr.responseText); } catch { /* not ours */ }
  torchexam.say(torchexam.words(problem));
});
