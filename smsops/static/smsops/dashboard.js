"use strict";
// Keeps the dashboard's changing part fresh: asks every five seconds whether anything but time has passed (ETag), lets
// times and bars go on in between, and fetches what the page did not wait for. Without it the page is as it was sent.
document.addEventListener("DOMContentLoaded", () => {
  const now = document.getElementById("now"), said = document.getElementById("now-said");
  const later = document.getElementById("later");
  const opened = Date.now();
  let mark = "", wait = 5000, told = "";

  const span = (seconds) => {
    if (seconds < 90) return `${Math.round(seconds)} s`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
    const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
    return hours < 48 ? `${hours} h ${minutes} min` : `${Math.floor(hours / 24)} days`;
  };
  const tick = () => {
    for (const time of document.querySelectorAll(".dashboard time[datetime]")) {
      const seconds = (Date.parse(time.getAttribute("datetime")) - Date.now()) / 1000;
      if (Number.isNaN(seconds)) continue;
      if (time.hasAttribute("data-until")) time.textContent = seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
      else time.textContent = seconds > -2 ? "just now" : `${span(-seconds)} ago`;
    }
    for (const bar of now ? now.querySelectorAll("progress[data-ends]") : []) {
      const began = Date.parse(bar.dataset.began), ends = Date.parse(bar.dataset.ends), left = (ends - Date.now()) / 1000;
      bar.value = Math.min(99, Math.max(0, (99 * (Date.now() - began)) / Math.max(1, ends - began)));
      const remains = bar.parentElement.querySelector(".remains");
      if (remains) remains.textContent = left > 0 ? `about ${span(left)} left` : `${span(-left)} longer than the last time`;
    }
  };
  const show = (html) => {
    const focused = now.contains(document.activeElement) ? document.activeElement.getAttribute("href") : "";
    now.innerHTML = html;
    if (focused) [...now.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused)?.focus({ preventScroll: true });
    tick();
  };
  const warn = (warnings) => {
    const place = document.getElementById("house-warnings");
    if (!place) return;
    place.replaceChildren(...warnings.map((text) => {
      const line = document.createElement("p");
      line.className = "alarm alarm-house";
      line.setAttribute("role", "alert");
      line.textContent = text;
      return line;
    }));
  };
  const ask = async () => {
    if (document.hidden) return;
    try {
      const headers = { Accept: "application/json", ...(mark ? { "If-None-Match": mark } : {}) };
      const answer = await fetch(now.dataset.url, { headers, cache: "no-store" });
      if (answer.status !== 304) {
        if (!answer.ok) throw new Error(String(answer.status));
        const news = await answer.json();
        const first = !mark;
        mark = answer.headers.get("ETag") || "";
        show(news.html);
        if (!first || news.warnings.length) warn(news.warnings);
        // The cards below are as old as the page: with news they are fetched anew, unless somebody is typing.
        if (!first && Date.now() - opened > 300000 && !document.activeElement?.closest("form")) location.reload();
        if (told && news.said !== told) said.textContent = news.said;
        told = news.said;
      }
      now.classList.remove("stale");
      wait = 5000;
    } catch {
      now.classList.add("stale");
      wait = Math.min(wait * 2, 60000);
    }
  };
  const again = async () => {
    await ask();
    setTimeout(again, wait);
  };
  const fetchLater = async () => {
    try {
      const answer = await fetch(later.dataset.url, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const { first, html } = await answer.json();
      const place = document.getElementById("later-first");
      if (place) place.innerHTML = first || "";
      later.innerHTML = html;
      later.dataset.came = "yes";
    } catch {
      setTimeout(fetchLater, 15000);
    }
  };
  if (now) {
    setTimeout(again, wait);
    setInterval(tick, 1000);
    document.addEventListener("visibilitychange", ask);
  }
  if (later) fetchLater();
});
