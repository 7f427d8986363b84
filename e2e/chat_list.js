// The chat list, as a user operates it.

export class ChatList {
  constructor(page) {
    this.page = page;
  }

  get links() {
    return this.page.getByRole('navigation', { name: 'Your chats' }).getByRole('listitem').getByRole('link');
  }

  linkTo(path) {
    return this.links.and(this.page.locator(`[href="${path}"]`));
  }

  // Waits until the list contains exactly these chats in this order.
  async waitForOrder(...paths) {
    await this.page.waitForFunction((paths) => {
      const links = [...document.querySelectorAll('.chat-row')];
      return JSON.stringify(links.map((link) => link.getAttribute('href'))) === JSON.stringify(paths);
    }, paths);
  }

  // Waits for the number of unread messages of a chat; `null` for no badge.
  async waitForUnread(path, count) {
    const badge = this.linkTo(path).locator('.badge');
    if (count === null) await badge.waitFor({ state: 'detached' });
    else await badge.filter({ hasText: `${count} unread` }).waitFor();
  }

  async muteOpenChat() {
    await this.page.getByRole('button', { name: 'More', exact: true }).click();
    await this.page.getByRole('switch', { name: 'Mute this chat' }).click();
    await this.page.keyboard.press('Escape');
  }
}
