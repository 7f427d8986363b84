// Serves the page, compressed as well as possible, and passes the API on. Arguments: its port and that of the server.

import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { extname } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const [port, api] = process.argv.slice(2).map(Number);
const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript' };
const FILES = {
  '/index.html': 'index.html',
  '/app.js': 'app.js',
  '/bootstrap.css': 'node_modules/bootstrap/dist/css/bootstrap.min.css',
  '/bootstrap.js': 'node_modules/bootstrap/dist/js/bootstrap.bundle.min.js',
  '/jquery.js': 'node_modules/jquery/dist/jquery.min.js',
  '/vue.js': 'node_modules/vue/dist/vue.runtime.global.prod.js',
};
const bodies = Object.fromEntries(
  Object.entries(FILES).map(([url, file]) => [url, brotliCompressSync(readFileSync(new URL(file, import.meta.url)))]),
);

createServer((incoming, outgoing) => {
  if (/^\/(api|auth)\//.test(incoming.url)) {
    const { url, method, headers } = incoming;
    const passed = request({ port: api, path: url, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
    return;
  }
  const url = bodies[incoming.url] ? incoming.url : '/index.html';
  outgoing.writeHead(200, { 'Content-Type': TYPES[extname(url)], 'Content-Encoding': 'br', 'Cache-Control': 'no-cache' });
  outgoing.end(bodies[url]);
}).listen(port, '127.0.0.1', () => console.log('ready'));
