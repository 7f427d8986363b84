// What a test leaves for whoever looks through the logs afterwards: the logs, and what must not be in them.

import { createWriteStream } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

const FOLDER = process.env.CHATIRE_TEST_LOGS;
const SENT = FOLDER && createWriteStream(join(FOLDER, `e2e-${process.pid}.sent`));

// Shorter ones are words that anybody may write into a log.
const TELLING = 12;

// Has the server's log and its database's written where they stay.
export async function keepLogs(server) {
  if (!FOLDER) return;
  const name = basename(server.folder);
  server.log = createWriteStream(join(FOLDER, `${name}.server.log`));
  await mkdir(server.data, { mode: 0o711 });
  await symlink(join(FOLDER, `${name}.postgres.log`), join(server.data, 'postgres.log'));
}

// Notes what a page says to the server, the tokens too.
export function noteWhatIsSent(page) {
  if (!FOLDER) return;
  page.on('request', (request) => {
    note(request.postData() ?? '');
    note(JSON.stringify(request.headers().authorization ?? ''));
  });
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => note(String(payload))));
}

function note(text) {
  const values = [];
  try {
    JSON.parse(text, (_, value) => (typeof value === 'string' && values.push(value), value));
  } catch {
    return;
  }
  const lines = values.flatMap((value) => value.split('\n')).map((line) => line.trim());
  for (const line of lines.filter((line) => line.length >= TELLING)) SENT.write(`${line}\n`);
}
