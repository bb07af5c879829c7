import type { Duplex } from "node:stream";
import { oneLine } from "../../provider/hosts/errors.js";
import { isLibvirtError } from "../../provider/libvirt/index.js";
import { type CharacterDevice, characterDevices } from "../../provider/libvirt/xml/console.js";
import { EXIT } from "../exit-code.js";
import type { FollowedMachine } from "./followed.js";
import type { Machine } from "./machine.js";
import { ConsoleRefused, HostLost } from "./refused.js";
import { RawTerminal, TerminalModes } from "./terminal.js";

export interface SerialOptions {
  device: string | undefined;
  force: boolean;
  /** How the escape is written, and its byte. */
  escapeKey: { text: string; byte: number | undefined };
  /** How long to listen after the end of input that is no terminal; undefined: until the guest ends. */
  lingerMs: number | undefined;
  /** Aborted with what the process is to end with when it is told to. */
  signal: AbortSignal;
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
  say: (text: string) => void;
}

/** Connects this terminal, or this pipe, to a VM's serial console, until one of them has enough; it goes with the VM. */
export async function serialConsole(followed: FollowedMachine, options: SerialOptions): Promise<number> {
  for (;;) {
    const end = await serialOf(followed, options);
    if (end !== "elsewhere") return end;
  }
}

async function serialOf(followed: FollowedMachine, options: SerialOptions): Promise<number | "elsewhere"> {
  const machine = followed.current;
  checkDevice(machine, options.device);
  const stream = await open(machine, options);
  const { input, escapeKey, say } = options;
  const leaving = escapeKey.byte === undefined ? "" : `; ${escapeKey.text} leaves it`;
  const still = machine.stillness === undefined ? "" : ` (${machine.stillness})`;
  if (input.isTTY) say(`Connected to ${machine.label} on ${machine.hostName}${still}${leaving}.`);
  else if (machine.stillness !== undefined)
    say(
      `${machine.label} on ${machine.hostName} is ${machine.stillness}: it says nothing until it is resumed.`,
    );
  const end = await exchange(stream, options);
  switch (end.kind) {
    case "left":
      if (input.isTTY) say(`Left ${machine.label}${machine.stillness === undefined ? "; it runs on" : ""}.`);
      return EXIT.fine;
    case "told":
      return end.code;
    case "ended":
      return guestEnded(followed, machine, end.error);
    default:
      return end satisfies never;
  }
}

function checkDevice({ liveXml, label }: Machine, wanted: string | undefined): void {
  const all = characterDevices(liveXml);
  // The first serial port is the console as well.
  const openable = all.filter(
    ({ alias, type }, i) =>
      (type === "pty" || type === "unix") && all.findIndex((other) => other.alias === alias) === i,
  );
  if (wanted !== undefined) {
    if (openable.some(({ alias }) => alias === wanted)) return;
    const there = openable.map(({ alias }) => alias).join(", ");
    throw new ConsoleRefused(
      `${label} has no console ${JSON.stringify(wanted)}; it has ${there === "" ? "none that can be opened" : there}`,
    );
  }
  const first: CharacterDevice | undefined = all.find(({ kind }) => kind === "console" || kind === "serial");
  if (first === undefined)
    throw new ConsoleRefused(
      `${label} has no serial console: every VM of this package gets one with its next definition, and serialPorts: [{ type: "pty" }] adds further ones`,
    );
  if (!openable.some(({ alias }) => alias === first.alias)) {
    const rest = openable.map(({ alias }) => alias);
    throw new ConsoleRefused(
      `${label}'s console ${first.alias} is connected to something else on its host (${first.type}); ${rest.length > 0 ? `--device opens another: ${rest.join(", ")}` : 'serialPorts: [{ type: "pty" }] adds one that can be opened'}`,
    );
  }
}

async function open(machine: Machine, { device, force, signal }: SerialOptions): Promise<Duplex> {
  try {
    return await machine.host.libvirt.domains.openConsole(machine.uuid, { device, force }, { signal });
  } catch (error) {
    if (isLibvirtError(error, "resourceBusy"))
      throw new ConsoleRefused(
        `somebody has the console of ${machine.label} open; --force takes it from them`,
        { cause: error },
      );
    throw error;
  }
}

type End = { kind: "left" } | { kind: "told"; code: number } | { kind: "ended"; error: unknown };

async function exchange(stream: Duplex, options: SerialOptions): Promise<End> {
  const { input, output, escapeKey, lingerMs, signal } = options;
  using _ = new RawTerminal(input);
  const modes = new TerminalModes();
  let linger: NodeJS.Timeout | undefined;
  const stops: (() => void)[] = [];
  const on = <Args extends unknown[]>(
    emitter: NodeJS.EventEmitter,
    event: string,
    listener: (...args: Args) => void,
  ) => {
    emitter.on(event, listener as (...args: unknown[]) => void);
    stops.push(() => emitter.off(event, listener as (...args: unknown[]) => void));
  };
  const end = await new Promise<End>((resolve) => {
    on(stream, "data", (chunk: Buffer) => {
      if (output.isTTY) modes.see(chunk);
      if (!output.write(chunk)) stream.pause();
    });
    on(output, "drain", () => void stream.resume());
    let failure: unknown;
    stream.on("error", (error) => {
      failure = error;
    });
    on(stream, "close", () => resolve({ kind: "ended", error: failure }));
    on(output, "error", () => resolve({ kind: "left" }));
    on(input, "data", (chunk: Buffer) => {
      const at = input.isTTY && escapeKey.byte !== undefined ? chunk.indexOf(escapeKey.byte) : -1;
      const taken = at === -1 ? chunk : chunk.subarray(0, at);
      // A terminal is read on all the same: the escape must be heard.
      if (taken.length > 0 && !stream.write(taken) && !input.isTTY) input.pause();
      if (at !== -1) resolve({ kind: "left" });
    });
    on(stream, "drain", () => void input.resume());
    const onInputEnd = () => {
      if (input.isTTY) resolve({ kind: "left" });
      else if (lingerMs !== undefined) linger = setTimeout(() => resolve({ kind: "left" }), lingerMs);
    };
    // A state may have been read of it.
    if (input.readableEnded) onInputEnd();
    else on(input, "end", onInputEnd);
    // After a console on another host it stands still.
    if (!input.readableEnded) input.resume();
    // A terminal that was closed.
    on(input, "error", () => resolve({ kind: "left" }));
    const onTold = () => resolve({ kind: "told", code: signal.reason as number });
    if (signal.aborted) onTold();
    signal.addEventListener("abort", onTold, { once: true });
    stops.push(() => signal.removeEventListener("abort", onTold));
  });
  clearTimeout(linger);
  for (const stop of stops) stop();
  input.pause();
  if (output.isTTY && !output.destroyed) output.write(`${modes.restoration}\r\n`);
  stream.destroy();
  return end;
}

/** Of a console that closed by itself: what has become of the guest. */
async function guestEnded(
  followed: FollowedMachine,
  machine: Machine,
  error: unknown,
): Promise<number | "elsewhere"> {
  const { label, hostName } = machine;
  if (isLibvirtError(error, "connectionLost"))
    throw new HostLost(
      `the connection to ${hostName} was lost, and ${label} may run on: ${oneLine(error.cause ?? error)}`,
    );
  const why = await followed.whyEnded(machine).catch((failure: unknown): never => {
    throw new HostLost(
      `the console of ${label} was closed, and ${hostName} says no more: ${oneLine(failure)}`,
    );
  });
  if (why === "there")
    throw new ConsoleRefused(
      `the console of ${label} was closed, and it runs on: somebody else has opened it with force`,
    );
  return why === "elsewhere" ? why : EXIT.fine;
}
