import { cloudConfig } from "./cloud-config.js";
import type { CloudInit } from "./cloud-init.js";
import type { SeedDocument } from "./document.js";
import { isObject, members } from "./json.js";

const CLOUD_CONFIG = "#cloud-config\n";

/** What cloud-init (or cloudbase-init) looks for: a volume's label, and files in it. */
export interface DataSource {
  label: string;
  documents: SeedDocument[];
}

/** @param instanceId - when it changes, the guest takes itself for a new instance: what runs once an instance runs again. */
export function dataSource(
  inputs: CloudInit,
  instance: { id: string; hostname?: string | undefined },
): DataSource {
  return (inputs.datasource ?? "noCloud") === "noCloud"
    ? noCloud(inputs, instance)
    : configDrive(inputs, instance);
}

type Instance = Parameters<typeof dataSource>[1];

function noCloud(inputs: CloudInit, instance: Instance): DataSource {
  const { networkConfig, vendorData } = inputs;
  const metaData = members({
    "instance-id": instance.id,
    "local-hostname": hostname(inputs, instance),
    "public-keys": inputs.sshAuthorizedKeys,
    ...inputs.metaData,
  });
  return {
    label: "cidata",
    documents: [
      { path: "meta-data", content: { kind: "yaml", value: metaData } },
      { path: "user-data", content: userData(inputs) },
      ...(networkConfig === undefined
        ? []
        : [{ path: "network-config", content: textOrYaml(networkConfig, "") }]),
      ...(vendorData === undefined
        ? []
        : [{ path: "vendor-data", content: textOrYaml(vendorData, CLOUD_CONFIG) }]),
    ],
  };
}

/** As OpenStack's; it knows no network configuration of the kind that NoCloud has. */
function configDrive(inputs: CloudInit, instance: Instance): DataSource {
  const { sshAuthorizedKeys, vendorData } = inputs;
  const metaData = members({
    uuid: instance.id,
    hostname: hostname(inputs, instance),
    public_keys:
      sshAuthorizedKeys === undefined
        ? undefined
        : Object.fromEntries(sshAuthorizedKeys.map((key, i) => [`key-${i}`, key])),
    ...inputs.metaData,
  });
  const latest = "openstack/latest";
  return {
    label: "config-2",
    documents: [
      { path: `${latest}/meta_data.json`, content: { kind: "json", value: metaData } },
      { path: `${latest}/user_data`, content: userData(inputs) },
      ...(vendorData === undefined
        ? []
        : [
            {
              path: `${latest}/vendor_data.json`,
              content: { kind: "json" as const, value: { "cloud-init": vendorData } },
            },
          ]),
    ],
  };
}

function hostname({ fqdn, hostname: declared }: CloudInit, instance: Instance): string | undefined {
  return fqdn ?? declared ?? instance.hostname;
}

function userData(inputs: CloudInit): SeedDocument["content"] {
  if (inputs.userData !== undefined) return { kind: "text", text: inputs.userData };
  return { kind: "yaml", header: CLOUD_CONFIG, value: cloudConfig(inputs) };
}

function textOrYaml(value: NonNullable<CloudInit["vendorData"]>, header: string): SeedDocument["content"] {
  return isObject(value) ? { kind: "yaml", header, value } : { kind: "text", text: value as string };
}
