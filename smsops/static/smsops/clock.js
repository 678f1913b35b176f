"use strict";
// Lets an incident's clock run every second, and asks the server every five what has changed; without it the page is
// plain text with the time it was reckoned.
document.addEventListener("DOMContentLoaded", () => {
  const clock = document.getElementById("clock");
  if (!clock) return;
  const ahead = Date.parse(clock.dataset.now) - Date.now(); // this device's clock may be wrong
  let wait = 5000, shown = "", over = null;
  const two = (number) => String(number).padStart(2, "0");
  const span = (seconds) => {
    const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60, rest = two(seconds % 60);
    return hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
  };
  const tick = () => {
    const left = clock.querySelector("[data-until]");
    if (!left) return;
    const seconds = Math.floor((Date.parse(left.dataset.until) - Date.now() - ahead) / 1000);
    left.textContent = span(Math.abs(seconds));
    const label = left.parentElement.querySelector("[data-left]");
    label.textContent = seconds < 0 ? label.dataset.over : label.dataset.left;
    if (over === false && seconds < 0) ask();
    over = seconds < 0;
    clock.querySelector("[data-still]")?.remove();
  };
  const place = (node) => { // where the same thing is found again: a way that is folded in, a button, a link to a run
    if (node.id) return `#${CSS.escape(node.id)}`;
    if (node.matches("summary")) return node.parentElement.id ? `#${CSS.escape(node.parentElement.id)} > summary` : "";
    return node.matches("a[href]") ? `a[href="${CSS.escape(node.getAttribute("href"))}"]` : "";
  };
  const show = (html) => {
    const open = [...clock.querySelectorAll("details[open]")].map((each) => each.id);
    const focused = clock.contains(document.activeElement) ? place(document.activeElement) : "";
    clock.innerHTML = shown = html;
    for (const id of open) if (id) document.getElementById(id)?.setAttribute("open", "");
    if (focused) clock.querySelector(focused)?.focus({ preventScroll: true });
    tick();
  };
  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(clock.dataset.url, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { html, finished } = await answer.json();
      if (html !== shown) show(html);
      wait = finished ? 30000 : 5000;
    } catch {
      wait = Math.min(wait * 2, 30000);
    }
  };
  const again = async () => {
    await ask();
    setTimeout(again, wait);
  };
  tick();
  setInterval(tick, 1000);
  setTimeout(again, wait);
  document.addEventListener("visibilitychange", ask);
});
