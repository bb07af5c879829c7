import type { Duplex } from "node:stream";
import { unlessAbsent } from "./absent.js";
import { type ConsoleChoice, openDomainConsole } from "./domain-console.js";
import { DomainHardwareApi } from "./domain-hardware.js";
import {
  type DomainKey,
  type DomainRecord,
  type ObserveAllOptions,
  observeAllDomains,
  observeDomain,
} from "./domain-record.js";
import { domainByUuid } from "./domain-reference.js";
import { screenshotDomain } from "./domain-screenshot.js";
import { type DomainState, domainState } from "./domain-state.js";
import { type DomainTarget, targetFlags } from "./domain-tuning.js";
import { LibvirtError } from "./errors.js";
import { DEADLINES, type OperationOptions } from "./session.js";
import { withImpossibleName } from "./xml/index.js";

/** VIR_DOMAIN_SAVE_IMAGE_XML_SECURE */
const SAVED_XML_WITH_SECRETS = 1;

/** What `undefine` removes along with the definition. libvirt refuses while something is there that wasn't named. */
export interface UndefineOptions extends OperationOptions {
  readonly nvram?: "remove" | "keep";
  readonly tpm?: "remove" | "keep";
  readonly managedSave?: boolean;
  readonly snapshotsMetadata?: boolean;
  readonly checkpointsMetadata?: boolean;
}

/** A domain's interface with its addresses. */
export interface DomainInterfaceAddresses {
  readonly name: string;
  readonly mac?: string | undefined;
  readonly addresses: readonly {
    readonly family: "ipv4" | "ipv6";
    readonly address: string;
    readonly prefix: number;
  }[];
}

/** VIR_DOMAIN_DEFINE_VALIDATE */
const DEFINE_VALIDATE = 1;
/** VIR_ERR_XML_INVALID_SCHEMA */
const NOT_OF_SCHEMA = 92;
const SHUTDOWN = { default: 0, acpi: 1, agent: 2, initctl: 4, signal: 8, paravirt: 16 } as const;
const ADDRESS_SOURCE = { lease: 0, agent: 1, arp: 2 } as const;
const METADATA_ELEMENT = 2;
/** REMOTE_DOMAIN_DISK_ERRORS_MAX */
const MOST_DISK_ERRORS = 256;
/** VIR_DOMAIN_DISK_ERROR_NO_SPACE */
const NO_SPACE = 2;
const LIFECYCLE_EVENTS = { onPoweroff: 0, onReboot: 1, onCrash: 2 } as const;
const LIFECYCLE_ACTIONS = [
  "destroy",
  "restart",
  "rename-restart",
  "preserve",
  "coredump-destroy",
  "coredump-restart",
];

/** What happens to a guest by itself, and what then becomes of it. */
export type LifecycleEvent = keyof typeof LIFECYCLE_EVENTS;

export function isLifecycleEvent(name: string): name is LifecycleEvent {
  return Object.hasOwn(LIFECYCLE_EVENTS, name);
}

/** Domains of one host. UUIDs name them, as names can change. Deadlines: 30 s to read, 120 s to change. */
export class DomainApi extends DomainHardwareApi {
  /** Names and UUIDs of all domains. */
  async list(options: OperationOptions = {}): Promise<{ name: string; uuid: string; id: number }[]> {
    const all = { needResults: 1, flags: 0 };
    return (await this.session.read("list the domains", "ConnectListAllDomains", all, options)).domains;
  }

  /** Every domain with its documents. One that vanishes meanwhile is left out. */
  observeAll(options: ObserveAllOptions = {}): Promise<DomainRecord[]> {
    return observeAllDomains(this.session, options);
  }

  /** One domain with its documents; undefined when there is none. */
  observe(key: DomainKey, options: OperationOptions = {}): Promise<DomainRecord | undefined> {
    return observeDomain(this.session, key, options);
  }

  /** A document as it is now. `secure` includes passwords; `migratable` is fit for another host. */
  async xml(
    uuid: string,
    what: { readonly inactive?: boolean; readonly secure?: boolean; readonly migratable?: boolean } = {},
    options: OperationOptions = {},
  ): Promise<string> {
    const flags = (what.secure ? 1 : 0) | (what.inactive ? 2 : 0) | (what.migratable ? 8 : 0);
    const args = { dom: domainByUuid(uuid), flags };
    return (await this.session.read(`read domain ${uuid}`, "DomainGetXMLDesc", args, options)).xml;
  }

  /**
   * What in a document isn't as the host's schema has it; undefined when nothing is, or when it can't be told. It is asked for a definition of a
   * name that QEMU's driver takes for no domain, after having looked at the schema: nothing is defined on the host. Another driver that is only for
   * tests would do as well, but a daemon of QEMU's driver alone (virtqemud) opens none.
   */
  async schemaProblem(xml: string, options: OperationOptions = {}): Promise<string | undefined> {
    const call = { timeoutMs: options.timeoutMs ?? DEADLINES.read, signal: options.signal };
    try {
      const { uuid } = await this.define(withImpossibleName(xml), call);
      // A driver that took it all the same isn't left with it.
      await this.undefine(uuid, call);
      return undefined;
    } catch (error) {
      options.signal?.throwIfAborted();
      return error instanceof LibvirtError && error.code === NOT_OF_SCHEMA ? error.reason : undefined;
    }
  }

  /** Defines or redefines a domain, after validation against libvirt's schema unless `validate` is false. */
  async define(
    xml: string,
    options: OperationOptions & { readonly validate?: boolean } = {},
  ): Promise<{ name: string; uuid: string; id: number }> {
    const flags = options.validate === false ? 0 : DEFINE_VALIDATE;
    return (await this.session.change("define a domain", "DomainDefineXMLFlags", { xml, flags }, options))
      .dom;
  }

  /**
   * Defines what was made of a document that libvirt gave. What was wrong with that one by the schema is no reason to refuse a change of the rest:
   * libvirt takes and gives documents that its schema doesn't know.
   */
  async redefine(xml: string, given: string, options: OperationOptions = {}): Promise<void> {
    try {
      await this.define(xml, options);
    } catch (error) {
      const isOfSchema = error instanceof LibvirtError && error.code === NOT_OF_SCHEMA;
      if (!isOfSchema || (await this.schemaProblem(given, options)) === undefined) throw error;
      await this.define(xml, { ...options, validate: false });
    }
  }

  async undefine(uuid: string, options: UndefineOptions = {}): Promise<void> {
    const flags =
      (options.managedSave ? 1 : 0) |
      (options.snapshotsMetadata ? 2 : 0) |
      (options.nvram === "remove" ? 4 : 0) |
      (options.nvram === "keep" ? 8 : 0) |
      (options.checkpointsMetadata ? 16 : 0) |
      (options.tpm === "remove" ? 32 : 0) |
      (options.tpm === "keep" ? 64 : 0);
    const args = { dom: domainByUuid(uuid), flags };
    await this.session.change(`undefine domain ${uuid}`, "DomainUndefineFlags", args, options);
  }

  /** Starts it. `forceBoot` discards a managed save instead of resuming it. */
  async start(
    uuid: string,
    options: OperationOptions & { readonly paused?: boolean; readonly forceBoot?: boolean } = {},
  ): Promise<void> {
    const flags = (options.paused ? 1 : 0) | (options.forceBoot ? 8 : 0);
    const args = { dom: domainByUuid(uuid), flags };
    await this.session.change(`start domain ${uuid}`, "DomainCreateWithFlags", args, options);
  }

  /** Takes the power away. `graceful` gives up instead of killing a QEMU that doesn't end by itself. */
  async destroy(
    uuid: string,
    options: OperationOptions & { readonly graceful?: boolean } = {},
  ): Promise<void> {
    const args = { dom: domainByUuid(uuid), flags: options.graceful ? 1 : 0 };
    await this.session.change(`destroy domain ${uuid}`, "DomainDestroyFlags", args, options);
  }

  /** Asks the guest to shut down, and returns when it was asked. Mode "agent" waits for the agent's answer. */
  async shutdown(
    uuid: string,
    options: OperationOptions & { readonly mode?: keyof typeof SHUTDOWN } = {},
  ): Promise<void> {
    const mode = options.mode ?? "default";
    const operation = `shut down domain ${uuid}`;
    const args = { dom: domainByUuid(uuid), flags: SHUTDOWN[mode] };
    // An agent that doesn't answer blocks the call until its timeout; the default mode tries the agent first.
    if (mode === "agent" || mode === "default") {
      const timeoutMs = options.timeoutMs ?? 120_000;
      await this.session.long(operation, "DomainShutdownFlags", args, { timeoutMs, signal: options.signal });
    } else {
      await this.session.change(operation, "DomainShutdownFlags", args, options);
    }
  }

  async suspend(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.session.change(`pause domain ${uuid}`, "DomainSuspend", { dom: domainByUuid(uuid) }, options);
  }

  async resume(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.session.change(`resume domain ${uuid}`, "DomainResume", { dom: domainByUuid(uuid) }, options);
  }

  /** Has a guest that has suspended itself to RAM go on. */
  async wakeUp(uuid: string, options: OperationOptions = {}): Promise<void> {
    const args = { dom: domainByUuid(uuid), flags: 0 };
    await this.session.change(`wake up domain ${uuid}`, "DomainPmWakeup", args, options);
  }

  /** Disks, by their targets, on which an I/O error has paused a running domain. */
  async diskErrors(
    uuid: string,
    options: OperationOptions = {},
  ): Promise<{ disk: string; error: "noSpace" | "unspecified" }[]> {
    const args = { dom: domainByUuid(uuid), maxerrors: MOST_DISK_ERRORS, flags: 0 };
    const operation = `read the errors of the disks of domain ${uuid}`;
    const { errors } = await this.session.read(operation, "DomainGetDiskErrors", args, options);
    return errors.map(({ disk, remote_error: error }) => ({
      disk,
      error: error === NO_SPACE ? "noSpace" : "unspecified",
    }));
  }

  async setAutostart(uuid: string, autostart: boolean, options: OperationOptions = {}): Promise<void> {
    const args = { dom: domainByUuid(uuid), autostart: autostart ? 1 : 0 };
    await this.session.change(`set autostart of domain ${uuid}`, "DomainSetAutostart", args, options);
  }

  /** Says what becomes of it when it ends, restarts or crashes by itself. */
  async setLifecycleAction(
    uuid: string,
    event: LifecycleEvent,
    action: string,
    target: DomainTarget,
    options: OperationOptions = {},
  ): Promise<void> {
    const number = LIFECYCLE_ACTIONS.indexOf(action);
    if (number < 0) throw new RangeError(`there is no action ${JSON.stringify(action)}`);
    const args = {
      dom: domainByUuid(uuid),
      type: LIFECYCLE_EVENTS[event],
      action: number,
      flags: targetFlags(target),
    };
    await this.session.change(`set ${event} of domain ${uuid}`, "DomainSetLifecycleAction", args, options);
  }

  /** Sets or, without `xml`, removes the element of a namespace in <metadata>. `key` is the prefix it gets. */
  async setMetadata(
    uuid: string,
    metadata: DomainTarget & { readonly uri: string; readonly key: string; readonly xml: string | undefined },
    options: OperationOptions = {},
  ): Promise<void> {
    const { uri, key, xml } = metadata;
    const args = {
      dom: domainByUuid(uuid),
      type: METADATA_ELEMENT,
      metadata: xml,
      key,
      uri,
      flags: targetFlags(metadata),
    };
    await this.session.change(`set metadata of domain ${uuid}`, "DomainSetMetadata", args, options);
  }

  /** The element of a namespace in <metadata>; undefined when there is none. */
  async metadata(
    uuid: string,
    query: { readonly uri: string; readonly persistent?: boolean },
    options: OperationOptions = {},
  ): Promise<string | undefined> {
    const flags = query.persistent === undefined ? 0 : query.persistent ? 2 : 1;
    const args = { dom: domainByUuid(uuid), type: METADATA_ELEMENT, uri: query.uri, flags };
    return unlessAbsent("metadataNotFound", async () => {
      return (await this.session.read(`read metadata of domain ${uuid}`, "DomainGetMetadata", args, options))
        .metadata;
    });
  }

  /** Gives it another name; only while it is off and has no managed save. */
  async rename(uuid: string, newName: string, options: OperationOptions = {}): Promise<void> {
    const args = { dom: domainByUuid(uuid), newName, flags: 0 };
    await this.session.change(`rename domain ${uuid} to ${newName}`, "DomainRename", args, options);
  }

  async interfaceAddresses(
    uuid: string,
    source: keyof typeof ADDRESS_SOURCE,
    options: OperationOptions = {},
  ): Promise<DomainInterfaceAddresses[]> {
    const args = { dom: domainByUuid(uuid), source: ADDRESS_SOURCE[source], flags: 0 };
    const operation = `read the addresses of domain ${uuid}`;
    const { ifaces } = await this.session.read(operation, "DomainInterfaceAddresses", args, options);
    return ifaces.map(({ name, hwaddr, addrs }) => ({
      name,
      mac: hwaddr,
      addresses: addrs.map(({ type, addr, prefix }) => ({
        family: type === 0 ? "ipv4" : "ipv6",
        address: addr,
        prefix,
      })),
    }));
  }

  /** The QEMU command line that a document would give. */
  async xmlToNative(xml: string, options: OperationOptions = {}): Promise<string> {
    const args = { nativeFormat: "qemu-argv", domainXML: xml, flags: 0 };
    return (await this.session.read("translate a domain", "ConnectDomainXMLToNative", args, options))
      .nativeConfig;
  }

  /** The document that a guest with a saved state starts with, whatever its definition has become. */
  async managedSaveXml(uuid: string, options: OperationOptions = {}): Promise<string> {
    const args = { dom: domainByUuid(uuid), flags: SAVED_XML_WITH_SECRETS };
    const operation = `read the managed save of domain ${uuid}`;
    return (await this.session.read(operation, "DomainManagedSaveGetXMLDesc", args, options)).xml;
  }

  /** Throws away a saved state. */
  async removeManagedSave(uuid: string, options: OperationOptions = {}): Promise<void> {
    const args = { dom: domainByUuid(uuid), flags: 0 };
    await this.session.change(
      `remove the managed save of domain ${uuid}`,
      "DomainManagedSaveRemove",
      args,
      options,
    );
  }

  /** Sends a JSON command to the guest agent and returns its JSON answer. */
  async agentCommand(uuid: string, command: string, options: OperationOptions = {}): Promise<string> {
    const timeoutMs = options.timeoutMs ?? 30_000;
    const args = {
      dom: domainByUuid(uuid),
      cmd: command,
      timeout: Math.max(1, Math.floor(timeoutMs / 1_000)),
      flags: 0,
    };
    const call = { timeoutMs: timeoutMs + 5_000, signal: options.signal };
    const operation = `ask the agent of domain ${uuid}`;
    return (await this.session.long(operation, "QEMUDomainAgentCommand", args, call)).result ?? "";
  }

  /** A console of a running domain, for reading and writing. Rejects with "resourceBusy" when somebody has it. */
  openConsole(
    uuid: string,
    console: ConsoleChoice = {},
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Duplex> {
    return openDomainConsole(this.session, domainByUuid(uuid), console, options.signal);
  }

  /** What a screen of a running domain shows, as an image file. Deadline 30 s. */
  screenshot(uuid: string, screen: number, options: OperationOptions = {}): Promise<Buffer> {
    return screenshotDomain(this.session, domainByUuid(uuid), screen, options);
  }

  /** libvirt's number for this run of a domain, which is another one after it was off, and the same after a reboot; -1 when it is off. */
  async runId(uuid: string, options: OperationOptions = {}): Promise<number> {
    const { dom } = await this.session.read(`find domain ${uuid}`, "DomainLookupByUUID", { uuid }, options);
    return dom.id;
  }

  /** A domain's state, and libvirt's name of its reason. */
  async state(
    uuid: string,
    options: OperationOptions = {},
  ): Promise<{ state: DomainState; reasonName: string | undefined }> {
    const args = { dom: domainByUuid(uuid), flags: 0 };
    const { state, reason } = await this.session.read(
      `read the state of domain ${uuid}`,
      "DomainGetState",
      args,
      options,
    );
    return domainState(state, reason);
  }
}
