// A chat page as one would write it with Vue, jQuery and Bootstrap: a sign-in form, or the messages of a chat.

const { createApp, h, ref } = Vue;

createApp({
  setup() {
    const token = sessionStorage.getItem('authToken');
    const uri = location.pathname.split('/')[2];
    const [messages, text, name] = [ref([]), ref(''), ref('')];
    if (token && uri) {
      $.ajaxSetup({ headers: { Authorization: `JWT ${token}` }, contentType: 'application/json' });
      const chat = `/api/chats/${uri}/`;
      const username = sessionStorage.getItem('username');
      $.ajax({ url: chat, method: 'PATCH', data: JSON.stringify({ username }) })
        .then(() => $.get(`${chat}messages/`))
        .then((page) => (messages.value = page.messages));
    }
    const post = (event) => {
      event.preventDefault();
      $.post(`/api/chats/${uri}/messages/`, JSON.stringify({ message: text.value })).then(() => (text.value = ''));
    };
    const field = (model, attributes) =>
      h('input', {
        class: 'form-control',
        value: model.value,
        onInput: (event) => (model.value = event.target.value),
        ...attributes,
      });
    return () =>
      token && uri
        ? h('div', { class: 'container' }, [
            messages.value.map(({ id, user, message }) =>
              h('div', { class: 'card-block', key: id }, [h('strong', user.username), h('p', message)]),
            ),
            h('form', { onSubmit: post }, [field(text, { placeholder: 'Type a message', name: 'message' })]),
          ])
        : h('form', { class: 'container' }, [
            field(name, { placeholder: 'Username', name: 'display_name' }),
            h('button', { class: 'btn btn-primary' }, 'Sign In'),
          ]);
  },
}).mount('#app');
