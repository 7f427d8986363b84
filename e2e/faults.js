// What goes wrong on the way between a person and the server.

const FORBIDDEN = { type: 'about:blank', title: 'Forbidden', status: 403, detail: 'Not now.', code: 'forbidden' };

// As if the network swallowed what is posted, or the answers to it, until told otherwise. `felt` comes true when
// something was swallowed.
export async function cutOff(person, { answers = false } = {}) {
  const cut = { on: true };
  cut.felt = new Promise((resolve) => {
    cut.swallow = resolve;
  });
  const pass = (types, on) => (frame) => {
    if (cut.on && types.includes(JSON.parse(frame).type)) cut.swallow();
    else on.send(frame);
  };
  await person.context.routeWebSocket('**/api/socket/', (here) => {
    const server = here.connectToServer();
    here.onMessage(pass(answers ? [] : ['post'], server));
    server.onMessage(pass(answers ? ['posted', 'changes'] : [], here));
  });
  await person.context.route('**/api/chats/*/messages/', async (route, request) => {
    if (!cut.on || request.method() !== 'POST') return route.continue();
    if (answers) await route.fetch();
    cut.swallow();
    person.expects(`Failed to load resource: net::ERR_FAILED @ ${new URL(request.url()).pathname}`);
    return route.abort();
  });
  return cut;
}

// As if the server refused this text, as often as it comes, until told otherwise.
export async function refuse(person, text) {
  let refused = true;
  await person.context.routeWebSocket('**/api/socket/', (here) => {
    const server = here.connectToServer();
    here.onMessage((frame) => {
      const { type, uri, client_id, message } = JSON.parse(frame);
      if (refused && type === 'post' && message === text) {
        here.send(JSON.stringify({ type: 'refused', uri, client_id, problem: FORBIDDEN }));
      } else {
        server.send(frame);
      }
    });
  });
  return () => {
    refused = false;
  };
}
