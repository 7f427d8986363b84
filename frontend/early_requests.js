// Sends the first requests of a page while the program is loading, which takes their responses: see
// src/api/early_responses.rs. skeleton.js shows what they contain.
(() => {
  const responses = new Map();
  // `account` (the id of the user), `preview` and `messages` are set when they are known; `onchange` is called then.
  const early = (window.early = { responses });
  let remembered, token;
  try {
    remembered = localStorage.getItem("remembered");
    token = sessionStorage.getItem("authToken");
    early.account = sessionStorage.getItem("account");
  } catch {
    return;
  }
  // The rest of a sign-out: see src/session.rs.
  if (remembered && remembered != "yes") return;
  const [, isChats, uri] = location.pathname.match(/^\/(?:(chats)(?:\/(\w*))?\/?)?$/) ?? [];
  const chat = `/api/chats/${uri}/`;
  const request = async (method, path, body) => {
    const headers = body ? { "Content-Type": "application/json" } : {};
    if (token) headers.Authorization = `JWT ${token}`;
    const response = await fetch(path, { method, headers, body, signal: AbortSignal.timeout(15_000) });
    return [response.status, await response.text()];
  };
  // `next` runs before the program receives the response, so that it does not send the next requests itself.
  const send = (method, path, body, next) => {
    const response = request(method, path, body).then((response) => {
      if (response[0] == 200) next?.(JSON.parse(response[1]));
      return response;
    });
    responses.set(`${method} ${path}`, response);
    // If it failed, the program sends the request itself.
    response.catch(() => {});
    return response;
  };
  const show = (part) => (value) => {
    early[part] = value;
    early.onchange?.();
  };
  const listChats = () => send("GET", "/api/chats/");
  const readMessages = () => {
    send("GET", `${chat}messages/?limit=50`, undefined, show("messages"));
    send("GET", `${chat}read_position/`);
  };
  const join = (next) => send("PATCH", chat, "{}", next);
  const open = () => {
    if (token && (isChats || location.pathname == "/")) listChats();
    if (!uri) return;
    send("GET", chat, undefined, (preview) => {
      show("preview")(preview);
      if (preview.status != "member") return;
      readMessages();
      join();
    });
  };
  const createGuest = async (name) => {
    const [status, text] = await request("POST", "/auth/guest/", JSON.stringify({ display_name: name.trim() || null }));
    if (status != 201) throw status;
    const { token: newToken, user } = JSON.parse(text);
    [token, early.account] = [newToken, user.id];
    // As src/session.rs stores them.
    const { username, display_name } = user;
    const session = { authToken: token, renewedAt: Date.now(), account: user.id, username, displayName: display_name, guest: "yes" };
    try {
      for (const [key, value] of Object.entries(session)) sessionStorage.setItem(key, value);
      localStorage.setItem("remembered", "yes");
    } catch {
      // Full storage: a reload may lose the session.
    }
  };
  // Joins as a new guest of this name. The program waits until that is done, and finds a member who is signed in. After a
  // failure it sends the form itself and shows the error.
  early.join = (name) => {
    early.joining = (async () => {
      await createGuest(name);
      responses.clear();
      listChats();
      const [status] = await join(() => {
        send("GET", chat);
        readMessages();
      });
      if (status != 200) responses.clear();
    })().catch(() => {});
  };
  if (token || !remembered) return open();
  send("POST", "/auth/jwt/refresh/", undefined, (response) => {
    token = response.token;
    send("GET", "/auth/me/", undefined, ({ id }) => show("account")(id));
    open();
  });
})();
