// A chat page as one would write it with Vue, jQuery and Bootstrap: a sign-in form, or the messages of a chat.

const { createApp, h, ref } = Vue;

createApp({
  setup() {
    const token = ref(sessionStorage.getItem('authToken'));
    const uri = location.pathname.split('/')[2];
    const [messages, text, name] = [ref([]), ref(''), ref('')];
    const chat = `/api/chats/${uri}/`;
    const open = (username) => {
      $.ajaxSetup({ headers: { Authorization: `JWT ${token.value}` }, contentType: 'application/json' });
      $.ajax({ url: chat, method: 'PATCH', data: JSON.stringify({ username }) })
        .then(() => $.get(`${chat}messages/`))
        .then((page) => (messages.value = page.messages));
    };
    if (token.value && uri) open(sessionStorage.getItem('username'));
    const join = (event) => {
      event.preventDefault();
      const guest = JSON.stringify({ display_name: name.value });
      $.ajax({ url: '/auth/guest/', method: 'POST', data: guest, contentType: 'application/json' }).then((created) => {
        token.value = created.token;
        open(created.user.username);
      });
    };
    const post = (event) => {
      event.preventDefault();
      $.post(`${chat}messages/`, JSON.stringify({ message: text.value })).then(() => (text.value = ''));
    };
    const field = (model, attributes) =>
      h('input', {
        class: 'form-control',
        value: model.value,
        onInput: (event) => (model.value = event.target.value),
        ...attributes,
      });
    return () =>
      token.value && uri
        ? h('div', { class: 'container' }, [
            messages.value.map(({ id, user, message }) =>
              h('div', { class: 'card-block', key: id }, [h('strong', user.username), h('p', message)]),
            ),
            h('form', { onSubmit: post }, [field(text, { placeholder: 'Type a message', name: 'message' })]),
          ])
        : h('form', { class: 'container', onSubmit: join }, [
            field(name, { placeholder: 'Username', name: 'display_name' }),
            h('button', { class: 'btn btn-primary' }, 'Sign In'),
          ]);
  },
}).mount('#app');
