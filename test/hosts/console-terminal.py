"""Runs a command in a terminal of its own and plays a script on it: what to wait for, and what to type then.

usage: console-terminal.py SCRIPT COMMAND...   SCRIPT is JSON: [{"until": "text", "type": "keys"}, ...]
Prints JSON: {"output", "exitCode", "modesBefore", "modesDuring", "modesAfter"}; modes are the terminal's flags.
"""
import json, os, pty, select, sys, termios, time

steps, command = json.loads(sys.argv[1]), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
modes = lambda: termios.tcgetattr(terminal)[:4]
before, during, output, seen = modes(), None, b"", 0


def read(until, seconds):
    global output, seen
    end = time.time() + seconds
    while time.time() < end:
        at = output.find(until, seen) if until else -1
        if at >= 0:
            seen = at + len(until)
            return
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # nobody has the terminal open any more
                time.sleep(0.1)
                return
            if not chunk:
                return
            output += chunk
    if until:
        raise SystemExit(f"{until!r} doesn't come: {output[-500:]!r}")


for step in steps:
    read(step["until"].encode(), 30)
    during = during or modes()
    os.write(terminal, step["type"].encode())
ended = 0
for _ in range(150):
    read(None, 0.1)
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        break
if not ended:
    os.kill(child, 9)
    raise SystemExit(f"the command doesn't end: {output[-500:]!r}")
read(None, 0.1)
print(json.dumps({
    "output": output.decode("latin1"), "exitCode": os.waitstatus_to_exitcode(status),
    "modesBefore": before, "modesDuring": during, "modesAfter": modes(),
}))
