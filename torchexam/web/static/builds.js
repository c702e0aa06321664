// Order a build, watch it, grade a response.
'use strict';

const order = document.getElementById('order');
order?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const data = new FormData(order);
  const wanted = { exam: data.get('exam'), to: data.getAll('to'), large: data.has('large'), unique: data.has('unique'), by_seat: data.has('by_seat'), replace: data.has('replace'), folder: data.get('folder') };
  for (const key of ['seed', 'paper']) if (data.get(key)) wanted[key] = data.get(key);
  for (const key of ['copies', 'spare', 'pool']) if (data.get(key)) wanted[key] = Number(data.get(key));
  const problem = document.getElementById('order-problem');
  const roster = data.get('roster');
  problem.replaceChildren();
  try {
    if (roster && roster.size) {
      if (roster.size > 500000) throw { title: 'a roster may have 500,000 bytes' };
      wanted.roster = await roster.text();
      if (wanted.roster.includes('\ufffd')) throw { title: 'the roster is not UTF-8; export it as CSV UTF-8' };
      delete wanted.copies;
    }
    const build = await torchexam.ask('POST', '/api/v1/builds', wanted);
    location.href = `/builds/${build.id}`;
  } catch (error) {
    const says = document.createElement('p');
    says.className = 'wrong';
    says.textContent = torchexam.words(error);
    problem.append(says);
  }
});

const build = document.getElementById('build');
if (build) {
  const { name } = build.dataset;
  const state = document.getElementById('build-state');
  const says = document.getElementById('build-says');
  const progress = document.getElementById('build-progress');
  const isOpen = (word) => word === 'waiting' || word === 'running';

  const show = (now) => {
    state.textContent = now.state;
    document.getElementById('cancel').hidden = !isOpen(now.state);
    document.getElementById('resume').hidden = now.state !== 'failed' && now.state !== 'cancelled';
    if (now.state === 'running' && now.progress && now.progress.count) {
      says.textContent = `${now.progress.what}: ${now.progress.done} of ${now.progress.count}`;
      progress.max = now.progress.count;
      progress.value = now.progress.done;
    } else {
      says.textContent = now.progress && now.state === 'running' ? now.progress.what : '';
      if (now.state === 'running') progress.removeAttribute('value');
    }
    if (!isOpen(now.state)) location.reload();
  };

  if (isOpen(build.dataset.state)) {
    const events = new EventSource(`/api/v1/builds/${name}/events`);
    events.addEventListener('message', (event) => {
      const now = JSON.parse(event.data);
      if (!isOpen(now.state)) events.close();
      show(now);
    });
    events.addEventListener('error', () => { says.textContent = 'the service does not answer; the build goes on when it runs again'; });
  }
  for (const verb of ['cancel', 'resume']) {
    document.getElementById(verb).addEventListener('click', async (event) => {
      event.target.disabled = true;
      try {
        await torchexam.ask('POST', `/api/v1/builds/${name}/${verb}`);
        location.reload();
      } catch (problem) {
        torchexam.say(torchexam.words(problem));
        event.target.disabled = false;
      }
    });
  }

  const grade = document.getElementById('grade');
  grade?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(grade));
    const isTable = / table$/.test(grade.elements.part.selectedOptions[0].textContent);
    const rows = () => Object.fromEntries(data.response.split('\n').filter((line) => line.includes('=')).map((line) => {
      const [row, ...text] = line.split('=');
      return [row.trim(), text.join('=').trim()];
    }));
    const place = document.getElementById('graded');
    try {
      const mark = await torchexam.ask('POST', `/api/v1/builds/${name}/grade`, { ...data, response: isTable ? rows() : data.response });
      const earned = mark.readable ? `${mark.earned} of ${mark.points} points` : 'a person must judge this';
      place.textContent = [earned, ...mark.remarks].join('. ');
    } catch (problem) {
      place.textContent = torchexam.words(problem);
    }
  });
}
