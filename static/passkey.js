/* Passkeys: the page's options go to the browser's key, its answer comes back in the form's hidden field.
   Without a script, or where the browser has no such thing, the one-time code remains. */
(function () {
  "use strict";
  function bytes(text) {
    var plain = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  }
  function text(buffer) {
    var plain = "";
    new Uint8Array(buffer).forEach(function (byte) { plain += String.fromCharCode(byte); });
    return window.btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function opened(options) {
    var key = options.publicKey;
    key.challenge = bytes(key.challenge);
    if (key.user) { key.user.id = bytes(key.user.id); }
    (key.allowCredentials || []).concat(key.excludeCredentials || []).forEach(function (one) { one.id = bytes(one.id); });
    return { publicKey: key };
  }
  function closed(credential) {
    var answer = { type: credential.type, id: credential.id, rawId: text(credential.rawId), response: {},
      clientExtensionResults: credential.getClientExtensionResults() };
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (name) {
      if (credential.response[name]) { answer.response[name] = text(credential.response[name]); }
    });
    return answer;
  }
  document.addEventListener("DOMContentLoaded", function () {
    if (!window.PublicKeyCredential) { return; }
    document.querySelectorAll("form[data-passkey]").forEach(function (form) {
      var failed = form.querySelector("[data-passkey-error]");
      form.hidden = false;
      form.addEventListener("submit", function (event) {
        event.preventDefault();
        failed.hidden = true;
        var options = opened(JSON.parse(document.getElementById(form.dataset.options).textContent));
        navigator.credentials[form.dataset.passkey](options).then(function (credential) {
          form.elements.credential.value = JSON.stringify(closed(credential));
          form.submit();
        }).catch(function () { failed.hidden = false; });
      });
    });
  });
})();
