// Bun's built-in server and publish, with PostgreSQL: one insert per message, then a broadcast.

import { SQL } from "bun";

const { PGHOST, PGUSER, PGDATABASE, PORT } = process.env;
const sql = new SQL({
  adapter: "postgres",
  path: `${PGHOST}/.s.PGSQL.5432`,
  username: PGUSER,
  database: PGDATABASE,
  max: 16,
});

const store = (chat, user, id, message) => sql`
  INSERT INTO messages (chat_id, user_id, client_id, message)
  VALUES (${chat}, ${user}, ${id}, ${message}) RETURNING id, created_at`;

async function post(chat, user, id, message) {
  const [row] = await store(chat, user, id, message);
  return { type: "message", id: row.id, chat, user, client_id: id, created_at: row.created_at, message };
}

async function history(chat, limit) {
  const rows = await sql`
    SELECT id, user_id AS "user", client_id, created_at, message FROM messages
    WHERE chat_id = ${chat} ORDER BY id DESC LIMIT ${limit}`;
  return { chat, messages: rows.reverse() };
}

async function answer(request, url) {
  const chat = url.pathname.match(/^\/chats\/(\d+)\/messages$/)?.[1];
  if (!chat) return new Response("ok", { status: url.pathname === "/healthz" ? 200 : 404 });
  if (request.method === "GET") return Response.json(await history(chat, url.searchParams.get("limit")));
  const { user, id, message } = await request.json();
  const posted = await post(chat, user, id, message);
  server.publish(chat, JSON.stringify(posted));
  return Response.json(posted);
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(PORT),
  fetch(request, server) {
    const url = new URL(request.url);
    if (url.pathname !== "/ws") return answer(request, url);
    const upgraded = server.upgrade(request, { data: { user: url.searchParams.get("user") } });
    return upgraded ? undefined : new Response("a WebSocket is expected", { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      socket.send('{"type":"welcome"}');
    },
    async message(socket, text) {
      const frame = JSON.parse(text);
      if (frame.type === "join") {
        socket.subscribe(frame.chat);
        socket.send('{"type":"joined"}');
        return;
      }
      const posted = await post(frame.chat, socket.data.user, frame.id, frame.message);
      server.publish(frame.chat, JSON.stringify(posted));
      socket.send(`{"type":"ack","id":"${frame.id}"}`);
    },
  },
});

await sql`SELECT 1`;
console.log("ready");
