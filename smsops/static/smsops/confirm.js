"use strict";
// Before a form is sent, asks whether whoever filled it in is still signed in: a sign-in page in its place would lose what
// was typed. Without it the form is sent as any other.
document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form[data-still]")) {
    const away = form.querySelector("[data-away]");
    let sure = false, asking = false;
    form.addEventListener("submit", async (event) => {
      if (sure) return;
      event.preventDefault();
      if (asking) return; // pressed twice
      asking = true;
      try {
        const answer = await fetch(form.dataset.still, { headers: { Accept: "application/json" }, cache: "no-store" });
        const still = answer.redirected ? {} : await answer.json();
        away.hidden = still.user === form.dataset.user;
        if (away.hidden) form.elements.csrfmiddlewaretoken.value = still.csrf; // another one after another sign-in
      } catch {
        away.hidden = true; // nobody knows: the browser tells
      }
      asking = false;
      if (!away.hidden) return away.querySelector("a").focus();
      sure = true;
      form.requestSubmit(event.submitter);
      sure = false;
    });
  }
});
