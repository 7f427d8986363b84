// A mail server (Python's aiosmtpd) whose emails can be read.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const TIMEOUT = 15_000;

export class MailServer {
  emails = [];
  waiting = [];

  static async start() {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = `127.0.0.1:${probe.address().port}`;
    probe.close();
    await once(probe, 'close');
    const args = ['-n', '-d', '-c', 'aiosmtpd.handlers.Debugging', '-l', address, 'stdout'];
    const child = spawn('/usr/bin/aiosmtpd', args, { env: { ...process.env, PYTHONUNBUFFERED: '1' } });
    process.once('exit', () => child.kill());
    const mailServer = new MailServer(address, child);
    mailServer.readOutput();
    for await (const line of createInterface({ input: child.stderr })) if (line.includes('listening')) break;
    child.stderr.resume();
    return mailServer;
  }

  constructor(address, child) {
    this.child = child;
    this.env = { CHATIRE_SMTP_URL: `smtp://${address}`, CHATIRE_EMAIL_FROM: 'Chatire <chatire@example.org>' };
  }

  // aiosmtpd prints each email between two marker lines.
  readOutput() {
    let lines = [];
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      if (line.includes(' MESSAGE FOLLOWS ')) lines = [];
      else if (line.includes(' END MESSAGE ')) this.deliver(lines.join('\n'));
      else lines.push(line);
    });
  }

  deliver(email) {
    // Decodes quoted-printable: a line that ends with = continues on the next one.
    const text = email.replace(/=\n/g, '').replace(/=3D/g, '=');
    const reader = this.waiting.shift();
    if (reader) reader(text);
    else this.emails.push(text);
  }

  // The next email, which may have arrived already.
  nextEmail() {
    if (this.emails.length > 0) return Promise.resolve(this.emails.shift());
    return new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      setTimeout(() => reject(new Error('no email arrived')), TIMEOUT).unref();
    });
  }

  close() {
    this.child.kill();
  }
}
