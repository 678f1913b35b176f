"use strict";
// Offers the zone the browser is in, where it is another one than the one that is chosen.
document.addEventListener("DOMContentLoaded", () => {
  const line = document.getElementById("browsers-zone"), choice = document.getElementById("id_time_zone");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!line || !choice || !here || choice.value === here) return;
  if (![...choice.options].some((each) => each.value === here)) return;
  line.querySelector("strong").textContent = here;
  line.hidden = false;
  line.querySelector("button").addEventListener("click", () => {
    choice.value = here;
    line.hidden = true;
    choice.focus();
  });
});
