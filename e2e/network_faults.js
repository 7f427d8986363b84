// Faults of the connection between a browser and the server.

const FORBIDDEN = { type: 'about:blank', title: 'Forbidden', status: 403, detail: 'Not now.', code: 'forbidden' };

// Drops posted messages, or the answers to them, while `on` is true. `dropped` resolves when the first is dropped. `scope` is
// a page, or the context with all of its pages.
export async function cutOff(person, { answers = false, scope = person.context } = {}) {
  const cut = { on: true };
  cut.dropped = new Promise((resolve) => {
    cut.noteDropped = resolve;
  });
  const forward = (droppedTypes, target) => (frame) => {
    if (cut.on && droppedTypes.includes(JSON.parse(frame).type)) cut.noteDropped();
    else target.send(frame);
  };
  await scope.routeWebSocket('**/api/socket/', (page) => {
    const server = page.connectToServer();
    page.onMessage(forward(answers ? [] : ['post'], server));
    server.onMessage(forward(answers ? ['posted', 'changes'] : [], page));
  });
  await scope.route('**/api/chats/*/messages/', async (route, request) => {
    if (!cut.on || request.method() !== 'POST') return route.continue();
    if (answers) await route.fetch();
    cut.noteDropped();
    person.expectErrors(`Failed to load resource: net::ERR_FAILED @ ${new URL(request.url()).pathname}`);
    return route.abort();
  });
  return cut;
}

// Counts by text the posted messages that reach the server.
export async function countPosts(context) {
  const counts = {};
  const count = (text) => {
    counts[text] = (counts[text] ?? 0) + 1;
  };
  await context.routeWebSocket('**/api/socket/', (page) => {
    const server = page.connectToServer();
    page.onMessage((frame) => {
      const { type, message } = JSON.parse(frame);
      if (type === 'post') count(message);
      server.send(frame);
    });
  });
  context.on('requestfinished', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/messages/')) count(request.postDataJSON().message);
  });
  return counts;
}

// Answers every post of this text with an error, until the returned function is called.
export async function rejectMessage(person, text) {
  let rejecting = true;
  await person.context.routeWebSocket('**/api/socket/', (page) => {
    const server = page.connectToServer();
    page.onMessage((frame) => {
      const { type, chat_id, client_id, message } = JSON.parse(frame);
      if (rejecting && type === 'post' && message === text) {
        page.send(JSON.stringify({ type: 'refused', chat_id, client_id, problem: FORBIDDEN }));
      } else {
        server.send(frame);
      }
    });
  });
  return () => {
    rejecting = false;
  };
}
