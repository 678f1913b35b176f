"use strict";
// Keeps a page fresh while a run goes on: asks once a second, backs off when the server does not answer, and changes only
// what is another: what has the focus, is open or scrolled stays as it is, what somebody marks to copy it waits until it is let
// go, and only what is new is read aloud.
document.addEventListener("DOMContentLoaded", () => {
  const live = document.getElementById("live"), said = document.getElementById("live-said");
  if (!live || live.dataset.finished === "yes") return;
  const lost = document.getElementById("live-lost"), title = document.title;
  const tools = live.querySelector(".live-tools");
  if (tools) tools.style.minHeight = `${tools.offsetHeight}px`; // what is below stays where it is
  let wait = 1000, told = "";
  const key = (node) => node.id || node.getAttribute?.("aria-labelledby") || "";
  const find = (from, node) => {
    if (!key(node)) return from && !key(from) && from.nodeName === node.nodeName ? from : null;
    while (from && key(from) !== key(node)) from = from.nextSibling;
    return from;
  };
  const marked = (node) => {
    const text = document.getSelection();
    return text && !text.isCollapsed && text.containsNode(node, true);
  };
  const renew = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType === Node.ELEMENT_NODE) {
      for (const { name } of [...old.attributes]) if (name !== "open" && name !== "style" && !fresh.hasAttribute(name)) old.removeAttribute(name);
      for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
      renewAll(old, fresh);
    } else if (fresh.data.startsWith(old.data)) old.appendData(fresh.data.slice(old.data.length)); // a log that grows
    else if (!marked(old)) old.data = fresh.data;
  };
  const renewAll = (old, fresh) => {
    let at = old.firstChild;
    const drop = (until) => {
      while (at !== until) {
        const next = at.nextSibling;
        at.remove();
        at = next;
      }
    };
    for (const node of [...fresh.childNodes]) {
      const same = find(at, node);
      if (!same) {
        old.insertBefore(node, at);
        continue;
      }
      drop(same);
      renew(same, node);
      at = same.nextSibling;
    }
    drop(null);
  };
  const ask = async () => {
    try {
      const answer = await fetch(live.dataset.url, { headers: { Accept: "application/json" } });
      if (answer.redirected) return location.reload(); // signed out: the sign-in leads back here
      if (!answer.ok) throw new Error(String(answer.status));
      const { html, said: news, finished } = await answer.json(), fresh = document.createElement("div");
      fresh.innerHTML = html;
      renewAll(live, fresh);
      if (lost) lost.hidden = true;
      if (said && news !== told) said.textContent = told = news;
      const verdict = live.querySelector(".verdict .badge");
      if (verdict) document.title = `${verdict.textContent}: ${title}`;
      if (finished) return;
      wait = 1000;
    } catch {
      if (lost) lost.hidden = false;
      wait = Math.min(wait * 2, 15000);
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
});
