"use strict";
// Keeps a run's page fresh while the run goes on: asks once a second, backs off when the server does not answer.
document.addEventListener("DOMContentLoaded", () => {
  const live = document.getElementById("live");
  if (!live || live.dataset.finished === "yes") return;
  let wait = 1000, shown = "";
  const ask = async () => {
    try {
      const answer = await fetch(live.dataset.url, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { html, finished } = await answer.json();
      if (html !== shown) {
        const open = [...live.querySelectorAll("details[open]")].map((each) => each.id);
        live.innerHTML = shown = html;
        for (const id of open) if (id) document.getElementById(id)?.setAttribute("open", "");
      }
      if (finished) return;
      wait = 1000;
    } catch {
      wait = Math.min(wait * 2, 15000);
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
});
