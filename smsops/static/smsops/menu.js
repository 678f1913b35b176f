"use strict";
// Shuts the menu “More” when somebody goes on past it, clicks elsewhere or presses Escape: open, it lies over what comes
// next. Without this it is opened and shut by itself alone.
document.addEventListener("DOMContentLoaded", () => {
  const menu = document.querySelector(".more > details");
  if (!menu) return;
  const shut = (event) => { if (!menu.contains(event.target)) menu.open = false; };
  document.addEventListener("focusin", shut);
  document.addEventListener("click", shut);
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});
