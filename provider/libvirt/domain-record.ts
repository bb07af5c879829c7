import { unlessAbsent } from "./absent.js";
import type { DomainState } from "./domain-state.js";
import { domainState } from "./domain-state.js";
import type { Domain } from "./rpc/index.js";
import { DEADLINES, type OperationOptions, type Session } from "./session.js";

/** A domain as it is on its host. */
export interface DomainRecord {
  readonly name: string;
  readonly uuid: string;
  /** -1 when it is off. */
  readonly id: number;
  readonly state: DomainState;
  /** libvirt's number of the reason for the state. */
  readonly reason: number;
  readonly reasonName?: string | undefined;
  readonly persistent: boolean;
  readonly autostart: boolean;
  readonly hasManagedSave: boolean;
  readonly hasSnapshots: boolean;
  /** The live document with its secrets, which tell whether the guest has those that it should; only while it is active. */
  readonly liveXml?: string | undefined;
  /** The persistent document with its secrets: a definition made from it loses nothing. Only when persistent. */
  readonly persistentXml?: string | undefined;
}

/** How a domain is named. */
export type DomainKey = { readonly uuid: string } | { readonly name: string };

const LIST = { persistent: 4, managedSave: 256, autostart: 1_024, hasSnapshot: 4_096 } as const;
const XML = { secure: 1, inactive: 2 } as const;

// A domain that starts or stops while it is read is read again, but not for ever.
const ATTEMPTS = 3;

interface DomainTraits {
  readonly persistent: boolean;
  readonly autostart: boolean;
  readonly hasManagedSave: boolean;
  readonly hasSnapshots: boolean;
}

// Asked for at the same time as the documents, so that one domain takes two round trips. "persistent" only makes
// sure that the inactive document is read.
const TRAITS_TO_COME: DomainTraits = {
  persistent: true,
  autostart: false,
  hasManagedSave: false,
  hasSnapshots: false,
};

/** Reading all domains takes a while: `onRecord` hears of each as soon as it is read. */
export interface ObserveAllOptions extends OperationOptions {
  readonly onRecord?: ((record: DomainRecord) => void) | undefined;
}

/** Every domain of the host, in two round trips: five filtered lists, then everything else at once. */
export async function observeAllDomains(
  session: Session,
  bounds: ObserveAllOptions,
): Promise<DomainRecord[]> {
  // All calls are made at once: the last waits until thousands of documents have come over a slow line.
  const options = { ...bounds, timeoutMs: bounds.timeoutMs ?? DEADLINES.change };
  const list = async (flags: number) => {
    const { domains } = await session.read(
      "list the domains",
      "ConnectListAllDomains",
      { needResults: 1, flags },
      options,
    );
    return domains;
  };
  const uuids = async (flags: number) => new Set((await list(flags)).map(({ uuid }) => uuid));
  const [domains, persistent, managedSave, autostart, hasSnapshot] = await Promise.all([
    list(0),
    uuids(LIST.persistent),
    uuids(LIST.managedSave),
    uuids(LIST.autostart),
    uuids(LIST.hasSnapshot),
  ]);
  const records = await Promise.all(
    domains.map((domain) =>
      readDomain(session, domain, options, {
        persistent: persistent.has(domain.uuid),
        autostart: autostart.has(domain.uuid),
        hasManagedSave: managedSave.has(domain.uuid),
        hasSnapshots: hasSnapshot.has(domain.uuid),
      }),
    ),
  );
  return records.filter((record) => record !== undefined);
}

/** One domain, in two round trips. Undefined when there is none. */
export async function observeDomain(
  session: Session,
  key: DomainKey,
  options: OperationOptions,
): Promise<DomainRecord | undefined> {
  const lookup = () =>
    "uuid" in key
      ? session.read(`find domain ${key.uuid}`, "DomainLookupByUUID", { uuid: key.uuid }, options)
      : session.read(`find domain ${key.name}`, "DomainLookupByName", { name: key.name }, options);
  return unlessAbsent("domainNotFound", async () => {
    const { dom } = await lookup();
    const operation = `read domain ${dom.name}`;
    const [record, persistent, autostart, managedSave, snapshots] = await Promise.all([
      readDomain(session, dom, options, TRAITS_TO_COME),
      session.read(operation, "DomainIsPersistent", { dom }, options),
      session.read(operation, "DomainGetAutostart", { dom }, options),
      session.read(operation, "DomainHasManagedSaveImage", { dom, flags: 0 }, options),
      session.read(operation, "DomainSnapshotNum", { dom, flags: 0 }, options),
    ]);
    if (record === undefined) return undefined;
    return {
      ...record,
      persistent: persistent.persistent === 1,
      autostart: autostart.autostart === 1,
      hasManagedSave: managedSave.result === 1,
      hasSnapshots: snapshots.num > 0,
      persistentXml: persistent.persistent === 1 ? record.persistentXml : undefined,
    };
  });
}

async function readDomain(
  session: Session,
  domain: Domain,
  options: ObserveAllOptions,
  traits: DomainTraits,
): Promise<DomainRecord | undefined> {
  const operation = `read domain ${domain.name}`;
  const xml = async (dom: Domain, flags: number) =>
    (await session.read(operation, "DomainGetXMLDesc", { dom, flags }, options)).xml;
  return unlessAbsent("domainNotFound", async () => {
    let dom = domain;
    for (let attempt = 1; ; attempt++) {
      const [{ state, reason }, live, persistentXml] = await Promise.all([
        session.read(operation, "DomainGetState", { dom, flags: 0 }, options),
        dom.id === -1 ? undefined : xml(dom, XML.secure),
        traits.persistent ? xml(dom, XML.inactive | XML.secure) : undefined,
      ]);
      const named = domainState(state, reason);
      const active = named.state !== "shutOff";
      // The list, the state and the document are read one after the other: a domain that started or stopped in
      // between gives documents that don't belong together. The live document of an active domain has an id.
      const consistent =
        active === (dom.id !== -1) && (live === undefined || /^<domain [^>]*\bid=/.test(live));
      if (consistent || attempt === ATTEMPTS) {
        const { name, uuid, id } = dom;
        const record = {
          ...{ name, uuid, id: active ? id : -1, ...named, reason, ...traits },
          ...{ liveXml: active ? live : undefined, persistentXml },
        };
        options.onRecord?.(record);
        return record;
      }
      dom = (await session.read(operation, "DomainLookupByUUID", { uuid: dom.uuid }, options)).dom;
    }
  });
}
