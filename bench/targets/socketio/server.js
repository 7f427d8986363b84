// Socket.IO as in its documentation, with PostgreSQL: one insert per message, then a broadcast to the room.

import { createServer } from "node:http";

import pg from "pg";
import { Server } from "socket.io";

// Host, user and database come from the environment.
const pool = new pg.Pool({ max: 16 });

const STORE = {
  name: "store",
  text: `INSERT INTO messages (chat_id, user_id, client_id, message) VALUES ($1, $2, $3, $4)
         RETURNING id, created_at`,
};
const HISTORY = {
  name: "history",
  text: `SELECT id, user_id AS "user", client_id, created_at, message FROM messages
         WHERE chat_id = $1 ORDER BY id DESC LIMIT $2`,
};

async function post(chat, user, id, message) {
  const { rows } = await pool.query({ ...STORE, values: [chat, user, id, message] });
  return { id: rows[0].id, chat, user, client_id: id, created_at: rows[0].created_at, message };
}

async function history(chat, limit) {
  const { rows } = await pool.query({ ...HISTORY, values: [chat, limit] });
  return { chat, messages: rows.reverse() };
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts));
}

async function answer(request) {
  const url = new URL(request.url, "http://localhost");
  const chat = url.pathname.match(/^\/chats\/(\d+)\/messages$/)?.[1];
  if (!chat) return url.pathname === "/healthz" ? {} : undefined;
  if (request.method === "GET") return history(chat, url.searchParams.get("limit"));
  const { user, id, message } = await body(request);
  const posted = await post(chat, user, id, message);
  sockets.to(chat).emit("message", posted);
  return posted;
}

const server = createServer(async (request, response) => {
  const found = await answer(request);
  const text = JSON.stringify(found ?? {});
  const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
  response.writeHead(found ? 200 : 404, headers).end(text);
});

const sockets = new Server(server, { perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("join", (chat, joined) => {
    socket.join(chat);
    joined("joined");
  });
  socket.on("post", async (chat, id, message, acknowledge) => {
    const posted = await post(chat, 1, id, message);
    sockets.to(chat).emit("message", posted);
    acknowledge(id);
  });
});

await pool.query("SELECT 1");
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
