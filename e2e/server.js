// The release binary on a free port, with its own temporary database.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { captureLogs } from './log_capture.js';

const BINARY = process.env.CHATIRE_BINARY ?? new URL('../target/release/chatire', import.meta.url).pathname;

// Ends the server when this process is ended.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

export class Server {
  // `host` is the host name for browsers, `env` additional environment variables.
  static async create({ host, env } = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'chatire-e2e-'));
    // The database may run as another system user, which needs access to its files.
    await chmod(folder, 0o711);
    const server = new Server(folder, await freePort(), host, env);
    await captureLogs(server);
    try {
      await server.start();
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return server;
  }

  constructor(folder, port, host = '127.0.0.1', env = {}) {
    this.env = env;
    this.folder = folder;
    this.data = join(folder, 'data');
    this.port = port;
    this.listen = `127.0.0.1:${port}`;
    this.url = `http://${host}:${port}`;
  }

  async start() {
    const { DATABASE_URL: _, ...env } = process.env;
    this.child = spawn(BINARY, ['serve'], {
      env: {
        ...env,
        CHATIRE_DATA_DIR: this.data,
        CHATIRE_LISTEN: this.listen,
        CHATIRE_PUBLIC_URL: this.url,
        CHATIRE_RATE_LIMITS: 'off',
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = new Promise((resolve) => this.child.once('exit', (...result) => resolve(result)));
    this.kill = () => this.child.kill();
    process.once('exit', this.kill);
    await this.waitForAddress();
    const health = await fetch(`${this.url}/healthz`);
    if (!health.ok) throw new Error(`/healthz answers ${health.status}`);
  }

  // Stops the server with SIGTERM and checks its exit code.
  async stop() {
    this.child.kill('SIGTERM');
    const timeout = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
    const [code, signal] = await this.exited;
    clearTimeout(timeout);
    process.off('exit', this.kill);
    if (code !== 0) throw new Error(`the server ended with ${code ?? signal}\n${this.output.join('\n')}`);
  }

  // Kills the server, as a power cut would.
  async crash() {
    this.child.kill('SIGKILL');
    await this.exited;
    process.off('exit', this.kill);
  }

  async close() {
    try {
      await this.stop();
    } finally {
      this.log?.end();
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  // The number of rows of each table.
  async rows(...tables) {
    const counts = tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`);
    return JSON.parse(await this.sql(`SELECT row_to_json(counts) FROM (SELECT ${counts.join(', ')}) AS counts`));
  }

  // Runs a statement with psql and returns its output.
  async sql(statement) {
    const connection = ['-h', join(this.data, 'socket'), '-U', 'chatire', '-d', 'chatire'];
    const { stdout } = await promisify(execFile)('psql', [...connection, '-XAtc', statement]);
    return stdout;
  }

  // Resolves when the server prints its address.
  waitForAddress() {
    this.output = [];
    const { promise, resolve, reject } = withResolvers();
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.output.push(line);
        this.log?.write(`${line}\n`);
        if (line.includes(`:${this.port}`)) resolve();
      });
    }
    this.child.once('error', reject);
    this.child.once('exit', () => reject(new Error(`the server did not start\n${this.output.join('\n')}`)));
    return promise;
  }
}

function withResolvers() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
