import { escapeMarkup } from "../markup.js";

/** The page with a VM's screen. `key` opens the connection to it, and stands nowhere else. */
export function screenPage({ title, key }: { title: string; key: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
</head>
<body data-key="${escapeMarkup(key)}">
<header>
<h1>${escapeMarkup(title)}</h1>
<p role="status">Connecting.</p>
<button id="keys" disabled>Ctrl+Alt+Del</button>
<button id="full">Full screen</button>
</header>
<form hidden>
<label>Password of the VNC server <input type="password" autocomplete="off" required></label>
<button>Connect</button>
</form>
<main></main>
</body>
</html>
`;
}

/** Nothing comes from elsewhere, goes elsewhere, or is shown in somebody else's page. */
export function contentSecurityPolicy(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src data: blob:",
    `connect-src ws://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export const screenStyle = `
:root{color-scheme:light dark;--text:#1b1f24;--bar:#f6f8fa;--line:#d0d7de;--soft:#57606a}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--bar:#161b22;--line:#30363d;--soft:#9ea7b3}}
*{box-sizing:border-box}
html,body{height:100%;margin:0}
[hidden]{display:none!important}
body{display:flex;flex-direction:column;background:#000;color:var(--text);font:15px/1.4 system-ui,sans-serif}
header,form{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem;padding:.4rem .8rem;background:var(--bar);border-bottom:1px solid var(--line)}
h1{font-size:1rem;margin:0;overflow-wrap:anywhere}
[role=status]{margin:0;flex:1;color:var(--soft)}
button,input{font:inherit;padding:.2rem .7rem}
main{flex:1;min-height:0}
`;

/** What the socket is closed with when the VM has moved: the page opens another, which leads to where it is now. */
export const ELSEWHERE = 4000;

/** In the browser. The socket says first what is to be known, then it is noVNC's. */
export const screenScript = `
import RFB from "/novnc/core/rfb.js";

const { key } = document.body.dataset;
history.replaceState(null, "", "/");
document.body.removeAttribute("data-key");
const [status, form, screen, keys] = ["[role=status]", "form", "main", "#keys"].map((each) => document.querySelector(each));
const input = form.querySelector("input");
const say = (text) => { status.textContent = text; };
let ask;

function askFor(use) {
  ask = use;
  form.hidden = false;
  input.value = "";
  input.focus();
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  form.hidden = true;
  ask(input.value);
  input.value = "";
});

function connect(typed) {
  const socket = new WebSocket("ws://" + location.host + "/screen", ["kvm-screen", key]);
  let isRefused = false;
  socket.addEventListener("message", ({ data }) => {
    const { title, password } = JSON.parse(data);
    document.title = title;
    document.querySelector("h1").textContent = title;
    const known = typed ?? password;
    const rfb = new RFB(screen, socket, { credentials: known === undefined ? {} : { password: known } });
    rfb.scaleViewport = true;
    rfb.addEventListener("connect", () => {
      say("Connected.");
      keys.disabled = false;
      rfb.focus();
    });
    rfb.addEventListener("credentialsrequired", () => {
      say("The VNC server wants a password.");
      askFor((text) => {
        typed = text;
        rfb.sendCredentials({ password: text });
      });
    });
    rfb.addEventListener("securityfailure", () => { isRefused = true; });
    keys.onclick = () => { rfb.sendCtrlAltDel(); rfb.focus(); };
  }, { once: true });
  socket.addEventListener("close", ({ code, reason }) => {
    keys.disabled = true;
    form.hidden = true;
    if (code === ${ELSEWHERE}) {
      say("The VM has moved to another host; connecting again.");
      connect(typed);
    } else if (isRefused) {
      say("The VNC server refuses this password.");
      askFor(connect);
    } else say(reason === "" ? "The connection is closed; \\"kvm console --vnc\\" makes another." : reason);
  });
}
document.querySelector("#full").addEventListener("click", () => screen.requestFullscreen());
connect();
`;
