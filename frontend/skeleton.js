// Shows a page that takes text until the program runs, which takes over what was typed: see src/skeleton.rs.
(() => {
  const skeleton = document.getElementById("skeleton");
  const isChat = /^\/chats\/\w/.test(location.pathname);
  const isStart = /^\/(chats\/?)?$/.test(location.pathname) && !location.hash;
  // Whether a text is one to three emoji. Old browsers do not know. The bundler would escape the backslashes of a string.
  let emoji;
  try {
    emoji = new RegExp(/^(\s*\p{RGI_Emoji}){1,3}\s*$/, "v");
  } catch {}
  early.isEmoji = (text) => emoji?.test(text);
  let mayBeSignedIn, draft;
  try {
    const remembered = localStorage.getItem("remembered");
    if (remembered && remembered != "yes") return;
    mayBeSignedIn = sessionStorage.getItem("authToken") || remembered;
    draft = localStorage.getItem(`draft/${sessionStorage.getItem("account")}/${location.pathname.split("/")[2]}`);
  } catch {
    return;
  }
  skeleton.dataset.path = location.pathname;
  if (!isChat && (!isStart || mayBeSignedIn)) return;
  const isTouch = matchMedia("(hover: none) and (pointer: coarse)").matches;
  let isMember, field;
  const copy = (id) => document.getElementById(id).content.cloneNode(true);
  const find = (selector) => skeleton.querySelector(selector);

  const showChat = () => {
    isMember = true;
    skeleton.replaceChildren(copy("chat-skeleton"));
    // As in src/chat_list/media_query.rs.
    if (!matchMedia("(width >= 900px)").matches) find(".chat-list-panel").remove();
    field = find("textarea");
    if (draft) {
      field.value = field.parentElement.dataset.text = draft;
      field.dataset.hasDraft = "";
    }
    if (!isTouch) field.focus();
  };
  const showWelcome = () => {
    skeleton.replaceChildren(copy("welcome-skeleton"));
    field = find("input");
    if (isChat) {
      for (const element of skeleton.querySelectorAll("[data-join]")) element.textContent = element.dataset.join;
      find("button").disabled = true;
      find("footer").remove();
      find("[href^='/auth']").search += `&next=${encodeURIComponent(location.pathname + location.search)}`;
    }
    for (const link of document.querySelectorAll("[data-module=pages]")) link.rel = "preload";
  };

  // A visitor may join at once unless there is something to read before that: see join_notes in src/strings/onboarding.rs.
  const showPreview = ({ name, status, role, closed, approval_required, guests_allowed }) => {
    if (isMember) {
      if (name) find("h1").textContent = name;
    } else if (!status && role != "reader" && !closed && !approval_required && guests_allowed) {
      find("h1").textContent = name || "You’re invited to a chat";
      find("button").disabled = false;
    }
  };

  // As src/strings/dates.rs.
  const dayLabel = (date) => {
    const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
    const age = Math.round((midnight(Date.now()) - midnight(date)) / 86_400_000);
    const year = age > 180 ? { year: "numeric" } : { weekday: "long" };
    return ["Today", "Yesterday"][age] ?? date.toLocaleDateString([], { day: "numeric", month: "long", ...year });
  };
  const element = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });
  const avatar = ({ id, avatar }, name) => {
    const picture = { loading: "lazy", decoding: "async", alt: "", src: `/api/avatars/${avatar}/` };
    if (avatar) return Object.assign(element("img", "avatar"), picture);
    const letter = element("span", "avatar", /[\p{L}\p{N}]/u.exec(name)?.[0] ?? [...name][0]);
    letter.style.backgroundColor = `oklch(0.53 0.125 ${((id % 360) * 137 + 250) % 360})`;
    return letter;
  };
  // The text with names in the place of mentions.
  const named = ({ message, mentions }) =>
    message.replace(/<@(\d+|here)>/g, (token, id) => {
      const name = id == "here" ? mentions?.here && id : mentions?.users?.find((user) => user.id == id)?.name;
      return name ? `@${name}` : token;
    });
  // What a message replies to. The program loads it if it is not among the newest messages.
  const quote = (quoted, messages) => {
    const row = element("span", "quote", "");
    if (quoted) {
      const name = quoted.user.id == early.account ? "You" : distinctName(quoted.user, messages);
      row.append(element("bdi", "quote-author", name));
    }
    row.append(Object.assign(element("span", "quote-text", quoted ? named(quoted) : "Loading…"), { dir: "auto" }));
    return row;
  };
  const article = (stored, messages, date, isOwn, name) => {
    const { user, message, mentions, reply_to, edited_at, deleted, reactions, files } = stored;
    const row = copy("message-skeleton").firstElementChild;
    row.dataset.own = isOwn;
    row.dataset.state = deleted ? "deleted" : "sent";
    row.querySelector("bdi").textContent = isOwn ? "You" : name;
    row.querySelector("p").textContent = named(stored);
    const { classList } = row.querySelector(".bubble");
    classList.toggle("emoji", !!early.isEmoji(message));
    classList.toggle("mentions-me", !isOwn && !!(mentions?.here || mentions?.users?.some(({ id }) => id == early.account)));
    if (reply_to) {
      row.querySelector("p").before(quote(messages.find(({ seq }) => seq == reply_to), messages));
    }
    if (files) {
      const list = element("div", "files", "");
      for (const { media_type, image } of files) {
        const file = element("div", `file ${image ? "image" : media_type.split("/")[0]}`, "");
        if (image) file.style.cssText = `--width:${image.width};--height:${image.height}`;
        list.append(file);
      }
      row.querySelector("p").before(list);
      if (!message) row.querySelector("p").remove();
    }
    if (reactions) {
      const chips = element("div", "reactions", "");
      for (const { emoji, count, users } of reactions) {
        const chip = Object.assign(element("button", "reaction", ""), { ariaPressed: users.includes(early.account), disabled: true });
        chip.append(element("span", "", ""));
        chip.firstChild.append(element("span", "emoji", emoji), ` ${count}`);
        chips.append(chip);
      }
      row.append(chips);
    }
    row.querySelector("time").textContent = date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
    if (edited_at) row.querySelector("footer").prepend(element("span", "edited", "edited"));
    if (deleted) row.querySelector(".icon-button").remove();
    if (isOwn) row.querySelector(".avatar").remove();
    else {
      row.querySelector(".avatar").replaceWith(avatar(user, name));
      row.querySelector("svg").remove();
    }
    return row;
  };
  const event = (text, name) => {
    const row = element("p", "event", ` ${text}`);
    row.prepend(element("bdi", "", name));
    return row;
  };
  // The username tells apart who has the same name.
  const distinctName = (user, messages) => {
    const name = ({ display_name, username }) => display_name || username;
    const isSame = (other) => other.id != user.id && name(other).toLowerCase() == name(user).toLowerCase();
    return messages.some(({ user }) => isSame(user)) ? `${name(user)} (${user.username})` : name(user);
  };
  // The newest messages as src/chat/state/rows.rs arranges them, without Markdown.
  const appendRows = (rows, messages) => {
    let last, lastRow, deleted;
    for (const message of messages.slice(-30)) {
      const date = new Date(message.created_at);
      const isOwn = message.user.id == early.account;
      const isSameDay = last && new Date(last.created_at).toDateString() == date.toDateString();
      const isSameUser = last?.user.id == message.user.id;
      deleted = isSameDay && isSameUser && last.deleted && message.deleted ? deleted + 1 : 1;
      if (deleted > 1) {
        lastRow.querySelector("p").textContent = `${deleted} messages deleted`;
        continue;
      }
      const startsGroup =
        !isSameDay || !isSameUser || last.event || message.event || date - new Date(last.created_at) >= 300_000;
      if (!isSameDay) rows.append(element("h2", "day-separator", dayLabel(date)));
      const name = distinctName(message.user, messages);
      const row = message.event ? event(message.message, isOwn ? "You" : name) : article(message, messages, date, isOwn, name);
      row.classList.toggle("group-start", startsGroup);
      if (startsGroup) lastRow?.classList.add("group-end");
      rows.append(row);
      [last, lastRow] = [message, row];
    }
    lastRow?.classList.add("group-end");
    rows.append(element("p", "seen-by"));
  };
  const showMessages = ({ messages }) => {
    const [area, log, rows] = [element("div", "message-area"), element("div", "log"), element("div", "message-rows")];
    Object.assign(log, { role: "log", ariaLive: "off", ariaLabel: "Messages", tabIndex: 0 });
    area.append(log);
    log.append(rows);
    appendRows(rows, messages);
    find(".part-loading").replaceWith(area);
    find("main").ariaBusy = "false";
    let isAtEnd = true;
    const showEnd = () => isAtEnd && (log.scrollTop = log.scrollHeight);
    log.onscroll = () => (isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 100);
    // The composer grows, and a keyboard may take space.
    new ResizeObserver(showEnd).observe(log);
  };

  const shown = {};
  const show = (part, showPart) => {
    if (!early[part] || shown[part]) return;
    shown[part] = true;
    showPart(early[part]);
  };
  if (isChat && mayBeSignedIn) showChat();
  else showWelcome();
  early.onchange = () => {
    show("preview", showPreview);
    if (!early.account) return;
    show("messages", (page) => {
      if (!isMember) {
        showChat();
        showPreview(early.preview);
      }
      showMessages(page);
    });
  };
  early.onchange();

  skeleton.addEventListener("input", () => {
    field.parentElement.dataset.text = field.value;
    field.dataset.edited = "";
  });
  skeleton.addEventListener("keydown", (event) => {
    // As in src/chat/composer.rs.
    const isComposing = event.isComposing || event.keyCode == 229;
    if (isMember && event.key == "Enter" && !event.shiftKey && !isComposing && !isTouch) {
      event.preventDefault();
      field.form.requestSubmit();
    }
  });
  // The program submits the form as soon as it can. Visitors who may join at once do not wait for it.
  skeleton.addEventListener("submit", (event) => {
    event.preventDefault();
    if ((isMember && !field.value.trim()) || field.readOnly) return;
    field.readOnly = true;
    field.dataset.submitted = "";
    if (isChat && !isMember) {
      find("button").textContent = "One moment…";
      early.join?.(field.value);
    }
  });
})();
