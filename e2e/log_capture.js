// Keeps the logs of the servers, and the texts sent to them, so that `cargo xtask test` can check that no log contains a
// sent text.

import { createWriteStream } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

const FOLDER = process.env.CHATIRE_TEST_LOGS;
const SENT = FOLDER && createWriteStream(join(FOLDER, `e2e-${process.pid}.sent`));

// Shorter texts are words that a log may contain by chance.
const MIN_LENGTH = 12;

// Writes the logs of the server and its database to the folder.
export async function captureLogs(server) {
  if (!FOLDER) return;
  const name = basename(server.folder);
  server.log = createWriteStream(join(FOLDER, `${name}.server.log`));
  await mkdir(server.data, { mode: 0o711 });
  await symlink(join(FOLDER, `${name}.postgres.log`), join(server.data, 'postgres.log'));
}

// Records the texts and tokens that a page sends.
export function captureSentTexts(page) {
  if (!FOLDER) return;
  page.on('request', (request) => {
    record(request.postData() ?? '');
    record(JSON.stringify(request.headers().authorization ?? ''));
  });
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => record(String(payload))));
}

function record(json) {
  const values = [];
  try {
    JSON.parse(json, (_, value) => (typeof value === 'string' && values.push(value), value));
  } catch {
    return;
  }
  const lines = values.flatMap((value) => value.split('\n')).map((line) => line.trim());
  for (const line of lines.filter((line) => line.length >= MIN_LENGTH)) SENT.write(`${line}\n`);
}
