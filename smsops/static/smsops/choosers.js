"use strict";
// Django's two lists to choose from name their search fields by a picture, which does not say that it is one.
addEventListener("load", () => {
  for (const each of document.querySelectorAll(".search-label-icon")) each.setAttribute("role", "img");
});
