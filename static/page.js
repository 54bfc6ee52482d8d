/* Small help for every page; all pages work without it.
   After a form came back, or a part was swapped in, the summary of what is missing takes the focus. */
(function () {
  "use strict";
  function focusErrors(root) {
    var errors = root.querySelector(".errors[tabindex]");
    if (errors) { errors.focus(); }
  }
  document.addEventListener("DOMContentLoaded", function () { focusErrors(document); });
  document.addEventListener("htmx:afterSwap", function (event) { focusErrors(event.target); });
})();
