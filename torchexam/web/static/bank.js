// New question and exam files.
'use strict';

const QUESTION = `# yaml-language-server: $schema=SCHEMA
title: ID
topics: [TOPIC]
parameters:                          # drawn anew for each variant
  side: {choose: [8, 12, 16]}
network:                             # printed on the paper, and run for the key
  input: [3, side, side]             # channels, height, width, as in PyTorch
  layers:
    a: Conv2d(in_channels=3, out_channels=4, kernel_size=3, padding=1)
    b: ReLU()
    c: MaxPool2d(kernel_size=2)
stem: |
  An image of <<side>> × <<side>> pixels goes through this network:

  <<network>>
parts:
  - id: sizes
    points: 2
    prompt: Give the size of the output of each layer in the table.
    answer: {table: output_shape, layers: [a, c]}
`;

function making(form, address, body, page) {
  form?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(form));
    try {
      await torchexam.ask('POST', address, body(data));
      location.href = page(data);
    } catch (problem) {
      torchexam.say(torchexam.words(problem));
    }
  });
}

making(document.getElementById('new-question'), '/api/v1/questions', ({ id, folder }) => ({
  id, folder,
  text: QUESTION.replace('SCHEMA', `${folder ? '../' : ''}question.schema.json`).replace('ID', id.replace(/[_-]+/g, ' ')).replace('TOPIC', folder || 'new'),
}), ({ id }) => `/questions/${id}?show=yaml`);

making(document.getElementById('new-exam'), '/api/v1/exams', ({ id, title }) => ({
  id, text: `# yaml-language-server: $schema=../exam.schema.json\ntitle: ${JSON.stringify(title)}\nsections: []\n`,
}), ({ id }) => `/exams/${id}`);
