"use strict";
// On every page: a field says what is wrong with it as soon as somebody leaves it, not only when the form comes back;
// and a finger on a time shows the exact one, which a mouse gets by pointing. Without this script all still works.
document.addEventListener("DOMContentLoaded", () => {
  const toldBy = (field) => (field.getAttribute("aria-describedby") || "").split(/\s+/).filter(Boolean);
  const wanted = (field) => {
    if (field.dataset.wanted && field.value.trim() && field.value.trim() !== field.dataset.wanted) return `This is not “${field.dataset.wanted}”.`;
    if (field.dataset.kind === "json" && field.value.trim()) {
      try { JSON.parse(field.value); } catch { return "This is no JSON: look for a missing quote, comma or bracket."; }
    }
    return "";
  };
  const look = (field) => {
    if (!field.id || !field.willValidate || !field.closest("form[method=post][novalidate]")) return;
    field.setCustomValidity(wanted(field));
    const number = `${field.id}_error`, wrong = field.validationMessage;
    let list = document.getElementById(number);
    if (!wrong) {
      if (list) list.remove();
      field.removeAttribute("aria-invalid");
      field.closest(".field.errors")?.classList.remove("errors");
      const rest = toldBy(field).filter((each) => each !== number);
      if (rest.length) field.setAttribute("aria-describedby", rest.join(" ")); else field.removeAttribute("aria-describedby");
      return;
    }
    if (!list) {
      list = document.createElement("ul");
      list.className = "errorlist";
      list.id = number;
      list.setAttribute("role", "status");
      field.after(list);
    }
    const line = document.createElement("li");
    line.textContent = wrong;
    list.replaceChildren(line);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", [...toldBy(field).filter((each) => each !== number), number].join(" "));
  };
  document.addEventListener("change", (event) => { if (event.target.matches("input, select, textarea")) look(event.target); });
  document.addEventListener("input", (event) => { if (event.target.getAttribute("aria-invalid")) look(event.target); });
  document.addEventListener("click", (event) => {
    const time = event.target.closest("time[title]");
    if (!time || event.target.closest("a, button, summary")) return;
    const words = time.textContent;
    time.textContent = time.title;
    time.title = words;
  });
});
