// Shows a page that takes text until the program runs, which takes over what was typed: see src/skeleton.rs.
(() => {
  const skeleton = document.getElementById("skeleton");
  const isChat = /^\/chats\/\w/.test(location.pathname);
  const isStart = /^\/(chats\/?)?$/.test(location.pathname) && !location.hash;
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
      find("[href^='/auth']").search += `&next=${encodeURIComponent(location.pathname)}`;
    }
    for (const link of document.querySelectorAll("[data-module=pages]")) link.rel = "preload";
  };

  // A visitor may join at once if there is nothing to read before that.
  const showPreview = ({ name, status, role, closed, approval_required, guests_allowed }) => {
    if (isMember) {
      if (name) find("h1").textContent = name;
    } else if (!status && role != "reader" && !closed && !approval_required && guests_allowed) {
      find("h1").textContent = name || "You’re invited to a chat";
      find("button").disabled = false;
    }
  };

  const day = (date) => date.toLocaleDateString();
  const dayLabel = (date) => {
    const yesterday = new Date();
    yesterday.setDate(yesterday.getDate() - 1);
    if (day(date) == day(new Date())) return "Today";
    return day(date) == day(yesterday)
      ? "Yesterday"
      : date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
  };
  const element = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });
  const avatar = ({ id, avatar }, name) => {
    if (avatar) return Object.assign(element("img", "avatar"), { src: `/api/avatars/${avatar}/`, alt: "" });
    const letter = element("span", "avatar", /[\p{L}\p{N}]/u.exec(name)?.[0] ?? [...name][0]);
    letter.style.backgroundColor = `oklch(0.53 0.125 ${((id % 360) * 137 + 250) % 360})`;
    return letter;
  };
  const article = ({ user, message, deleted }, date, isOwn) => {
    const row = copy("message-skeleton").firstElementChild;
    const name = user.display_name || user.username;
    row.dataset.own = isOwn;
    row.dataset.state = deleted ? "deleted" : "sent";
    row.querySelector("bdi").textContent = isOwn ? "You" : name;
    row.querySelector("p").textContent = message;
    row.querySelector("time").textContent = date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
    if (deleted) row.querySelector(".icon-button").remove();
    if (isOwn) row.querySelector(".avatar").remove();
    else {
      row.querySelector(".avatar").replaceWith(avatar(user, name));
      row.querySelector("svg").remove();
    }
    return row;
  };
  // Shows the newest messages as src/chat/state/rows.rs arranges them, without Markdown.
  const showMessages = ({ messages }) => {
    const own = sessionStorage.getItem("account");
    const rows = element("div", "message-rows");
    let last, lastRow;
    for (const message of messages.slice(-30)) {
      const date = new Date(message.created_at);
      const startsDay = !last || day(last.date) != day(date);
      const startsGroup =
        startsDay || last.event || message.event || last.user.id != message.user.id || date - last.date >= 300_000;
      if (startsDay) rows.append(element("h2", "day-separator", dayLabel(date)));
      const row = message.event ? element("p", "event", message.message) : article(message, date, message.user.id == own);
      row.classList.toggle("group-start", startsGroup);
      if (startsGroup) lastRow?.classList.add("group-end");
      rows.append(row);
      [last, lastRow] = [{ ...message, date }, row];
    }
    lastRow?.classList.add("group-end");
    rows.append(element("p", "seen-by"));
    const [area, log] = [element("div", "message-area"), element("div", "log")];
    area.append(log);
    log.append(rows);
    find(".part-loading").replaceWith(area);
    log.scrollTop = log.scrollHeight;
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
  // The program submits the form as soon as it can.
  skeleton.addEventListener("submit", (event) => {
    event.preventDefault();
    if ((isMember && !field.value.trim()) || field.readOnly) return;
    field.readOnly = true;
    field.dataset.submitted = "";
    if (isChat && !isMember) {
      find("button").textContent = "One moment…";
      early.join(field.value);
    }
  });
})();
