// A real mail server, whose letters can be read: Python's aiosmtpd.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const PATIENCE = 15_000;

export class PostOffice {
  letters = [];
  waiting = [];

  static async open() {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = `127.0.0.1:${probe.address().port}`;
    probe.close();
    await once(probe, 'close');
    const args = ['-n', '-d', '-c', 'aiosmtpd.handlers.Debugging', '-l', address, 'stdout'];
    const child = spawn('/usr/bin/aiosmtpd', args, { env: { ...process.env, PYTHONUNBUFFERED: '1' } });
    process.once('exit', () => child.kill());
    const office = new PostOffice(address, child);
    office.read();
    for await (const line of createInterface({ input: child.stderr })) if (line.includes('listening')) break;
    child.stderr.resume();
    return office;
  }

  constructor(address, child) {
    this.child = child;
    this.env = { CHATIRE_SMTP_URL: `smtp://${address}`, CHATIRE_MAIL_FROM: 'Chatire <chatire@example.org>' };
  }

  // Each letter is shown between two lines of dashes.
  read() {
    let letter = [];
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      if (line.includes(' MESSAGE FOLLOWS ')) letter = [];
      else if (line.includes(' END MESSAGE ')) this.deliver(letter.join('\n'));
      else letter.push(line);
    });
  }

  deliver(letter) {
    // As mail programs do: a line that ends with = goes on.
    const text = letter.replace(/=\n/g, '').replace(/=3D/g, '=');
    const reader = this.waiting.shift();
    if (reader) reader(text);
    else this.letters.push(text);
  }

  // The next letter, which may have come already.
  next() {
    if (this.letters.length > 0) return Promise.resolve(this.letters.shift());
    return new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      setTimeout(() => reject(new Error('no letter came')), PATIENCE).unref();
    });
  }

  close() {
    this.child.kill();
  }
}
